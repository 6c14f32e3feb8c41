// Package books is what the sandbox keeps: its bills, their documented flow (create, submit, audit, un-audit, edit,
// void, restore, delete), the history and the truth of each, and the file that holds them over restarts.
//
// Store holds the bills; Clerk does to them what people do in Kingdee. Points in which servers differ are Rules, and
// whoever opens the store says which hold. The package knows no HTTP and none of the vendor's words for a query.
package books

import (
	"maps"
	"slices"
	"time"
)

// Document states (单据状态) of a bill.
const (
	StatusDraft    = "Z" // 暂存
	StatusCreated  = "A" // 创建
	StatusApproval = "B" // 审核中
	StatusAudited  = "C" // 已审核
	StatusReaudit  = "D" // 重新审核, after an un-audit
)

// Void states (作废状态) of a bill.
const (
	NotVoided = "A"
	Voided    = "B"
)

// Close states (关闭状态) of a bill whose form knows them.
const (
	NotClosed = "A"
	Closed    = "B"
)

// Affair types (事务类型) of assembly bills; the spelling of the second is the vendor's.
const (
	Assembly  = "Assembly"
	Dassembly = "Dassembly"
)

// Bill is one bill of a form. Base data (organisation, warehouse, material …) is
// given by number; decimals are plain text such as "52.5"; a zero time is null.
// Fields that its form does not have are left out.
type Bill struct {
	ID int64 `json:"id"`
	// Form is Kingdee's name for the form; a bill made without one is an AssembledApp.
	Form           string    `json:"form"`
	BillNo         string    `json:"bill_no"`
	DocumentStatus string    `json:"document_status"`
	CancelStatus   string    `json:"cancel_status"`
	StockOrg       string    `json:"stock_org,omitempty"`
	Date           time.Time `json:"date,omitzero"`
	BillType       string    `json:"bill_type,omitempty"`
	AffairType     string    `json:"affair_type,omitempty"`
	OwnerType      string    `json:"owner_type,omitempty"`
	Owner          string    `json:"owner,omitempty"`
	SubOwnerType   string    `json:"sub_owner_type,omitempty"`
	SubOwner       string    `json:"sub_owner,omitempty"`
	Fee            string    `json:"fee,omitempty"`
	Dept           string    `json:"dept,omitempty"`
	Note           string    `json:"note,omitempty"`
	CreateDate     time.Time `json:"create_date,omitzero"`
	ModifyDate     time.Time `json:"modify_date,omitzero"`
	ApproveDate    time.Time `json:"approve_date,omitzero"`
	CancelDate     time.Time `json:"cancel_date,omitzero"`
	CloseStatus    string    `json:"close_status,omitempty"`
	CloseDate      time.Time `json:"close_date,omitzero"`
	Lines          []Line    `json:"lines"`
	// Extra are further fields by Kingdee's key: the form's own, base data by number, and those that a tenant added.
	Extra map[string]string `json:"extra,omitempty"`
}

// Line is a line of the form's first entity (FEntity): of an assembly bill, a product line (成品).
type Line struct {
	EntryID     int64             `json:"entry_id"`
	RowType     string            `json:"row_type,omitempty"`
	Fee         string            `json:"fee,omitempty"`
	SrcBillType string            `json:"src_bill_type,omitempty"`
	SrcBillNo   string            `json:"src_bill_no,omitempty"`
	Components  []Component       `json:"components,omitempty"`
	Extra       map[string]string `json:"extra,omitempty"`
	Goods
}

// Component is a component line (子件, sub-entity FSubEntity of its product line).
type Component struct {
	DetailID int64 `json:"detail_id"`
	Goods
}

// Goods is what a product line and a component line say alike.
type Goods struct {
	Material    string    `json:"material"`
	Unit        string    `json:"unit,omitempty"`
	Qty         string    `json:"qty"`
	Stock       string    `json:"stock,omitempty"`
	StockStatus string    `json:"stock_status,omitempty"`
	Description string    `json:"description,omitempty"`
	MTONo       string    `json:"mto_no,omitempty"`
	OwnerType   string    `json:"owner_type,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	KeeperType  string    `json:"keeper_type,omitempty"`
	Keeper      string    `json:"keeper,omitempty"`
	Bom         string    `json:"bom,omitempty"`
	ProduceDate time.Time `json:"produce_date,omitzero"`
	ExpiryDate  time.Time `json:"expiry_date,omitzero"`
	Lot         string    `json:"lot,omitempty"`
}

// Live reports whether the bill is audited and not voided; it may be closed.
func (b Bill) Live() bool {
	return b.DocumentStatus == StatusAudited && b.CancelStatus == NotVoided
}

// Clone copies the bill with everything it refers to.
func (b *Bill) Clone() *Bill {
	c := *b
	c.Lines = cloneLines(b.Lines)
	c.Extra = maps.Clone(b.Extra)
	return &c
}

func cloneLines(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Components = slices.Clone(lines[i].Components)
		lines[i].Extra = maps.Clone(lines[i].Extra)
	}
	return lines
}

// times are all dates of the bill.
func (b *Bill) times() []*time.Time {
	list := []*time.Time{&b.Date, &b.CreateDate, &b.ModifyDate, &b.ApproveDate, &b.CancelDate, &b.CloseDate}
	for i := range b.Lines {
		line := &b.Lines[i]
		list = append(list, &line.ProduceDate, &line.ExpiryDate)
		for j := range line.Components {
			list = append(list, &line.Components[j].ProduceDate, &line.Components[j].ExpiryDate)
		}
	}
	return list
}

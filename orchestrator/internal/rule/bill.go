package rule

import "time"

// Letters of FDocumentStatus 单据状态.
const (
	Draft      = "Z" // 暂存
	Created    = "A" // 创建
	InApproval = "B" // 审核中
	Audited    = "C" // 已审核
	Reaudit    = "D" // 重新审核, after an un-audit
)

// Letters of FCancelStatus 作废状态.
const (
	NotVoided = "A" // 未作废
	Voided    = "B" // 已作废
)

// State is what the light read shows of a bill: enough to see that something changed. A zero time is an unset date.
type State struct {
	ID             int64
	Number         string
	Org            string
	DocumentStatus string
	CancelStatus   string
	Kind           string
	CreateTime     time.Time
	ModifyTime     time.Time
	ApproveTime    time.Time
	CancelTime     time.Time
	// CancelIsDate: CancelTime is the midnight of a date without a time of day.
	CancelIsDate bool
	// Closed: the bill was closed 关闭, not voided, and the scheme counts that as an end. CancelStatus is Voided then and
	// CancelTime is when it was closed, which is unset where nobody knows the key of the close date.
	Closed bool
}

// Live says whether the bill stands: audited and not voided, nothing else.
func (s State) Live() bool { return s.DocumentStatus == Audited && s.CancelStatus == NotVoided }

// WasAudited says whether a bill shows by itself that it was audited once: then it gave rise to its orders.
func (s State) WasAudited() bool {
	return s.DocumentStatus == Audited || s.DocumentStatus == Reaudit || !s.ApproveTime.IsZero()
}

// Voided says whether the bill is 作废, or closed where that counts.
func (s State) Voided() bool { return s.CancelStatus == Voided }

// Same says whether two reads show the same bill unchanged: states, number, organisation, kind and all dates.
func (s State) Same(o State) bool {
	return s.ID == o.ID && s.Number == o.Number && s.Org == o.Org && s.DocumentStatus == o.DocumentStatus &&
		s.CancelStatus == o.CancelStatus && s.Kind == o.Kind && s.CreateTime.Equal(o.CreateTime) &&
		s.ModifyTime.Equal(o.ModifyTime) && s.ApproveTime.Equal(o.ApproveTime) && s.CancelTime.Equal(o.CancelTime) &&
		s.Closed == o.Closed
}

// Bill is a whole bill as mappings see it: in CEL it is the variable bill, with the names in the cel tags. Quantities
// are decimal text; texts of unset fields are empty; unset dates are the zero time.
type Bill struct {
	ID             int64     `cel:"id" json:"id"`
	Number         string    `cel:"number" json:"number"`
	Org            string    `cel:"org" json:"org"`
	DocumentStatus string    `cel:"document_status" json:"document_status"`
	CancelStatus   string    `cel:"cancel_status" json:"cancel_status"`
	Kind           string    `cel:"kind" json:"kind"`
	Date           string    `cel:"date" json:"date"`
	BillType       string    `cel:"bill_type" json:"bill_type"`
	OwnerType      string    `cel:"owner_type" json:"owner_type"`
	Owner          string    `cel:"owner" json:"owner"`
	ComponentOwner string    `cel:"component_owner" json:"component_owner"`
	Department     string    `cel:"department" json:"department"`
	Note           string    `cel:"note" json:"note"`
	CreateTime     time.Time `cel:"create_time" json:"create_time"`
	ModifyTime     time.Time `cel:"modify_time" json:"modify_time"`
	ApproveTime    time.Time `cel:"approve_time" json:"approve_time"`
	CancelTime     time.Time `cel:"cancel_time" json:"cancel_time"`
	CancelIsDate   bool      `cel:"cancel_is_date" json:"cancel_is_date"`
	Closed         bool      `cel:"closed" json:"closed,omitempty"`
	// Lines are those of each entity of the form, by what schemes call it.
	Lines map[string][]Line `cel:"lines" json:"lines"`
	// Fields are what the form has beside these, by its own names (Form.Fields): text as it is, a number as decimal
	// text, a day as YYYY-MM-DD, a moment as RFC 3339 in UTC, a yes or no as true or false. One that is unset is not
	// there; expressions find the empty text.
	Fields map[string]string `cel:"fields" json:"fields,omitempty"`
	// Extra are Kingdee's fields that the scheme lists, by Kingdee's keys.
	Extra map[string]string `cel:"extra" json:"extra,omitempty"`
	// Generation is the life of the bill that this is the content of: in CEL the variable generation. 0 where no life
	// is known; expressions then find the first.
	Generation int `cel:"-" json:"generation,omitempty"`
	// Revision of the scheme that says how the orders of this content are named: that of the day on which it was first
	// seen live. 0 where nobody has stored it. Expressions do not know it.
	Revision int `cel:"-" json:"revision,omitempty"`
}

// Line is one line of a bill. Fields are as those of the bill, by the names in Form.LineFields.
type Line struct {
	ID        int64             `cel:"id" json:"id"`
	Material  string            `cel:"material" json:"material"`
	Barcode   string            `cel:"barcode" json:"barcode,omitempty"`
	Unit      string            `cel:"unit" json:"unit"`
	Quantity  string            `cel:"quantity" json:"quantity"`
	Warehouse string            `cel:"warehouse" json:"warehouse"`
	Lot       string            `cel:"lot" json:"lot,omitempty"`
	Source    string            `cel:"source" json:"source,omitempty"`
	Fields    map[string]string `cel:"fields" json:"fields,omitempty"`
	Extra     map[string]string `cel:"extra" json:"extra,omitempty"`
}

// State is the light view of a whole bill.
func (b Bill) State() State {
	return State{
		ID: b.ID, Number: b.Number, Org: b.Org, DocumentStatus: b.DocumentStatus, CancelStatus: b.CancelStatus,
		Kind: b.Kind, CreateTime: b.CreateTime, ModifyTime: b.ModifyTime, ApproveTime: b.ApproveTime,
		CancelTime: b.CancelTime, CancelIsDate: b.CancelIsDate, Closed: b.Closed,
	}
}

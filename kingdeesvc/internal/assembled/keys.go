package assembled

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// FormID is the form of 组装拆卸单.
const FormID = "STK_AssembledApp"

// Keys that more than one place speaks of.
const (
	keyID             = "FID"
	keyNumber         = "FBillNo"
	keyDocumentStatus = "FDocumentStatus"
	keyCancelStatus   = "FCANCELSTATUS"
	keyAffairType     = "FAffairType"
	keyCreateDate     = "FCreateDate"
	keyModifyDate     = "FModifyDate"
	keyApproveDate    = "FAPPROVEDATE"
	keyCancelDate     = "FCANCELDATE"
	keyEntryID        = "FEntity_FEntryID"
	keyDetailID       = "FSubEntity_FDetailID"
	// keyRowType has one public source only; it is dropped where the server does not know it.
	keyRowType = "FRowType"
)

type (
	bill      = *kingdeev1.AssemblyBill
	product   = *kingdeev1.ProductLine
	component = *kingdeev1.ComponentLine
	state     = *kingdeev1.BillState
)

var documentStatuses = map[string]kingdeev1.DocumentStatus{
	"Z": kingdeev1.DocumentStatus_DOCUMENT_STATUS_DRAFT,
	"A": kingdeev1.DocumentStatus_DOCUMENT_STATUS_CREATED,
	"B": kingdeev1.DocumentStatus_DOCUMENT_STATUS_IN_APPROVAL,
	"C": kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
	"D": kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT,
}

var cancelStatuses = map[string]kingdeev1.CancelStatus{
	"A": kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED,
	"B": kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED,
}

var affairTypes = map[string]kingdeev1.AffairType{
	"assembly":  kingdeev1.AffairType_AFFAIR_TYPE_ASSEMBLY,
	"dassembly": kingdeev1.AffairType_AFFAIR_TYPE_DASSEMBLY,
}

// headColumns are the head's keys. FID and FBillNo stand first, so that a row of the wrong length can still be named.
var headColumns = []column[bill]{
	idColumn(keyID, func(b bill) *int64 { return &b.Id }),
	numberColumn(func(b bill) *string { return &b.Number }),
	codeColumn(keyDocumentStatus, documentStatuses,
		false, func(b bill) *kingdeev1.DocumentStatus { return &b.DocumentStatus }),
	codeColumn(keyCancelStatus, cancelStatuses, false, func(b bill) *kingdeev1.CancelStatus { return &b.CancelStatus }),
	codeColumn(keyAffairType, affairTypes, true, func(b bill) *kingdeev1.AffairType { return &b.AffairType }),
	timeColumn(keyModifyDate, func(b bill) **timestamppb.Timestamp { return &b.ModifyTime }),
	timeColumn(keyCreateDate, func(b bill) **timestamppb.Timestamp { return &b.CreateTime }),
	timeColumn(keyApproveDate, func(b bill) **timestamppb.Timestamp { return &b.ApproveTime }),
	cancelColumn(func(b bill) (**timestamppb.Timestamp, *bool) { return &b.CancelTime, &b.CancelTimeIsDate }),
	textColumn("FStockOrgId.FNumber", func(b bill) *string { return &b.StockOrgNumber }),
	dayColumn("FDate", func(b bill) *string { return &b.Date }),
	textColumn("FBillTypeID", func(b bill) *string { return &b.BillTypeId }),
	textColumn("FOwnerTypeIdHead", func(b bill) *string { return &b.OwnerType }),
	textColumn("FOwnerIdHead.FNumber", func(b bill) *string { return &b.OwnerNumber }),
	decimalColumn("FEE", func(b bill) *string { return &b.Fee }),
	textColumn("FDeptID.FNumber", func(b bill) *string { return &b.DepartmentNumber }),
	textColumn("FNote", func(b bill) *string { return &b.Note }),
	textColumn("FSubProOwnTypeIdH", func(b bill) *string { return &b.ComponentOwnerType }),
	textColumn("FSubProOwnerIdH.FNumber", func(b bill) *string { return &b.ComponentOwnerNumber }),
}

// productColumns are the keys of 成品 (FEntity).
var productColumns = []column[product]{
	idColumn(keyEntryID, func(l product) *int64 { return &l.EntryId }),
	textColumn("FMaterialID.FNumber", func(l product) *string { return &l.MaterialNumber }),
	textColumn("FMaterialID.FBARCODE", func(l product) *string { return &l.MaterialBarcode }),
	textColumn("FUnitID.FNumber", func(l product) *string { return &l.UnitNumber }),
	decimalColumn("FQty", func(l product) *string { return &l.Quantity }),
	decimalColumn("Fee_ETY", func(l product) *string { return &l.Fee }),
	textColumn("FStockID.FNumber", func(l product) *string { return &l.WarehouseNumber }),
	textColumn("FStockStatusID", func(l product) *string { return &l.StockStatusId }),
	textColumn("FDescription", func(l product) *string { return &l.Description }),
	textColumn("FMTONO", func(l product) *string { return &l.MtoNumber }),
	textColumn("FOwnerTypeID", func(l product) *string { return &l.OwnerType }),
	textColumn("FOwnerID.FNumber", func(l product) *string { return &l.OwnerNumber }),
	textColumn("FKeeperTypeID", func(l product) *string { return &l.KeeperType }),
	textColumn("FKeeperID.FNumber", func(l product) *string { return &l.KeeperNumber }),
	textColumn("FBomID", func(l product) *string { return &l.BomId }),
	dayColumn("FProduceDate", func(l product) *string { return &l.ProduceDate }),
	dayColumn("FEXPIRYDATE", func(l product) *string { return &l.ExpiryDate }),
	textColumn("FLOT.FNumber", func(l product) *string { return &l.LotNumber }),
	textColumn("FSrcBillTypeId", func(l product) *string { return &l.SourceBillTypeId }),
	textColumn("FSrcBillNo", func(l product) *string { return &l.SourceBillNumber }),
	textColumn(keyRowType, func(l product) *string { return &l.RowType }),
}

// componentColumns are the keys of 子件 (FSubEntity), whose fields end in SETY.
var componentColumns = []column[component]{
	idColumn(keyDetailID, func(l component) *int64 { return &l.DetailId }),
	idColumn(keyEntryID, func(l component) *int64 { return &l.EntryId }),
	textColumn("FMaterialIDSETY.FNumber", func(l component) *string { return &l.MaterialNumber }),
	textColumn("FUnitIDSETY.FNumber", func(l component) *string { return &l.UnitNumber }),
	decimalColumn("FQtySETY", func(l component) *string { return &l.Quantity }),
	textColumn("FStockIDSETY.FNumber", func(l component) *string { return &l.WarehouseNumber }),
	textColumn("FLOTSETY.FNumber", func(l component) *string { return &l.LotNumber }),
}

// stateColumns are the light read.
var stateColumns = []column[state]{
	idColumn(keyID, func(s state) *int64 { return &s.Id }),
	numberColumn(func(s state) *string { return &s.Number }),
	codeColumn(keyDocumentStatus, documentStatuses,
		false, func(s state) *kingdeev1.DocumentStatus { return &s.DocumentStatus }),
	codeColumn(keyCancelStatus, cancelStatuses,
		false, func(s state) *kingdeev1.CancelStatus { return &s.CancelStatus }),
	codeColumn(keyAffairType, affairTypes, true, func(s state) *kingdeev1.AffairType { return &s.AffairType }),
	timeColumn(keyModifyDate, func(s state) **timestamppb.Timestamp { return &s.ModifyTime }),
	timeColumn(keyCreateDate, func(s state) **timestamppb.Timestamp { return &s.CreateTime }),
	timeColumn(keyApproveDate, func(s state) **timestamppb.Timestamp { return &s.ApproveTime }),
	cancelColumn(func(s state) (**timestamppb.Timestamp, *bool) { return &s.CancelTime, &s.CancelTimeIsDate }),
	textColumn("FStockOrgId.FNumber", func(s state) *string { return &s.StockOrgNumber }),
}

// numberColumn is the number of a bill. One that cannot be asked for, or that was broken on the way, would be looked
// for in vain or belong to no bill.
func numberColumn[T any](field func(T) *string) column[T] {
	return column[T]{keyNumber, func(d *decoder, key string, into T, cell kingdee.Cell) {
		number := d.text(key, cell)
		switch {
		case number == "":
			d.missing(key)
		case strings.ContainsRune(number, utf8.RuneError), strings.ContainsFunc(number, unicode.IsControl):
			d.fail(kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, key,
				"%q holds a control character or a broken one", clip(number))
		}
		*field(into) = number
	}}
}

func cancelColumn[T any](fields func(T) (**timestamppb.Timestamp, *bool)) column[T] {
	return column[T]{keyCancelDate, func(d *decoder, key string, into T, cell kingdee.Cell) {
		if t := d.moment(key, cell); !t.IsZero() {
			moment, isDate := fields(into)
			*moment, *isDate = timestamppb.New(t), midnight(t)
		}
	}}
}

package bills

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
)

type (
	bill   = *kingdeev1.Bill
	line   = *kingdeev1.Line
	state  = *kingdeev1.BillState
	values = map[string]*kingdeev1.Value
)

// slot is a field of the contract that a column may fill: the type that the column must have, and how it is filled.
type slot[T any] struct {
	typ    form.Type
	column func(key string, f form.Form) column[T]
}

func texts[T any](field func(T) *string) slot[T] {
	return slot[T]{form.Text, func(key string, _ form.Form) column[T] { return textColumn(key, field) }}
}

func decimals[T any](field func(T) *string) slot[T] {
	return slot[T]{form.Decimal, func(key string, _ form.Form) column[T] { return decimalColumn(key, field) }}
}

func days[T any](field func(T) *string) slot[T] {
	return slot[T]{form.Day, func(key string, _ form.Form) column[T] { return dayColumn(key, field) }}
}

func ids[T any](field func(T) *int64) slot[T] {
	return slot[T]{form.ID, func(key string, _ form.Form) column[T] { return idColumn(key, field) }}
}

func moments[T any](field func(T) **timestamppb.Timestamp) slot[T] {
	return slot[T]{form.Moment, func(key string, _ form.Form) column[T] { return timeColumn(key, field) }}
}

func billNumbers[T any](field func(T) *string) slot[T] {
	return slot[T]{form.BillNumber, func(key string, _ form.Form) column[T] { return numberColumn(key, field) }}
}

func kinds[T any](field func(T) *string) slot[T] {
	return slot[T]{form.Kind, func(key string, f form.Form) column[T] {
		return codeColumn(key, kindsOf(f), true, field)
	}}
}

func codes[T any, E ~int32](typ form.Type, values map[string]E, field func(T) *E) slot[T] {
	return slot[T]{typ, func(key string, _ form.Form) column[T] { return codeColumn(key, values, false, field) }}
}

func cancels[T any](fields func(T) (**timestamppb.Timestamp, *bool)) slot[T] {
	return slot[T]{form.Moment, func(key string, _ form.Form) column[T] { return cancelColumn(key, fields) }}
}

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

// closeStatuses are those of FCloseStatus, as far as they are an end.
var closeStatuses = map[string]kingdeev1.EndState{
	"A": kingdeev1.EndState_END_STATE_NONE,
	"B": kingdeev1.EndState_END_STATE_CLOSED,
}

// headSlots are the fields of a Bill, by their names.
var headSlots = map[string]slot[bill]{
	nameID:     ids(func(b bill) *int64 { return &b.Id }),
	nameNumber: billNumbers(func(b bill) *string { return &b.Number }),
	nameDocumentStatus: codes(form.DocumentStatus, documentStatuses,
		func(b bill) *kingdeev1.DocumentStatus { return &b.DocumentStatus }),
	nameCancelStatus: codes(form.CancelStatus, cancelStatuses,
		func(b bill) *kingdeev1.CancelStatus { return &b.CancelStatus }),
	nameCloseStatus: codes(form.CloseStatus, closeStatuses,
		func(b bill) *kingdeev1.EndState { return &b.EndState }),
	nameKind:        kinds(func(b bill) *string { return &b.Kind }),
	nameModifyTime:  moments(func(b bill) **timestamppb.Timestamp { return &b.ModifyTime }),
	nameCreateTime:  moments(func(b bill) **timestamppb.Timestamp { return &b.CreateTime }),
	nameApproveTime: moments(func(b bill) **timestamppb.Timestamp { return &b.ApproveTime }),
	nameCancelTime: cancels(func(b bill) (**timestamppb.Timestamp, *bool) {
		return &b.CancelTime, &b.CancelTimeIsDate
	}),
	nameCloseTime: cancels(func(b bill) (**timestamppb.Timestamp, *bool) {
		return &b.CloseTime, &b.CloseTimeIsDate
	}),
	"org_number": texts(func(b bill) *string { return &b.OrgNumber }),

	"date":                   days(func(b bill) *string { return &b.Date }),
	"bill_type_id":           texts(func(b bill) *string { return &b.BillTypeId }),
	"owner_type":             texts(func(b bill) *string { return &b.OwnerType }),
	"owner_number":           texts(func(b bill) *string { return &b.OwnerNumber }),
	"department_number":      texts(func(b bill) *string { return &b.DepartmentNumber }),
	"note":                   texts(func(b bill) *string { return &b.Note }),
	"fee":                    decimals(func(b bill) *string { return &b.Fee }),
	"component_owner_type":   texts(func(b bill) *string { return &b.ComponentOwnerType }),
	"component_owner_number": texts(func(b bill) *string { return &b.ComponentOwnerNumber }),
}

// stateSlots are the fields of a BillState: the light read asks for those columns of the head.
var stateSlots = map[string]slot[state]{
	nameID:     ids(func(s state) *int64 { return &s.Id }),
	nameNumber: billNumbers(func(s state) *string { return &s.Number }),
	nameDocumentStatus: codes(form.DocumentStatus, documentStatuses,
		func(s state) *kingdeev1.DocumentStatus { return &s.DocumentStatus }),
	nameCancelStatus: codes(form.CancelStatus, cancelStatuses,
		func(s state) *kingdeev1.CancelStatus { return &s.CancelStatus }),
	nameCloseStatus: codes(form.CloseStatus, closeStatuses,
		func(s state) *kingdeev1.EndState { return &s.EndState }),
	nameKind:        kinds(func(s state) *string { return &s.Kind }),
	nameModifyTime:  moments(func(s state) **timestamppb.Timestamp { return &s.ModifyTime }),
	nameCreateTime:  moments(func(s state) **timestamppb.Timestamp { return &s.CreateTime }),
	nameApproveTime: moments(func(s state) **timestamppb.Timestamp { return &s.ApproveTime }),
	nameCancelTime: cancels(func(s state) (**timestamppb.Timestamp, *bool) {
		return &s.CancelTime, &s.CancelTimeIsDate
	}),
	nameCloseTime: cancels(func(s state) (**timestamppb.Timestamp, *bool) {
		return &s.CloseTime, &s.CloseTimeIsDate
	}),
	"org_number": texts(func(s state) *string { return &s.OrgNumber }),
}

// lineSlots are the fields of a Line.
var lineSlots = map[string]slot[line]{
	nameID:                ids(func(l line) *int64 { return &l.Id }),
	nameParentID:          ids(func(l line) *int64 { return &l.ParentId }),
	"material_number":     texts(func(l line) *string { return &l.MaterialNumber }),
	"material_barcode":    texts(func(l line) *string { return &l.MaterialBarcode }),
	"unit_number":         texts(func(l line) *string { return &l.UnitNumber }),
	"quantity":            decimals(func(l line) *string { return &l.Quantity }),
	"warehouse_number":    texts(func(l line) *string { return &l.WarehouseNumber }),
	"lot_number":          texts(func(l line) *string { return &l.LotNumber }),
	"fee":                 decimals(func(l line) *string { return &l.Fee }),
	"row_type":            texts(func(l line) *string { return &l.RowType }),
	"stock_status_id":     texts(func(l line) *string { return &l.StockStatusId }),
	"description":         texts(func(l line) *string { return &l.Description }),
	"mto_number":          texts(func(l line) *string { return &l.MtoNumber }),
	"owner_type":          texts(func(l line) *string { return &l.OwnerType }),
	"owner_number":        texts(func(l line) *string { return &l.OwnerNumber }),
	"keeper_type":         texts(func(l line) *string { return &l.KeeperType }),
	"keeper_number":       texts(func(l line) *string { return &l.KeeperNumber }),
	"bom_id":              texts(func(l line) *string { return &l.BomId }),
	"produce_date":        days(func(l line) *string { return &l.ProduceDate }),
	"expiry_date":         days(func(l line) *string { return &l.ExpiryDate }),
	"source_bill_type_id": texts(func(l line) *string { return &l.SourceBillTypeId }),
	"source_bill_number":  texts(func(l line) *string { return &l.SourceBillNumber }),
}

package intake

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// StateOf turns kingdeesvc's light view of a bill of the form into the rules' words; false when it carries a state that
// this program does not know.
func StateOf(f rule.Form, s *kingdeev1.BillState) (rule.State, bool) {
	kind, known := f.Kind(s.GetKind())
	state := rule.State{
		ID: s.GetId(), Number: s.GetNumber(), Org: s.GetOrgNumber(),
		DocumentStatus: documentStatuses[s.GetDocumentStatus()],
		CancelStatus:   cancelStatuses[s.GetCancelStatus()], Kind: kind,
		CreateTime: TimeOf(s.GetCreateTime()),
		ModifyTime: TimeOf(s.GetModifyTime()), ApproveTime: TimeOf(s.GetApproveTime()),
		CancelTime:   TimeOf(s.GetCancelTime()),
		CancelIsDate: s.GetCancelTimeIsDate(),
	}
	if state.Closed = closed(f, s.GetEndState(), state.CancelStatus); state.Closed {
		state.CancelStatus = rule.Voided
		state.CancelTime, state.CancelIsDate = TimeOf(s.GetCloseTime()), s.GetCloseTimeIsDate()
	}
	return state, known && told(state)
}

// closed says whether the bill was closed, which is a void in every rule: of a form whose bills may be closed, and only
// where kingdeesvc was told that it counts. A bill that was voided, too, is voided.
func closed(f rule.Form, end kingdeev1.EndState, cancelStatus string) bool {
	return f.Closes && end == kingdeev1.EndState_END_STATE_CLOSED && cancelStatus == rule.NotVoided
}

// told says whether everything is there that a decision needs.
func told(s rule.State) bool {
	return s.ID > 0 && s.Number != "" && s.DocumentStatus != "" && s.CancelStatus != ""
}

// billOf turns a whole bill of the form into the rules' words; false as for StateOf.
func billOf(f rule.Form, b *kingdeev1.Bill) (rule.Bill, bool) {
	kind, known := f.Kind(b.GetKind())
	bill := rule.Bill{
		ID: b.GetId(), Number: b.GetNumber(), Org: b.GetOrgNumber(),
		DocumentStatus: documentStatuses[b.GetDocumentStatus()],
		CancelStatus:   cancelStatuses[b.GetCancelStatus()], Kind: kind,
		Date: b.GetDate(), BillType: b.GetBillTypeId(),
		OwnerType: b.GetOwnerType(), Owner: b.GetOwnerNumber(), ComponentOwner: b.GetComponentOwnerNumber(),
		Department: b.GetDepartmentNumber(), Note: b.GetNote(), CreateTime: TimeOf(b.GetCreateTime()),
		ModifyTime:  TimeOf(b.GetModifyTime()),
		ApproveTime: TimeOf(b.GetApproveTime()), CancelTime: TimeOf(b.GetCancelTime()),
		CancelIsDate: b.GetCancelTimeIsDate(), Lines: map[string][]rule.Line{},
		Fields: fieldsOf(b.GetFields()), Extra: b.GetExtra(),
	}
	if bill.Closed = closed(f, b.GetEndState(), bill.CancelStatus); bill.Closed {
		bill.CancelStatus = rule.Voided
		bill.CancelTime, bill.CancelIsDate = TimeOf(b.GetCloseTime()), b.GetCloseTimeIsDate()
	}
	for _, entity := range f.Lines {
		bill.Lines[string(entity.Source)] = linesOf(b, entity.Entity)
	}
	return bill, known && told(bill.State())
}

// furtherEntities are those that orders may be made of beside the first, which is read with every bill.
func furtherEntities(f rule.Form) []string {
	var names []string
	for i, entity := range f.Lines {
		if i > 0 {
			names = append(names, entity.Entity)
		}
	}
	return names
}

// linesOf are the lines of one of Kingdee's entities.
func linesOf(b *kingdeev1.Bill, name string) []rule.Line {
	lines := []rule.Line{}
	for _, entity := range b.GetEntities() {
		if entity.GetName() != name {
			continue
		}
		for _, l := range entity.GetLines() {
			lines = append(lines, rule.Line{
				ID: l.GetId(), Material: l.GetMaterialNumber(), Barcode: l.GetMaterialBarcode(),
				Unit: l.GetUnitNumber(), Quantity: l.GetQuantity(), Warehouse: l.GetWarehouseNumber(),
				Lot:    l.GetLotNumber(),
				Source: l.GetSourceBillNumber(), Fields: fieldsOf(l.GetFields()), Extra: l.GetExtra(),
			})
		}
	}
	return lines
}

// fieldsOf are the values that lie beside the named fields, as texts; nil where there is none. rule.Bill says how each
// type is written.
func fieldsOf(values map[string]*kingdeev1.Value) map[string]string {
	if len(values) == 0 {
		return nil
	}
	texts := make(map[string]string, len(values))
	for name, value := range values {
		switch v := value.GetKind().(type) {
		case *kingdeev1.Value_Text:
			texts[name] = v.Text
		case *kingdeev1.Value_Number:
			texts[name] = v.Number
		case *kingdeev1.Value_Date:
			texts[name] = v.Date
		case *kingdeev1.Value_Boolean:
			texts[name] = strconv.FormatBool(v.Boolean)
		case *kingdeev1.Value_Time:
			texts[name] = v.Time.AsTime().Format(time.RFC3339Nano)
		}
	}
	return texts
}

// A value that this program does not know, maybe of a later contract, is the empty text.
var (
	documentStatuses = map[kingdeev1.DocumentStatus]string{
		kingdeev1.DocumentStatus_DOCUMENT_STATUS_DRAFT:       rule.Draft,
		kingdeev1.DocumentStatus_DOCUMENT_STATUS_CREATED:     rule.Created,
		kingdeev1.DocumentStatus_DOCUMENT_STATUS_IN_APPROVAL: rule.InApproval,
		kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED:     rule.Audited,
		kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT:     rule.Reaudit,
	}
	cancelStatuses = map[kingdeev1.CancelStatus]string{
		kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED: rule.NotVoided,
		kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED:     rule.Voided,
	}
)

// TimeOf is a moment of a message; the zero time where there is none.
func TimeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

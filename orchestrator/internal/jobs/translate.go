package jobs

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// stateOf turns kingdeesvc's light view into the rules' words.
func stateOf(s *kingdeev1.BillState) rule.State {
	return rule.State{
		ID: s.GetId(), Number: s.GetNumber(), Org: s.GetStockOrgNumber(), DocumentStatus: documentStatus(s.GetDocumentStatus()),
		CancelStatus: cancelStatus(s.GetCancelStatus()), Affair: affair(s.GetAffairType()), CreateTime: timeOf(s.GetCreateTime()),
		ModifyTime: timeOf(s.GetModifyTime()), ApproveTime: timeOf(s.GetApproveTime()), CancelTime: timeOf(s.GetCancelTime()),
		CancelIsDate: s.GetCancelTimeIsDate(),
	}
}

// billOf turns a whole bill into the rules' words.
func billOf(b *kingdeev1.AssemblyBill) rule.Bill {
	bill := rule.Bill{
		ID: b.GetId(), Number: b.GetNumber(), Org: b.GetStockOrgNumber(), DocumentStatus: documentStatus(b.GetDocumentStatus()),
		CancelStatus: cancelStatus(b.GetCancelStatus()), Affair: affair(b.GetAffairType()), Date: b.GetDate(), BillType: b.GetBillTypeId(),
		OwnerType: b.GetOwnerType(), Owner: b.GetOwnerNumber(), ComponentOwner: b.GetComponentOwnerNumber(),
		Department: b.GetDepartmentNumber(), Note: b.GetNote(), CreateTime: timeOf(b.GetCreateTime()), ModifyTime: timeOf(b.GetModifyTime()),
		ApproveTime: timeOf(b.GetApproveTime()), CancelTime: timeOf(b.GetCancelTime()), CancelIsDate: b.GetCancelTimeIsDate(), Extra: b.GetExtra(),
	}
	for _, l := range b.GetProductLines() {
		bill.Products = append(bill.Products, rule.Line{
			ID: l.GetEntryId(), Material: l.GetMaterialNumber(), Barcode: l.GetMaterialBarcode(), Unit: l.GetUnitNumber(),
			Quantity: l.GetQuantity(), Warehouse: l.GetWarehouseNumber(), Lot: l.GetLotNumber(), Source: l.GetSourceBillNumber(), Extra: l.GetExtra(),
		})
	}
	for _, l := range b.GetComponentLines() {
		bill.Components = append(bill.Components, rule.Line{
			ID: l.GetDetailId(), Material: l.GetMaterialNumber(), Unit: l.GetUnitNumber(), Quantity: l.GetQuantity(),
			Warehouse: l.GetWarehouseNumber(), Lot: l.GetLotNumber(),
		})
	}
	return bill
}

// kingdeesvc never delivers a bill with an unknown state, so the empty text stands for none here.
func documentStatus(s kingdeev1.DocumentStatus) string {
	return [...]string{"", rule.Draft, rule.Created, rule.InApproval, rule.Audited, rule.Reaudit}[s]
}

func cancelStatus(s kingdeev1.CancelStatus) string {
	return [...]string{"", rule.NotVoided, rule.Voided}[s]
}

func affair(a kingdeev1.AffairType) string {
	return [...]string{"", rule.Assembly, rule.Dassembly}[a]
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// Package sample is the data set that the sandbox comes with: a merchant's last weeks, and a day to be played on them.
//
// It makes its bills by way of package books, so that what it shows is what the flow allows, and it is the same for the
// same seed. It knows neither the vendor's API nor the control API.
package sample

import (
	"context"
	"fmt"
	"slices"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// Step is one thing that happens on the sample day.
type Step struct {
	N      int            `json:"n"` // from 1
	BillNo string         `json:"bill_no"`
	Do     []books.Action `json:"do"` // carried out in this order
	// AfterRun asks for a reader's complete run between the step before and this
	// one: without it the two may be seen together.
	AfterRun bool `json:"after_run,omitempty"`
	// New is the bill that ActionCreate makes, Edit what ActionEdit changes.
	New  *books.Bill `json:"new,omitempty"`
	Edit books.Edit  `json:"edit,omitzero"`
	// Remark and RemarkZH say what people do, and what ought to come of it.
	Remark   string `json:"remark"`
	RemarkZH string `json:"remark_zh"`
}

// cast are the bills of the seed that the sample day is about.
func cast() []member {
	return []member{
		{151, books.Assembly, "100", []string{"CK001"}, []string{"CK003"}, lifeLive, 6, "端午礼盒首批"},
		{152, books.Assembly, "100", []string{"CK001", "CK002"}, []string{"CK003", "CK003"}, lifeLive, 6, "两仓同时备货"},
		{
			153, books.Dassembly, "200", []string{"CK004", "CK004"}, []string{"CK004", "CK005"}, lifeLive,
			5, "拆套退回，子件分仓入库",
		},
		{154, books.Assembly, "100", []string{"CK002"}, []string{"CK003"}, lifeLive, 5, "义乌仓备货"},
		{155, books.Assembly, "100", []string{"CK001"}, []string{"CK003"}, lifeLive, 4, ""},
		{156, books.Assembly, "100", []string{"CK002"}, []string{"CK003"}, lifeCreated, 2, "录错，未审核"},
		{157, books.Assembly, "100", []string{"CK005"}, []string{"CK003"}, lifeVoidedDraft, 4, "上周作废的草稿"},
		{158, books.Dassembly, "100", []string{"CK001"}, []string{"CK003"}, lifeLive, 3, ""},
		{159, books.Assembly, "200", []string{"CK004"}, []string{"CK005"}, lifeCreated, 2, ""},
		{160, books.Assembly, "100", []string{"CK003"}, []string{"CK003"}, lifeVoided, 4, "接口启用前已作废"},
		{
			161, books.Assembly, "200", []string{"CK004", "CK004", "CK005"}, []string{"CK004", "CK005", "CK005"},
			lifeReaudited, 5, "三行两仓，更正后重审",
		},
		{162, books.Assembly, "100", []string{"CK001"}, []string{"CK003"}, lifeUnaudited, 3, "反审核待修改"},
	}
}

// Day is a day at the merchant of the seed, to be played in order by Play on
// a sandbox that has the seed's bills.
func Day() []Step {
	approve := []books.Action{books.ActionSubmit, books.ActionAudit}
	cancel := []books.Action{books.ActionUnaudit, books.ActionVoid}
	note := "数量已更正"
	steps := []Step{
		{
			BillNo: billNumber(151), Do: cancel,
			Remark: "un-audited and voided: its one order is cancelled", RemarkZH: "反审核后作废，取消一张入库单",
		},
		{
			BillNo: billNumber(152), Do: cancel,
			Remark: "two warehouses: two orders are cancelled", RemarkZH: "两个仓库，取消两张入库单",
		},
		{
			BillNo: billNumber(153), Do: cancel,
			Remark: "a dassembly: its components were to come in, into two warehouses", RemarkZH: "拆卸单作废，子件分两仓入库，均取消",
		},
		{BillNo: billNumber(154), Do: []books.Action{books.ActionUnaudit}, Remark: "un-audited for a correction: " +
			"nothing is cancelled yet", RemarkZH: "反审核待修改，暂不取消"},
		{
			BillNo: billNumber(154), Do: []books.Action{books.ActionEdit, books.ActionVoid},
			AfterRun: true, Edit: books.Edit{Stock: "CK005"},
			Remark:   "warehouse changed, then voided: the order is in the former warehouse CK002",
			RemarkZH: "改仓为CK005后作废，应取消原仓CK002的单",
		},
		{
			BillNo: billNumber(155),
			Do:     []books.Action{books.ActionUnaudit, books.ActionEdit, books.ActionSubmit, books.ActionAudit},
			Edit:   books.Edit{Note: &note},
			Remark: "corrected and audited again: live, nothing is cancelled", RemarkZH: "更正后重新审核，仍有效，不取消",
		},
		{BillNo: billNumber(156), Do: []books.Action{books.ActionVoid}, Remark: "voided before it was ever audited: " +
			"the WMS never had it", RemarkZH: "未审核即作废，仓库从无此单"},
		{
			BillNo: billNumber(157), Do: []books.Action{books.ActionRestore, books.ActionSubmit, books.ActionAudit},
			Remark: "an old void is taken back and the bill audited: live", RemarkZH: "旧作废单反作废并审核，恢复有效",
		},
		{
			BillNo: billNumber(157), Do: cancel, AfterRun: true,
			Remark: "and voided once more: cancelled", RemarkZH: "再次作废，取消",
		},
		{
			BillNo: billNumber(firstFresh), Do: append([]books.Action{books.ActionCreate}, approve...),
			New:    sampleBill(firstFresh, books.Assembly, "CK003"),
			Remark: "a new bill is made and audited", RemarkZH: "新单审核",
		},
		{
			BillNo: billNumber(firstFresh), Do: cancel, AfterRun: true,
			Remark: "and voided the same day: cancelled", RemarkZH: "当日作废，取消",
		},
		{
			BillNo: billNumber(firstFresh + 1), Do: slices.Concat([]books.Action{books.ActionCreate}, approve, cancel),
			New:    sampleBill(firstFresh+1, books.Dassembly, "CK002"),
			Remark: "made, audited and voided within moments: cancelled all the same", RemarkZH: "新建、审核、作废一气呵成，仍须取消",
		},
		{BillNo: billNumber(159), Do: []books.Action{books.ActionDelete}, Remark: "deleted before it was audited: " +
			"its number is free", RemarkZH: "未审核即删除，单号释放"},
		{
			BillNo: billNumber(159), Do: append([]books.Action{books.ActionCreate}, approve...),
			New: sampleBill(159, books.Assembly, "CK001"), AfterRun: true,
			Remark:   "another bill takes the number and is audited: live, nothing is cancelled",
			RemarkZH: "新单沿用旧单号并审核，有效，不取消",
		},
		{BillNo: billNumber(158), Do: cancel, Remark: "voided: cancelled", RemarkZH: "作废，取消"},
		{
			BillNo: billNumber(158), Do: []books.Action{books.ActionRestore}, AfterRun: true,
			Remark: "the void is taken back: the cancel at the WMS cannot be", RemarkZH: "反作废，但仓库取消不可撤回",
		},
		{
			BillNo: billNumber(161), Do: cancel,
			Remark: "three lines, two warehouses: two orders are cancelled", RemarkZH: "三行两仓，取消两张入库单",
		},
	}
	// The warehouse is faster than the office at the last step, which stays the last.
	last := len(steps) - 1
	steps = slices.Concat(steps[:last], returnDay(), steps[last:])
	for i := range steps {
		steps[i].N = i + 1
	}
	return steps
}

// sampleBill is a new bill with one line into (Assembly) or out of stock; its
// components are in CK003 or, for a Dassembly, in stock as well.
func sampleBill(number int, affair, stock string) *books.Bill {
	line := books.Line{Goods: books.OrdinaryGoods("CP.TZ.011", "20", stock, "100")}
	componentStock := "CK003"
	if affair == books.Dassembly {
		componentStock = stock
	}
	line.Components = []books.Component{
		{Goods: books.OrdinaryGoods("WL.SP.105", "120", componentStock, "100")},
		{Goods: books.OrdinaryGoods("WL.BC.201", "20", componentStock, "100")},
	}
	return &books.Bill{
		BillNo: billNumber(number), AffairType: affair, StockOrg: "100", Note: "当日新单", Lines: []books.Line{line},
		OwnerType: "BD_OwnerOrg", Owner: "100", SubOwnerType: "BD_OwnerOrg", SubOwner: "100",
	}
}

// Play has a clerk carry one step out and returns the bill as it is then. It stops at the first action that is
// refused, which is what a step played twice comes to.
func Play(ctx context.Context, clerk *books.Clerk, step Step) (books.Bill, error) {
	var last books.Bill
	for _, a := range step.Do {
		var err error
		if a == books.ActionCreate && step.New != nil {
			last, err = clerk.CreateWith(ctx, *step.New, step.RemarkZH)
		} else {
			last, err = clerk.Do(ctx, step.BillNo, a, step.Edit, step.RemarkZH)
		}
		if err != nil {
			return last, fmt.Errorf("sample day, step %d: %w", step.N, err)
		}
	}
	return last, nil
}

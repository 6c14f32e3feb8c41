package sample

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// Suppliers of the merchant. What goes back to the second, its own lorry fetches: no warehouse order is made of it.
const (
	supplier        = "VEN00010"
	supplierFetches = "VEN00020"
)

// returnMember is a request to return goods (退料申请单) of the cast.
type returnMember struct {
	number   int
	supplier string
	stocks   []string // one line each; an empty one names no warehouse
	life     life
	daysAgo  int
	note     string
}

// returnCast are the requests to return goods of the seed; the sample day is about those from 151 on.
func returnCast() []returnMember {
	return []returnMember{
		{101, supplier, []string{"CK001"}, lifeLive, 20, ""},
		{102, supplier, []string{"CK003"}, lifeVoided, 14, "供应商不收"},
		{103, supplierFetches, []string{"CK003"}, lifeLive, 9, "供应商自提"},
		{104, supplier, []string{"CK002"}, lifeCreated, 3, ""},
		{151, supplier, []string{"CK001"}, lifeLive, 5, "包装破损退供应商"},
		{152, supplier, []string{"CK002", "CK003"}, lifeLive, 5, "两仓同时退"},
		{153, supplierFetches, []string{"CK001"}, lifeLive, 4, "供应商自提"},
		{154, supplier, []string{"", ""}, lifeLive, 4, "检验不合格，未入库"},
		{155, supplier, []string{"CK001"}, lifeLive, 3, ""},
		{156, supplier, []string{"CK005"}, lifeLive, 3, "批次退回"},
		{157, supplier, []string{"CK003", ""}, lifeLive, 3, "一行已入库，一行未入库"},
	}
}

// seedReturns makes the requests to return goods. Their chance is their own, so that they change no assembly bill.
func (g *generator) seedReturns(seed uint64) error {
	own := &generator{store: g.store, now: g.now, rng: rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // sample data
	for _, m := range returnCast() {
		b := returnBill(m.number, m.supplier, m.note, m.stocks...)
		for i := range b.Lines {
			b.Lines[i].Qty = fmt.Sprint(5 * (1 + own.rng.IntN(8)))
		}
		if err := own.live(b, m.life, own.morning(m.daysAgo), books.Edit{}); err != nil {
			return err
		}
	}
	return nil
}

// returnDay is what happens to requests to return goods on the sample day.
func returnDay() []Step {
	cancel := []books.Action{books.ActionUnaudit, books.ActionVoid}
	return []Step{
		{
			BillNo: returnNumber(151), Do: cancel, AfterRun: true,
			Remark: "a return is voided: its outbound order is cancelled", RemarkZH: "退料申请作废，取消一张退货出库单",
		},
		{
			BillNo: returnNumber(152), Do: []books.Action{books.ActionUnaudit},
			Remark:   "un-audited and not audited again: its two orders are cancelled after a while",
			RemarkZH: "反审核后未再审核，过一段时间取消两仓的单",
		},
		{
			BillNo: returnNumber(153), Do: cancel,
			Remark:   "voided, but the supplier fetches the goods: the scheme's selector does not take it",
			RemarkZH: "供应商自提的退料作废，方案条件未选中，不取消",
		},
		{
			BillNo: returnNumber(154), Do: cancel,
			Remark:   "voided; no line names a warehouse: the WMS never had it",
			RemarkZH: "明细没有仓库的退料作废，仓库从无此单",
		},
		{
			BillNo: returnNumber(157), Do: cancel,
			Remark:   "voided; one line names a warehouse and one none: cancelled, and a person looks after the rest",
			RemarkZH: "一行有仓库一行没有：有的取消，没有的交人工",
		},
		{
			BillNo: returnNumber(firstFresh), AfterRun: true, Do: slices.Concat(
				[]books.Action{books.ActionCreate, books.ActionSubmit, books.ActionAudit}, cancel),
			New:    returnBill(firstFresh, supplier, "当日退料", "CK002"),
			Remark: "made, audited and voided within moments: cancelled", RemarkZH: "退料新建、审核、作废一气呵成，仍须取消",
		},
		{
			BillNo: returnNumber(155), Do: []books.Action{books.ActionUnaudit, books.ActionSubmit, books.ActionAudit},
			AfterRun: true,
			Remark:   "un-audited and audited again: live, nothing is cancelled", RemarkZH: "反审核后即重新审核，仍有效，不取消",
		},
		{
			BillNo: returnNumber(156), Do: []books.Action{books.ActionClose},
			Remark:   "closed: the scheme does not count that as an end, nothing is cancelled",
			RemarkZH: "关闭；方案未把关闭当作作废，不取消",
		},
	}
}

// returnBill is a request to return one line of goods from each stock.
func returnBill(number int, supplier, note string, stocks ...string) *books.Bill {
	b := &books.Bill{
		Form: books.ReturnApp, BillNo: returnNumber(number), StockOrg: "100", Dept: "BM000001", Note: note,
		Extra: map[string]string{
			"FSUPPLIERID": supplier, "FPURCHASEORGID": "100", "FRMLOC": "B", "FRMMODE": "B", "FREPLENISHMODE": "A",
		},
	}
	for _, stock := range stocks {
		b.Lines = append(b.Lines, books.Line{
			Goods:   books.Goods{Material: "WL.BC.201", Unit: "Pcs", Qty: "10", Stock: stock},
			RowType: "Standard", SrcBillNo: "CGRK000088", Extra: map[string]string{"FMRQTY": "0"},
		})
	}
	return b
}

func returnNumber(n int) string { return fmt.Sprintf("TLSQ%06d", n) }

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// printBills prints what became of bills, a row for each order.
func (sh *shell) printBills(ctx context.Context, s *stage, client *install.Client, numbers []string) error {
	t := sh.newTable("单据 bill", "结论 verdict", "种类 kind", "仓库单 order", "答复 disposition", "次数 attempts", "时间 time")
	for _, number := range numbers {
		answer, err := client.Bills.GetBill(ctx, &orchestratorv1.GetBillRequest{BillNo: number})
		if status.Code(err) == codes.NotFound {
			t.row(number, "未见此单", "-", "-", "-", "-", "-")
			t.remark(status.Convert(err).Message()) // that may be no fact, while reading stands still
			continue
		}
		if err != nil {
			return err
		}
		for _, bill := range answer.GetBills() {
			sh.addBill(t, bill, voidedAt(s.vendors.Kingdee, bill.GetBillId(), number))
		}
	}
	fmt.Fprintln(sh.out)
	t.print(sh.out)
	return nil
}

// addBill adds a bill's rows: a row for each order, then why, then what a person has to do. Times are given with the
// seconds since the void where that is known.
func (sh *shell) addBill(t *table, bill *orchestratorv1.Bill, voided time.Time) {
	number, verdict := bill.GetBillNo(), bill.GetVerdictText()
	cancellations := slices.Clone(bill.GetCancellations())
	slices.SortFunc(cancellations,
		func(a, b *orchestratorv1.Cancellation) int { return int(a.GetCancellationId() - b.GetCancellationId()) })
	for _, c := range cancellations {
		t.row(number, verdict, c.GetOrderKind(), named(order(c), c.GetWarehouseName()), sh.words(disposition(c)),
			strconv.Itoa(int(c.GetAttempts())), took(c, voided))
		number, verdict = "", ""
		if who := markedDone(bill, c); who != "" {
			t.remark(sh.words("人工标记为已取消 marked done by a person") + ": " + who)
		}
	}
	if len(cancellations) == 0 {
		t.row(number, verdict, "-", "-", "-", "-", "-")
	}
	t.remark(bill.GetReason())
	for _, item := range bill.GetWorkItems() {
		if item.GetCloseTime() == nil {
			t.remark("待办 to do: " + item.GetAction())
		}
	}
}

// markedDone is who said that an order is cancelled, and why; empty where nobody did, or the history is not there.
func markedDone(bill *orchestratorv1.Bill, c *orchestratorv1.Cancellation) string {
	if c.GetOutcome() != "marked_done" {
		return ""
	}
	for _, h := range slices.Backward(bill.GetHistory()) {
		if h.GetEvent() == "operator_action" && h.GetCancellationId() == c.GetCancellationId() {
			return h.GetDetail() + "  " + moment(h.GetEventTime().AsTime())
		}
	}
	return ""
}

func disposition(c *orchestratorv1.Cancellation) string {
	if c.GetOutcome() == "nothing_to_cancel" {
		return "追问：没有可取消的 asked again, nothing to cancel"
	}
	if d := c.GetDisposition(); d != "" {
		return d
	}
	return stateWords(c.GetState())
}

// took is when a cancellation ended, or last changed, and how long after the void.
func took(c *orchestratorv1.Cancellation, voided time.Time) string {
	at := c.GetOutcomeTime().AsTime()
	if c.GetOutcomeTime() == nil {
		at = c.GetUpdateTime().AsTime()
	}
	text := clock(at)
	if after := at.Sub(voided); !voided.IsZero() && after > 0 && after < time.Hour {
		text += fmt.Sprintf(" (+%.2fs)", after.Seconds())
	}
	return text
}

// voidedAt is when the sandbox last voided the bill; zero if it did not.
func voidedAt(k *kingdee.Server, id int64, number string) time.Time {
	for _, bill := range k.BillHistory(number) {
		if bill.BillID != id {
			continue
		}
		for _, e := range slices.Backward(bill.Events) {
			if e.Action == books.ActionVoid {
				return e.At
			}
		}
	}
	return time.Time{}
}

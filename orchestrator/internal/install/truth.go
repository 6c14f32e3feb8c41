package install

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// stale is how old the last look at a bill may be when its request takes effect: verify_after at most, and the exchange
// itself.
const stale = 90 * time.Second

// checkWarehouse is in the harmless request with which wmssvc tries an account; no such order exists.
const checkWarehouse = "VOIDRELAY-CHECK"

// Comparison is what came of holding the ledger against both sandboxes' truths.
type Comparison struct {
	// Voided bills whose orders the warehouse had and that were voided since the ledger began, and UnAudited ones whose
	// scheme acts on that; Orders that a cancel arrived for; Effects of these that really cancelled; Cancellations in
	// the ledger.
	Voided, UnAudited, Orders, Effects, Cancellations int
	// Disagreements, each a sentence; empty when all agree.
	Disagreements []string
}

func (c *Comparison) disagree(format string, args ...any) {
	c.Disagreements = append(c.Disagreements, fmt.Sprintf(format, args...))
}

// Compare holds the ledger against what really happened, when nothing is due any more:
//
//   - every bill that was voided, or un-audited where the scheme of its form acts on that, has a cancellation for each
//     warehouse of its last audit, and each of these has ended or waits for a person;
//   - every order that the ledger calls cancelled is cancelled in the WMS, by one request and no more;
//   - every request that reached the WMS belongs to an attempt in the ledger;
//   - every cancel that took effect did so while the bill was voided or un-audited so, and no other live bill had its
//     number;
//   - a live bill has no cancelled order, unless a work item tells a person so.
func Compare(ctx context.Context, vendors *Vendors, client *Client) (Comparison, error) {
	l, err := readLedger(ctx, client)
	if err != nil {
		return Comparison{}, err
	}
	var c Comparison
	c.Cancellations = l.count
	truth := vendors.Kingdee.Truth()
	bills := make(map[string][]books.BillTruth)
	for _, bill := range truth.Bills {
		bills[bill.BillNo] = append(bills[bill.BillNo], bill)
		c.bill(bill, l, vendors.orders)
	}
	for order := range vendors.WMS.EachTruth(warehouse.Filter{}) {
		if order.WarehouseCode == checkWarehouse {
			continue
		}
		c.order(order, l, bills[order.OrderCode])
	}
	for key, cancellations := range l.cancellations {
		if cancellations.done == 0 {
			continue
		}
		if t, err := vendors.WMS.Truth(key); err != nil || t.Order == nil {
			c.disagree("%s: the ledger says cancelled, the WMS never had such an order", key)
		}
	}
	slices.Sort(c.Disagreements)
	return c, nil
}

// bill looks from Kingdee's side.
func (c *Comparison) bill(bill books.BillTruth, l *kept, orders *orders) {
	ended, count, at := "voided", &c.Voided, bill.VoidedAt
	if !bill.Voided {
		ended, count, at = "un-audited", &c.UnAudited, unAuditedAt(bill)
	}
	if bill.EverAudited && !bill.Deleted && !at.IsZero() && !at.Before(l.since) {
		had := 0
		for _, order := range lastOrders(bill) {
			if _, ok := orders.watched(order); !ok {
				continue
			}
			had = 1
			if !l.ended[ledgerOrder{bill.BillID, order.Stock}] {
				c.disagree("bill %s is %s, and its order in %s is neither cancelled nor in a person's hands",
					bill.BillNo, ended, order.Stock)
			}
		}
		*count += had
	}
	if bill.Live && l.doneOf[bill.BillID] > 0 && !l.restored[bill.BillID] {
		c.disagree("bill %s is live, its order was cancelled, and no work item says so", bill.BillNo)
	}
}

// order looks from the WMS's side.
func (c *Comparison) order(t warehouse.Truth, l *kept, bills []books.BillTruth) {
	key := t.Key
	cancellations := l.cancellations[key]
	if cancellations.done > 0 && t.Order != nil && t.Order.State != warehouse.StateCancelled {
		c.disagree("%s: the ledger says cancelled, in the WMS it is %s", key, t.Order.State)
	}
	if t.Requests == 0 {
		return
	}
	c.Orders++
	c.Effects += t.Effects
	if t.Requests > cancellations.attempts {
		c.disagree("%s: %d requests reached the WMS, the ledger knows of %d", key, t.Requests, cancellations.attempts)
	}
	if t.Effects > 1 {
		c.disagree("%s: cancelled %d times", key, t.Effects)
	}
	for _, arrival := range t.Arrivals {
		if !arrival.TookEffect {
			continue
		}
		at := arrival.At
		if arrival.EffectAt != nil {
			at = *arrival.EffectAt
		}
		if !slices.ContainsFunc(bills, func(b books.BillTruth) bool { return endedAround(b, at) }) {
			c.disagree("%s: cancelled at %s, when no bill of that number was voided", key, at.Format(time.TimeOnly))
		}
		if slices.ContainsFunc(bills, func(b books.BillTruth) bool { return liveThrough(b, at) }) {
			c.disagree("%s: cancelled at %s, when another, live bill had that number", key, at.Format(time.TimeOnly))
		}
	}
}

// unAuditedAt is when a bill was un-audited that is so still, and whose scheme acts on that: zero for any other. The
// shipped scheme for requests to return goods does.
func unAuditedAt(bill books.BillTruth) time.Time {
	if bill.Form != books.ReturnApp || bill.DocumentStatus != books.StatusReaudit || bill.Voided {
		return time.Time{}
	}
	for _, e := range slices.Backward(bill.Events) {
		if e.Action == books.ActionUnaudit {
			return e.At
		}
	}
	return time.Time{}
}

// endedAround says whether the bill was voided at the time or shortly before, or un-audited where that counts.
func endedAround(bill books.BillTruth, at time.Time) bool {
	ended := false
	for _, e := range bill.Events {
		if e.At.After(at) {
			break
		}
		if ended && e.At.After(at.Add(-stale)) {
			return true // it was, when this event ended it
		}
		unAudited := bill.Form == books.ReturnApp && e.DocumentStatus == books.StatusReaudit
		ended = (e.CancelStatus == books.Voided || unAudited) && e.Action != books.ActionDelete
	}
	return ended
}

// liveThrough says whether the bill was live at the time and for as long before as a look at it may be old.
func liveThrough(bill books.BillTruth, at time.Time) bool {
	var live bool
	var since time.Time
	for _, e := range bill.Events {
		if e.At.After(at) {
			break
		}
		live = e.DocumentStatus == books.StatusAudited && e.CancelStatus == books.NotVoided &&
			e.Action != books.ActionDelete
		since = e.At
	}
	return live && since.Before(at.Add(-stale))
}

// lastOrders are the orders of the last audit: what the warehouse orders were made from.
func lastOrders(bill books.BillTruth) []books.Order {
	for _, e := range slices.Backward(bill.Events) {
		if e.Action == books.ActionAudit {
			return e.Orders
		}
	}
	return nil
}

// kept is what the orchestrator says, arranged for comparing.
type kept struct {
	since         time.Time
	count         int
	cancellations map[warehouse.Key]cancellations
	ended         map[ledgerOrder]bool
	doneOf        map[int64]int
	restored      map[int64]bool
}

type cancellations struct{ done, attempts int }

type ledgerOrder struct {
	bill      int64
	warehouse string
}

func readLedger(ctx context.Context, client *Client) (*kept, error) {
	l := &kept{
		cancellations: map[warehouse.Key]cancellations{}, ended: map[ledgerOrder]bool{},
		doneOf: map[int64]int{}, restored: map[int64]bool{},
	}
	schemes, err := client.AllSchemes(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range schemes {
		if from := s.GetEffectiveFrom().AsTime(); from.After(l.since) {
			l.since = from
		}
	}
	all, err := client.AllCancellations(ctx)
	if err != nil {
		return nil, err
	}
	l.count = len(all)
	for _, c := range all {
		key := warehouse.Key{
			SID: wms.DemoSID, WarehouseCode: c.GetWarehouseCode(),
			OrderCode: c.GetOrderCode(), OrderType: c.GetOrderType(),
		}
		d := l.cancellations[key]
		d.attempts += int(c.GetAttempts())
		switch c.GetState() {
		case orchestratorv1.CancellationState_CANCELLATION_STATE_DONE:
			d.done++
			l.doneOf[c.GetBillId()]++
			fallthrough
		case orchestratorv1.CancellationState_CANCELLATION_STATE_NEEDS_ATTENTION,
			orchestratorv1.CancellationState_CANCELLATION_STATE_HELD,
			orchestratorv1.CancellationState_CANCELLATION_STATE_CLOSED:
			if kind := c.GetOrderKind(); strings.HasSuffix(kind, ".in") || kind == books.Outbound {
				l.ended[ledgerOrder{c.GetBillId(), c.GetWarehouseNumber()}] = true
			}
		}
		l.cancellations[key] = d
	}
	items, err := client.AllWorkItems(ctx)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.GetKind() == "restored_after_cancel" {
			l.restored[item.GetBillId()] = true
		}
	}
	return l, nil
}

package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// lateRequest is how long after a bill became live a request may still come: its bill was looked at before. For another
// bill with the same order it is longer by a run, which may have read that one first.
const (
	lateRequest = time.Minute
	aRun        = time.Minute
)

// owedRow is one cancellation, as the ledger has it in the end.
type owedRow struct {
	CancellationID  int64
	BillID          int64
	BillNo          string
	Generation      int
	WarehouseNumber string
	State           string
	Outcome         string
	HoldReason      string
	Evidence        string
	Landed          bool
	Work            []string
	Restored        bool
	// Answered is when the WMS said that the order is cancelled.
	Answered time.Time
}

// check is what must be true in the end, told as to somebody in the warehouse. It knows what happened to the bills,
// what the warehouse was asked for, and what the ledger says; it knows nothing of how that came about.
//
//  1. Nothing is left lying: no cancellation is still planned or to be sent. One that waits for a person says why.
//  2. For each order of the last life of a bill that is voided (or un-audited, or deleted, where the scheme says so)
//     the warehouse was asked after that life ended, or a person was told.
//  3. The warehouse was never asked while the bill, or another with its order, had been live for longer than a minute
//     or two; nor for a bill that was never audited; nor for an order that no life of the bill had made.
//  4. A bill that is live owes nothing. If something may have been cancelled for it, a person was told.
//  5. What was answered is not asked again, and no cancellation ends two orders.
//  6. What runs of every kind read adds up, every backfill ends, and the ledger has every bill as it is.
func (l *lives) check() error {
	cancellations, err := l.owed()
	if err != nil {
		return err
	}
	var faults []error
	for _, check := range []func([]owedRow) error{
		l.checkRest, l.checkBills, l.checkNumbers, l.checkLive, l.checkOnce, l.checkRunCounts, l.checkKnown,
	} {
		faults = append(faults, check(cancellations))
	}
	return errors.Join(faults...)
}

func (l *lives) owed() ([]owedRow, error) {
	rows, err := l.Pool.Query(l.Context(), `
select c.cancellation_id, c.bill_id, c.bill_no, c.generation, c.warehouse_number, c.state, c.outcome, c.hold_reason,
       c.evidence,
       c.state = 'done' or exists (select from attempt a where a.cancellation_id = c.cancellation_id
           and a.disposition in ('', 'cancelled', 'already_cancelled', 'in_progress', 'unknown')) as landed,
       array(select kind from work_item w where w.cancellation_id = c.cancellation_id and w.close_time is null) as work,
       exists (select from work_item w
           where w.cancellation_id = c.cancellation_id and w.kind = 'restored_after_cancel') as restored,
       case when c.state = 'done' and not c.inferred then c.outcome_time end as answered
from cancellation_now c order by c.cancellation_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[owedRow])
}

// 1: nothing is left lying.
func (l *lives) checkRest(cancellations []owedRow) error {
	for _, d := range cancellations {
		switch {
		case d.State == "planned" || d.State == "open":
			return fmt.Errorf("cancellation %d of bill %d is still %s: %s", d.CancellationID, d.BillID, d.State,
				l.Text(fmt.Sprintf(`
select to_jsonb(c)::text || (select to_jsonb(b)::text from bill b where b.bill_id = c.bill_id)
from cancellation_now c where cancellation_id = %d`, d.CancellationID)))
		case d.State == "needs_attention" && len(d.Work) == 0, d.State == "held" && d.HoldReason == "":
			return fmt.Errorf("cancellation %d of bill %d is %s, and nobody is told",
				d.CancellationID, d.BillID, d.State)
		}
	}
	return nil
}

// 2 and 3: every bill by itself.
func (l *lives) checkBills(cancellations []owedRow) error {
	seen, err := l.lastSeenLive()
	if err != nil {
		return err
	}
	for _, b := range l.kingdee.bills {
		if n := len(b.Lives); n > 0 {
			life := &b.Lives[n-1]
			at := seen[b.Bill.ID]
			life.Seen = !at.Before(life.Begin) && (life.End.IsZero() || at.Before(life.End))
		}
		var requests []ruletest.Request
		for _, r := range l.wms.requests {
			if d := cancellations[slices.IndexFunc(cancellations,
				func(d owedRow) bool { return d.CancellationID == r.cancellation })]; d.BillID == b.Bill.ID {
				requests = append(requests, ruletest.Request{
					Warehouse: r.warehouse, At: r.at, Guessed: d.Evidence != string(rule.EvidenceSnapshot),
				})
			}
		}
		told, err := l.told(b, cancellations)
		if err != nil {
			return err
		}
		if err := b.Check(l.watched, requests, told, lateRequest); err != nil {
			return fmt.Errorf("bill %d: %w\nlives %+v\ncancellations %+v",
				b.Bill.ID, err, b.Lives, cancellationsOf(cancellations, b.Bill.ID))
		}
	}
	return nil
}

func cancellationsOf(cancellations []owedRow, bill int64) []owedRow {
	return slices.DeleteFunc(slices.Clone(cancellations), func(d owedRow) bool { return d.BillID != bill })
}

// lastSeenLive is when each bill was last read live, by its newest snapshot.
func (l *lives) lastSeenLive() (map[int64]time.Time, error) {
	rows, err := l.Pool.Query(l.Context(), `select bill_id, max(read_time) from bill_snapshot group by 1`)
	if err != nil {
		return nil, err
	}
	seen := map[int64]time.Time{}
	var id int64
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		seen[id] = at
		return nil
	})
	return seen, err
}

// told are the warehouses whose order is a person's matter by now, or another bill's.
func (l *lives) told(b *ruletest.Kingdee, cancellations []owedRow) ([]string, error) {
	rows, err := l.Pool.Query(l.Context(),
		`select subject from work_item where kind = 'order_vanished' and bill_id = $1`, b.Bill.ID)
	if err != nil {
		return nil, err
	}
	told, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, d := range cancellationsOf(cancellations, b.Bill.ID) {
		if d.State == "held" || d.State == "needs_attention" ||
			d.State == "withdrawn" && d.Outcome == string(rule.OrderClaimed) && l.kingdee.taken(b) {
			told = append(told, d.WarehouseNumber)
		}
	}
	return told, err
}

// 3: the order of a live bill is not asked for, whoever carried its number before. One of the number in another
// warehouse is another order, which nobody claims.
func (l *lives) checkNumbers([]owedRow) error {
	for _, r := range l.wms.requests {
		for _, b := range l.kingdee.bills {
			if b.Bill.Number == r.number && b.LiveIn(r.warehouse, r.at) > lateRequest+aRun {
				return fmt.Errorf("%s in %s was asked for at %s, when bill %d with that order had been live for %s",
					r.number, r.warehouse, r.at, b.Bill.ID, b.LiveIn(r.warehouse, r.at))
			}
		}
	}
	return nil
}

func (l *lives) takesAgain() bool { return strings.Contains(l.triggers, "number_reuse: same") }

// 4: a live bill owes nothing, and hears of what was cancelled, unless its order was made anew since.
func (l *lives) checkLive(cancellations []owedRow) error {
	for _, b := range l.kingdee.bills {
		if b.Gone || !b.Bill.State().Live() {
			continue
		}
		for _, d := range cancellationsOf(cancellations, b.Bill.ID) {
			switch {
			case d.State == "held" || d.State == "needs_attention":
				return fmt.Errorf("bill %d is live and cancellation %d is %s", b.Bill.ID, d.CancellationID, d.State)
			case l.takesAgain() && !d.Answered.IsZero() && b.Bill.ApproveTime.After(d.Answered):
				// Its order was made anew, and the scheme says that the WMS takes it.
			case d.Landed && !d.Restored:
				return fmt.Errorf(
					"bill %d is live, its order in %s may be cancelled (cancellation %d), and nobody was told",
					b.Bill.ID, d.WarehouseNumber, d.CancellationID,
				)
			}
		}
	}
	return nil
}

// 5: an answer is the end.
func (l *lives) checkOnce([]owedRow) error {
	answered, ended := map[int64]bool{}, map[int64]int{}
	for _, r := range l.wms.requests {
		if answered[r.cancellation] {
			return fmt.Errorf("cancellation %d was asked for again after it was answered", r.cancellation)
		}
		if l.stored.landed[asking{r.cancellation, r.attempt}] && (r.told == wmsv1.Disposition_DISPOSITION_CANCELLED ||
			r.told == wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED) {
			answered[r.cancellation] = true
		}
		if r.cancelled {
			if ended[r.cancellation]++; ended[r.cancellation] > 1 {
				return fmt.Errorf("cancellation %d ended two orders", r.cancellation)
			}
		}
	}
	return nil
}

// 6: what was read adds up.
func (l *lives) checkRunCounts([]owedRow) error {
	rows, err := l.Pool.Query(l.Context(), `
select concat_ws(' ', kind, run_id, state, error), run_counts from run`)
	if err != nil {
		return err
	}
	if left := l.backfills(`state not in ('complete', 'planned')`); len(left) > 0 {
		return fmt.Errorf("backfills %v never end", left)
	}
	var name string
	var text []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &text}, func() error {
		var runCounts rule.RunCounts
		if err := json.Unmarshal(text, &runCounts); err != nil {
			return err
		}
		if err := runCounts.Check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	return err
}

// 6: the ledger has every bill as it is.
func (l *lives) checkKnown(cancellations []owedRow) error {
	rows, err := l.Pool.Query(l.Context(), `select bill_id, class from bill`)
	if err != nil {
		return err
	}
	known := map[int64]string{}
	var id int64
	var class string
	if _, err := pgx.ForEachRow(rows, []any{&id, &class}, func() error {
		known[id] = class
		return nil
	}); err != nil {
		return err
	}
	for _, b := range l.kingdee.bills {
		class, state := known[b.Bill.ID], b.Bill.State()
		switch {
		case b.Gone:
			// One that was not live owes nothing for being deleted, and nobody proves that it is.
			if class == "live" {
				return fmt.Errorf("bill %d is deleted, the ledger says %s", b.Bill.ID, class)
			}
		case state.Live() != (class == "live"):
			return fmt.Errorf("bill %d is %s/%s, the ledger says %q",
				b.Bill.ID, state.DocumentStatus, state.CancelStatus, class)
		case state.Voided() && !slices.Contains([]string{"voided", "never_audited", "before_cutover", ""}, class):
			return fmt.Errorf("bill %d is voided, the ledger says %q", b.Bill.ID, class)
		case state.Voided() && class == "voided" && len(cancellationsOf(cancellations, b.Bill.ID)) == 0:
			return fmt.Errorf("bill %d is voided, and the ledger owes nothing", b.Bill.ID)
		}
	}
	return nil
}

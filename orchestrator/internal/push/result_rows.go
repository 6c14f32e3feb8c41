package push

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// StoreResults writes a group of results in one transaction. Each goes to its own attempt; it changes the cancellation
// only if that attempt is the current one, except that a late "cancelled" closes one that is still open. A group that
// Postgres refuses is halved until the bad result stands alone; bad is called for that one, and the rest is stored.
func (s *Rows) StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error {
	if len(results) == 0 {
		return nil
	}
	err := ledger.InKeyedTx(ctx, s.pool, func(tx pgx.Tx) error {
		return WriteResults(ctx, tx, results)
	})
	switch {
	case err == nil:
		return nil
	case !ledger.RefusesData(err):
		return fmt.Errorf("store results: %w", err)
	case len(results) == 1:
		bad(results[0], err)
		return nil
	}
	half := len(results) / 2
	if err := s.StoreResults(ctx, results[:half], bad); err != nil {
		return err
	}
	return s.StoreResults(ctx, results[half:], bad)
}

// WriteResults stores a group. As a rule each result is its attempt's first, and decides over a cancellation that is
// open: that is one statement. What is otherwise about the rest is found out with their rows locked.
func WriteResults(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	// In order of their keys, as others lock them.
	results = slices.SortedFunc(slices.Values(results), func(a, b ledger.Result) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Attempt, b.Attempt))
	})
	if err := noteTexts(ctx, tx, results); err != nil {
		return fmt.Errorf("answer texts: %w", err)
	}
	if err := doubtRepeats(ctx, tx, results); err != nil {
		return fmt.Errorf("repeated cancels: %w", err)
	}
	decided, work, err := ledger.WriteAnswers(ctx, tx, results)
	if err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	rest := slices.DeleteFunc(slices.Clone(results), func(r ledger.Result) bool {
		return decided[ledger.AttemptKey{ID: r.ID, Attempt: r.Attempt}]
	})
	late := map[int64]bool{}
	if len(rest) > 0 {
		moved, err := ledger.MoveCancellations(ctx, tx, rest)
		if err != nil {
			return fmt.Errorf("cancellations: %w", err)
		}
		maps.Copy(decided, moved)
		if late, err = closeLate(ctx, tx, rest); err != nil {
			return fmt.Errorf("late results: %w", err)
		}
		if err := ledger.CloseUnsent(ctx, tx, neverLeft(rest)); err != nil {
			return fmt.Errorf("unsent results: %w", err)
		}
	}
	if err := countMapping(ctx, tx, results); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	if err := countElsewhere(ctx, tx, results); err != nil {
		return fmt.Errorf("first answers: %w", err)
	}
	if err := tellInferred(ctx, tx, results); err != nil {
		return fmt.Errorf("inferred: %w", err)
	}
	wanted := slices.ContainsFunc(results, func(r ledger.Result) bool { return r.Next.Work != "" })
	if !work && !wanted && len(rest) == 0 {
		return nil
	}
	return resultWork(ctx, tx, results, decided, late)
}

// neverLeft are the cancellations of results that vouch that nothing left.
func neverLeft(results []ledger.Result) []int64 {
	var ids []int64
	for _, r := range results {
		if unsent(r.Answer.Disposition) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// closeLate lets a late "cancelled" end what has not ended. For a bill that is live again that is a person's matter. It
// answers what it ended.
func closeLate(ctx context.Context, tx pgx.Tx, results []ledger.Result) (map[int64]bool, error) {
	found, err := ledger.FinishLate(ctx, tx, results)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	late := make(map[int64]bool, len(found))
	for _, id := range found {
		late[id] = true
	}
	return late, ledger.OpenFound(ctx, tx, `
select `+ledger.AboutCancellation+`, c.order_code as detail`+ledger.DoneAndLive,
		pgx.StrictNamedArgs{"ids": found, "kind": string(rule.WorkRestored)})
}

// resultWork opens the work items that the answers ask for, and closes those that they settle. An answer that decided
// nothing asks for nothing; one that came late settles only what it ended.
func resultWork(
	ctx context.Context, tx pgx.Tx, results []ledger.Result, decided map[ledger.AttemptKey]bool, late map[int64]bool,
) error {
	var open []ledger.WorkItem
	var settled []int64
	texts := map[int64]ledger.WorkItem{}
	for _, r := range results {
		current := decided[ledger.AttemptKey{ID: r.ID, Attempt: r.Attempt}]
		switch ended := r.Next.State == rule.Done || r.Next.State == rule.Closed; {
		case ended && (current || late[r.ID]):
			settled = append(settled, r.ID)
		case !current || r.Next.Work == "":
		case r.Next.AwaitsText:
			texts[r.TextID] = textItem(r.Scheme, r.TextID, r.VendorFlag, r.VendorMessage, r.Text)
		default:
			open = append(open, ledger.WorkItem{Scheme: r.Scheme, Work: ledger.Work{
				Kind: r.Next.Work, BillID: r.BillID, BillNo: r.BillNo,
				CancellationID: r.ID, Subject: r.Next.Work.SubjectOf(r.VendorMessage),
				Detail: ledger.FirstText(r.VendorMessage, r.Detail),
			}})
		}
	}
	if err := openTexts(ctx, tx, texts); err != nil {
		return err
	}
	if err := ofPresentBills(ctx, tx, open); err != nil {
		return err
	}
	if _, err := ledger.OpenItems(ctx, tx, open); err != nil || len(settled) == 0 {
		return err
	}
	if err := ledger.CloseCancellationWork(ctx, tx, settled, "settled by the WMS"); err != nil {
		return err
	}
	return ledger.CloseRestored(ctx, tx, settled)
}

// ofPresentBills makes work items about cancellations, whose rows are locked or settled in this transaction, items of
// the bills that these have by now: while a request was on its way the id of its bill may have become another bill's.
func ofPresentBills(ctx context.Context, tx pgx.Tx, open []ledger.WorkItem) error {
	if len(open) == 0 {
		return nil
	}
	ids := make([]int64, len(open))
	for i, w := range open {
		ids[i] = w.CancellationID
	}
	rows, err := tx.Query(ctx, `select cancellation_id, bill_id from cancellation where cancellation_id = any($1)`, ids)
	if err != nil {
		return err
	}
	bills := map[int64]int64{}
	var id, bill int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &bill}, func() error {
		bills[id] = bill
		return nil
	}); err != nil {
		return err
	}
	for i := range open {
		open[i].BillID = cmp.Or(bills[open[i].CancellationID], open[i].BillID)
	}
	return nil
}

// tellInferred opens one work item for a scheme of which more than rule.ManyInferred cancellations were done within an
// hour by inference, counted anew after a person has closed one.
func tellInferred(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	schemes := map[string]bool{}
	for _, r := range results {
		if r.Next.Inferred {
			schemes[r.Scheme] = true
		}
	}
	for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
		item := ledger.WorkItem{Scheme: scheme, Work: ledger.Work{Kind: rule.WorkManyInferred}}
		var count int
		if err := tx.QueryRow(ctx, `
select count(*),
       count(*) || ': ' || coalesce(array_to_string((array_agg(c.bill_no order by e.outcome_time))[1:10], ', '), '')
from outcome e join cancellation c using (cancellation_id)
where e.scheme = $1 and e.inferred and e.revoke_time is null
  and e.outcome_time > greatest(now() - interval '1 hour', (
      select max(w.close_time) from work_item w where w.scheme = $1 and w.kind = $2))`,
			scheme, string(rule.WorkManyInferred)).Scan(&count, &item.Detail); err != nil {
			return err
		}
		if count <= rule.ManyInferred {
			continue
		}
		if _, err := ledger.OpenItems(ctx, tx, []ledger.WorkItem{item}); err != nil {
			return err
		}
		if err := ledger.RewriteItem(ctx, tx, item); err != nil {
			return err
		}
	}
	return nil
}

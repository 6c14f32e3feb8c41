package push

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// countElsewhere counts what first attempts tell of another system that cancels the same orders. An order that was
// cancelled for us in an earlier generation tells nothing.
func countElsewhere(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	schemes := map[string][]bool{}
	var already []ledger.Result
	for _, r := range results {
		tells, found := rule.TellsOfOthers(r.Answer.Disposition)
		switch {
		case r.Attempt != 1 || r.Question || !tells:
		case found:
			already = append(already, r)
		default:
			schemes[r.Scheme] = append(schemes[r.Scheme], false)
		}
	}
	others, err := cancelledByOthers(ctx, tx, already)
	if err != nil {
		return err
	}
	for _, r := range already {
		if others[r.ID] {
			schemes[r.Scheme] = append(schemes[r.Scheme], true)
		}
	}
	for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
		if err := countFirst(ctx, tx, scheme, schemes[scheme]); err != nil {
			return err
		}
	}
	return nil
}

// cancelledByOthers answers those of these results' cancellations whose order was not cancelled in an earlier
// generation.
func cancelledByOthers(ctx context.Context, tx pgx.Tx, results []ledger.Result) (map[int64]bool, error) {
	if len(results) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(results))
	for i, r := range results {
		ids[i] = r.ID
	}
	rows, err := tx.Query(ctx, `
select c.cancellation_id
from cancellation c
where c.cancellation_id = any($1) and not exists (
    select from cancellation o join outcome e using (cancellation_id)
    where o.scheme = c.scheme and o.bill_id = c.bill_id and o.order_id = c.order_id
      and o.cancellation_id <> c.cancellation_id and e.state = 'done')`, ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	others := make(map[int64]bool, len(found))
	for _, id := range found {
		others[id] = true
	}
	return others, err
}

// cancelledBefore answers those of these cancellations whose order was cancelled in an earlier generation of their
// bill.
func cancelledBefore(ctx context.Context, tx pgx.Tx, ids []int64) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, `select c.cancellation_id from cancellation c
where c.cancellation_id = any($1) and `+ledger.CancelledBefore, ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	before := make(map[int64]bool, len(found))
	for _, id := range found {
		before[id] = true
	}
	return before, err
}

// doubtRepeats decides anew what the WMS says is cancelled already where that may be the order of an earlier
// generation: it was cancelled then, the bill was seen live since, and the scheme does not say that the WMS takes the
// number again.
func doubtRepeats(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	var ids []int64
	for _, r := range results {
		if doubtful(r) {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	before, err := cancelledBefore(ctx, tx, ids)
	for i, r := range results {
		if err == nil && doubtful(r) && before[r.ID] {
			r.Next, r.CancelledBefore = rule.Next{}, true
			results[i] = decide(r)
		}
	}
	return err
}

func doubtful(r ledger.Result) bool {
	return r.Answer.Disposition == rule.AlreadyCancelled && r.Evidence == rule.EvidenceSnapshot &&
		r.Timing.NumberReuse != rule.NumberSame
}

// countFirst counts answers to first attempts of a scheme. As a rule nobody else had cancelled, nor for those before
// them: then nothing is written and nothing locked.
func countFirst(ctx context.Context, tx pgx.Tx, scheme string, answers []bool) error {
	var f rule.FirstAnswers
	if !slices.Contains(answers, true) {
		err := tx.QueryRow(ctx, `select answers, already from first_answers where scheme = $1`, scheme).
			Scan(&f.Count, &f.Already)
		if err == nil && f.Certain() {
			return nil
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
	}
	// Locked by being written: two orchestrators count one after the other.
	if err := tx.QueryRow(ctx, `
insert into first_answers as f (scheme) values ($1)
on conflict (scheme) do update set answers = f.answers
returning answers, already`, scheme).Scan(&f.Count, &f.Already); err != nil {
		return err
	}
	elsewhere, already := false, 0
	for _, a := range answers {
		f = f.After(a)
		elsewhere = elsewhere || f.Elsewhere()
		if a {
			already++
		}
	}
	if _, err := tx.Exec(ctx, `update first_answers set answers = $2, already = $3 where scheme = $1`,
		scheme, f.Count, f.Already); err != nil || !elsewhere || already == 0 {
		return err
	}
	_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
		Kind: rule.ConditionCancelledElsewhere, Scheme: scheme,
		Detail: fmt.Sprintf("%d/%d", f.AlreadyCount(), f.Count),
	})
	return err
}

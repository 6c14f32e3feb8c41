package store

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

// StoreResults writes a group of results in one transaction. Each goes to its own attempt; it changes the cancellation only if
// that attempt is the current one, except that a late "cancelled" closes one that is still open. A group that Postgres refuses
// is halved until the bad result stands alone; bad is called for that one, and the rest is stored.
func (s *Store) StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error {
	if len(results) == 0 {
		return nil
	}
	answered := s.answered.due(results)
	err := s.inKeyedTx(ctx, func(tx pgx.Tx) error {
		if err := writeAnswered(ctx, tx, answered); err != nil {
			return err
		}
		return writeResults(ctx, tx, results)
	})
	switch {
	case err == nil:
		return nil
	case !refused(err):
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

// writeResults stores a group. As a rule each result is its attempt's first, and decides over a cancellation that is open: that is one
// statement. What is otherwise about the rest is found out with their rows locked.
func writeResults(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	// In order of their keys, as others lock them.
	results = slices.SortedFunc(slices.Values(results), func(a, b ledger.Result) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Attempt, b.Attempt))
	})
	decided, work, err := writeAnswers(ctx, tx, columnsOf(results))
	if err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	rest := columnsOf(slices.DeleteFunc(slices.Clone(results), func(r ledger.Result) bool { return decided[attemptKey{r.ID, r.Attempt}] }))
	late := map[int64]bool{}
	if len(rest.ids) > 0 {
		moved, err := moveCancellations(ctx, tx, rest)
		if err != nil {
			return fmt.Errorf("cancellations: %w", err)
		}
		maps.Copy(decided, moved)
		if late, err = closeLate(ctx, tx, rest); err != nil {
			return fmt.Errorf("late results: %w", err)
		}
	}
	if err := countMapping(ctx, tx, results); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	wanted := slices.ContainsFunc(results, func(r ledger.Result) bool { return r.Next.Work != "" })
	if !work && !wanted && len(rest.ids) == 0 {
		return nil
	}
	return resultWork(ctx, tx, results, decided, late)
}

// attemptKey names one attempt.
type attemptKey struct {
	id      int64
	attempt int
}

// answers are a group of results as rows r.
const answers = `
with r as (
    select * from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[], @recognised::boolean[], @statuses::integer[], @flags::text[],
        @codes::text[], @messages::text[], @details::text[], @dictionaries::text[], @send_times::timestamptz[], @reply_times::timestamptz[],
        @requests::bytea[], @replies::bytea[], @states::text[], @outcomes::text[], @inferred::boolean[], @waits::interval[], @same::text[],
        @same_counts::integer[], @same_since::timestamptz[], @changes::integer[], @unsent_since::timestamptz[], @unsent_for::interval[],
        @landed::boolean[], @lost::boolean[], @verify::boolean[])
      as r (id, attempt, disposition, recognised, http_status, flag, code, message, detail, dictionary, send_time, reply_time, request, reply,
        state, outcome, inferred, wait, same_disposition, same_count, same_since, answer_changes, unsent_since, unsent_for, landed, lost, verify)
)`

// moveByAnswer is what the current attempt's answer r makes of a cancellation c; was.open says whether it decides over it. An "unknown" counts
// only while the lease stands: it must not undo an answer that came after all.
const (
	moveByAnswer = `
update cancellation c
set state = case when was.open then r.state else c.state end,
    outcome = case when was.open then r.outcome else c.outcome end,
    inferred = case when was.open then r.inferred else c.inferred end,
    outcome_time = case when not was.open then c.outcome_time when r.state in ('done', 'closed') then now() end,
    due_time = case when was.open then now() + r.wait else c.due_time end,
    lease_until = null, batch_until = null, disposition = r.disposition, vendor_message = r.message,
    same_disposition = r.same_disposition, same_count = r.same_count, same_since = r.same_since, answer_changes = r.answer_changes,
    unsent_since = r.unsent_since, unsent_time = case when r.unsent_since is not null then now() end, unsent_for = r.unsent_for,
    verified_time = case when was.open and r.verify then 'epoch' else c.verified_time end,
    maybe_landed = c.maybe_landed or r.landed, answer_lost = c.answer_lost or r.lost, update_time = now()`
	isCurrent = `c.cancellation_id = r.id and c.attempt = r.attempt and (r.disposition <> 'unknown' or c.lease_until is not null)`
)

// writeAnswers fills each attempt's own row, and keeps what was sent and received with it. Only "unknown" may be replaced by
// what became known later; a result that is written twice leaves its evidence once. It lets the current attempt's result decide over
// a cancellation that is open, and answers the attempts that did, and whether there is open work about any of these bills or about the scheme
// as a whole.
//
// The state is compared with a parameter so that the index of all open cancellations is no way to find the rows.
func writeAnswers(ctx context.Context, tx pgx.Tx, c columns) (decided map[attemptKey]bool, work bool, err error) {
	args := c.args()
	args["open"] = "open"
	rows, err := tx.Query(ctx, answers+`, written as (
    update attempt a
    set result_time = now(), disposition = r.disposition, recognised = r.recognised, http_status = r.http_status, vendor_flag = r.flag,
        vendor_code = r.code, vendor_message = r.message, detail = r.detail, dictionary = r.dictionary, send_time = r.send_time, reply_time = r.reply_time
    from r
    where a.cancellation_id = r.id and a.attempt = r.attempt and a.disposition in ('', 'unknown')
    returning r.id, r.attempt, r.request, r.reply
), kept as (
    insert into attempt_evidence (cancellation_id, attempt, request, reply)
    select id, attempt, request, reply from written where length(request) > 0 or length(reply) > 0
), moved as (`+moveByAnswer+`
    from r cross join (select true as open) as was
    where `+isCurrent+` and c.state = @open
    returning c.cancellation_id, c.attempt, c.scheme, c.bill_id
)
select m.cancellation_id, m.attempt,
       exists (select from work_item w where w.scheme = m.scheme and w.bill_id in (m.bill_id, 0) and w.close_time is null) as work
from moved m`, args)
	if err != nil {
		return nil, false, err
	}
	decided = make(map[attemptKey]bool, len(c.ids))
	var key attemptKey
	var open bool
	_, err = pgx.ForEachRow(rows, []any{&key.id, &key.attempt, &open}, func() error {
		decided[key] = true
		work = work || open
		return nil
	})
	return decided, work, err
}

// moveCancellations is the part of writeAnswers that is about cancellations, for those that were not found open then: the current attempt's
// result ends its lease all the same, and decides should the cancellation be open by now. It answers the attempts that decided.
func moveCancellations(ctx context.Context, tx pgx.Tx, rest columns) (map[attemptKey]bool, error) {
	rows, err := tx.Query(ctx, answers+`, was as (
    select c.cancellation_id, c.state = 'open' as open
    from r join cancellation c on `+isCurrent+`
    order by c.cancellation_id
    for update of c
)`+moveByAnswer+`
from r join was on was.cancellation_id = r.id
where c.cancellation_id = r.id and c.attempt = r.attempt
returning c.cancellation_id, c.attempt, was.open`, rest.args())
	if err != nil {
		return nil, err
	}
	decided := map[attemptKey]bool{}
	var key attemptKey
	var open bool
	_, err = pgx.ForEachRow(rows, []any{&key.id, &key.attempt, &open}, func() error {
		if open {
			decided[key] = true
		}
		return nil
	})
	return decided, err
}

// closeLate lets a "cancelled" end what has not ended, although a later attempt is current, or what was held, needs_attention, withdrawn
// or dryRun while the request was on its way: the order is cancelled, whatever was decided meanwhile. For a bill that is live
// again that is a person's matter. It answers what it ended.
func closeLate(ctx context.Context, tx pgx.Tx, c columns) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, `
update cancellation c
set state = 'done', hold_reason = '', outcome = r.disposition, outcome_time = now(), batch_until = null, update_time = now()
from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[]) as r (id, attempt, disposition)
where c.cancellation_id = r.id and c.attempt >= r.attempt and r.disposition in ('cancelled', 'already_cancelled')
  and c.state in ('planned', 'open', 'held', 'needs_attention', 'withdrawn', 'dry_run')
returning c.cancellation_id`,
		pgx.StrictNamedArgs{"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	late := make(map[int64]bool, len(found))
	for _, id := range found {
		late[id] = true
	}
	return late, openFound(ctx, tx, `
select `+aboutCancellation+`, c.order_code as detail`+doneAndLive, pgx.StrictNamedArgs{"ids": found, "kind": string(rule.WorkRestored)})
}

// resultWork opens the work items that the answers ask for, and closes those that they settle. An answer that decided nothing
// asks for nothing; one that came late settles only what it ended.
func resultWork(ctx context.Context, tx pgx.Tx, results []ledger.Result, decided map[attemptKey]bool, late map[int64]bool) error {
	var open []workItem
	var settled []int64
	for _, r := range results {
		current := decided[attemptKey{r.ID, r.Attempt}]
		switch ended := r.Next.State == rule.Done || r.Next.State == rule.Closed; {
		case ended && (current || late[r.ID]):
			settled = append(settled, r.ID)
		case !current || r.Next.Work == "":
		default:
			open = append(open, workItem{r.Scheme, ledger.Work{
				Kind: r.Next.Work, BillID: r.BillID, BillNo: r.BillNo, CancellationID: r.ID, Detail: firstText(r.VendorMessage, r.Detail),
			}})
		}
	}
	if _, err := openItems(ctx, tx, open); err != nil || len(settled) == 0 {
		return err
	}
	if err := closeCancellationWork(ctx, tx, settled, "settled by the WMS"); err != nil {
		return err
	}
	return closeRestored(ctx, tx, settled)
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

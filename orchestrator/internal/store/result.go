package store

import (
	"context"
	"fmt"

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
	err := s.inTx(ctx, func(tx pgx.Tx) error { return writeResults(ctx, tx, results) })
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

func writeResults(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	c := columnsOf(results)
	if err := writeAttempts(ctx, tx, c); err != nil {
		return fmt.Errorf("attempts: %w", err)
	}
	decided, err := moveCancellations(ctx, tx, c)
	if err != nil {
		return fmt.Errorf("cancellations: %w", err)
	}
	late, err := closeLate(ctx, tx, c)
	if err != nil {
		return fmt.Errorf("late results: %w", err)
	}
	return resultWork(ctx, tx, results, decided, late)
}

// attemptKey names one attempt.
type attemptKey struct {
	id      int64
	attempt int
}

// writeAttempts fills each attempt's own row, and keeps what was sent and received with it. Only "unknown" may be replaced by
// what became known later; a result that is written twice leaves its evidence once.
func writeAttempts(ctx context.Context, tx pgx.Tx, c columns) error {
	_, err := tx.Exec(ctx, `
with r as (
    select * from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[], @recognised::boolean[], @statuses::integer[], @flags::text[],
        @codes::text[], @messages::text[], @details::text[], @dictionaries::text[], @send_times::timestamptz[], @reply_times::timestamptz[],
        @requests::bytea[], @replies::bytea[])
      as r (id, attempt, disposition, recognised, http_status, flag, code, message, detail, dictionary, send_time, reply_time, request, reply)
), written as (
    update attempt a
    set result_time = now(), disposition = r.disposition, recognised = r.recognised, http_status = r.http_status, vendor_flag = r.flag,
        vendor_code = r.code, vendor_message = r.message, detail = r.detail, dictionary = r.dictionary, send_time = r.send_time, reply_time = r.reply_time
    from r
    where a.cancellation_id = r.id and a.attempt = r.attempt and a.disposition in ('', 'unknown')
    returning a.cancellation_id as id, a.attempt
)
insert into attempt_evidence (cancellation_id, attempt, request, reply)
select r.id, r.attempt, r.request, r.reply
from r join written using (id, attempt)
where length(r.request) > 0 or length(r.reply) > 0`,
		pgx.StrictNamedArgs{
			"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions, "recognised": c.recognised, "statuses": c.statuses,
			"flags": c.flags, "codes": c.codes, "messages": c.messages, "details": c.details, "dictionaries": c.dictionaries,
			"send_times": c.sendTimes, "reply_times": c.replyTimes, "requests": c.requests, "replies": c.replies,
		})
	return err
}

// moveCancellations lets the current attempt's result decide over a debt that is open, and answers the attempts that did. An "unknown"
// counts only while the claim stands: it must not undo an answer that came after all.
func moveCancellations(ctx context.Context, tx pgx.Tx, c columns) (map[attemptKey]bool, error) {
	rows, err := tx.Query(ctx, `
with r as (
    select * from unnest(@ids::bigint[], @attempts::integer[], @states::text[], @outcomes::text[], @inferred::boolean[], @waits::interval[],
        @dispositions::text[], @messages::text[], @same::text[], @same_counts::integer[], @same_since::timestamptz[], @changes::integer[],
        @unsent_since::timestamptz[], @landed::boolean[])
      as r (id, attempt, state, outcome, inferred, wait, disposition, message, same_disposition, same_count, same_since, answer_changes,
        unsent_since, landed)
), was as (
    select c.cancellation_id, c.state = 'open' as open
    from r join cancellation c on c.cancellation_id = r.id and c.attempt = r.attempt
    where r.disposition <> 'unknown' or c.claim_until is not null
    order by c.cancellation_id
    for update of c
)
update cancellation c
set state = case when was.open then r.state else c.state end,
    outcome = case when was.open then r.outcome else c.outcome end,
    inferred = case when was.open then r.inferred else c.inferred end,
    outcome_time = case when not was.open then c.outcome_time when r.state in ('done', 'closed') then now() end,
    due_time = case when was.open then now() + r.wait else c.due_time end,
    claim_until = null, slice_until = null, disposition = r.disposition, vendor_message = r.message,
    same_disposition = r.same_disposition, same_count = r.same_count, same_since = r.same_since, answer_changes = r.answer_changes,
    unsent_since = r.unsent_since,
    maybe_landed = c.maybe_landed or r.landed, update_time = now()
from r join was on was.cancellation_id = r.id
where c.cancellation_id = r.id and c.attempt = r.attempt
returning c.cancellation_id, c.attempt, was.open`,
		pgx.StrictNamedArgs{
			"ids": c.ids, "attempts": c.attempts, "states": c.states, "outcomes": c.outcomes, "inferred": c.inferred, "waits": c.waits,
			"dispositions": c.dispositions, "messages": c.messages, "same": c.same, "same_counts": c.sameCounts, "same_since": c.sameSince,
			"changes": c.answerChanges, "unsent_since": c.unsentSince, "landed": c.landed,
		})
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

// closeLate lets a "cancelled" end what has not ended, although a later attempt is current, or what was held, parked, superseded
// or observed while the request was on its way: the order is cancelled, whatever was decided meanwhile. For a bill that is live
// again that is a person's matter. It answers what it ended.
func closeLate(ctx context.Context, tx pgx.Tx, c columns) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, `
with late as (
    update cancellation c
    set state = 'done', hold_reason = '', outcome = r.disposition, outcome_time = now(), slice_until = null, update_time = now()
    from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[]) as r (id, attempt, disposition)
    where c.cancellation_id = r.id and c.attempt >= r.attempt and r.disposition in ('cancelled', 'already_cancelled')
      and c.state in ('planned', 'open', 'held', 'parked', 'superseded', 'observed')
    returning c.scheme, c.bill_id, c.bill_no, c.cancellation_id, c.order_code
), told as (
    insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, detail)
    select l.scheme, @kind, l.bill_id, l.bill_no, l.cancellation_id, l.order_code
    from late l join bill b using (scheme, bill_id)
    where b.document_status = 'C' and b.cancel_status = 'A'
      and not exists (select from work_item w where w.cancellation_id = l.cancellation_id and w.kind = @kind)
    on conflict do nothing
)
select cancellation_id from late`,
		pgx.StrictNamedArgs{"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions, "kind": string(rule.WorkRestored)})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	late := make(map[int64]bool, len(found))
	for _, id := range found {
		late[id] = true
	}
	return late, err
}

// resultWork opens the work items that the answers ask for, and closes those that they settle. An answer that decided nothing
// asks for nothing; one that came late settles only what it ended.
func resultWork(ctx context.Context, tx pgx.Tx, results []ledger.Result, decided map[attemptKey]bool, late map[int64]bool) error {
	open := map[string][]ledger.Work{}
	var settled []int64
	answered := map[string]bool{}
	for _, r := range results {
		current := decided[attemptKey{r.ID, r.Attempt}]
		switch ended := r.Next.State == rule.Done || r.Next.State == rule.Closed; {
		case ended && (current || late[r.ID]):
			settled = append(settled, r.ID)
			answered[r.Scheme] = true
		case !current || r.Next.Work == "":
		case r.Next.Work == rule.WorkAuth:
			open[r.Scheme] = append(open[r.Scheme], ledger.Work{Kind: r.Next.Work, Detail: r.VendorMessage})
		default:
			open[r.Scheme] = append(open[r.Scheme], ledger.Work{
				Kind: r.Next.Work, BillID: r.BillID, BillNo: r.BillNo, CancellationID: r.ID, Detail: firstText(r.VendorMessage, r.Detail),
			})
		}
	}
	for scheme, work := range open {
		if err := openWork(ctx, tx, scheme, work); err != nil {
			return err
		}
	}
	if len(settled) == 0 {
		return nil
	}
	if err := closeCancellationWork(ctx, tx, settled, "settled by the WMS"); err != nil {
		return err
	}
	if err := closeRestored(ctx, tx, settled); err != nil {
		return err
	}
	for scheme := range answered {
		if _, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = 'the WMS answers again'
where scheme = $1 and kind = $2 and close_time is null`, scheme, string(rule.WorkAuth)); err != nil {
			return err
		}
	}
	return nil
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

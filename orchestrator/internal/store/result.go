package store

import (
	"context"
	"fmt"
	"time"

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
	if err := writeEvidence(ctx, tx, c); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	if err := moveCancellations(ctx, tx, c); err != nil {
		return fmt.Errorf("cancellations: %w", err)
	}
	if err := closeLate(ctx, tx, c); err != nil {
		return fmt.Errorf("late results: %w", err)
	}
	return resultWork(ctx, tx, results)
}

// writeAttempts fills each attempt's own row. Only "unknown" may be replaced by what became known later.
func writeAttempts(ctx context.Context, tx pgx.Tx, c columns) error {
	_, err := tx.Exec(ctx, `
update attempt a
set result_time = now(), disposition = r.disposition, recognised = r.recognised, http_status = r.http_status, vendor_flag = r.flag,
    vendor_code = r.code, vendor_message = r.message, detail = r.detail, dictionary = r.dictionary, send_time = r.send_time, reply_time = r.reply_time
from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[], @recognised::boolean[], @statuses::integer[], @flags::text[],
    @codes::text[], @messages::text[], @details::text[], @dictionaries::text[], @send_times::timestamptz[], @reply_times::timestamptz[])
  as r (id, attempt, disposition, recognised, http_status, flag, code, message, detail, dictionary, send_time, reply_time)
where a.cancellation_id = r.id and a.attempt = r.attempt and a.disposition in ('', 'unknown')`,
		pgx.StrictNamedArgs{
			"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions, "recognised": c.recognised, "statuses": c.statuses,
			"flags": c.flags, "codes": c.codes, "messages": c.messages, "details": c.details, "dictionaries": c.dictionaries,
			"send_times": c.sendTimes, "reply_times": c.replyTimes,
		})
	return err
}

func writeEvidence(ctx context.Context, tx pgx.Tx, c columns) error {
	_, err := tx.Exec(ctx, `
insert into attempt_evidence (cancellation_id, attempt, request, reply)
select r.id, r.attempt, r.request, r.reply
from unnest($1::bigint[], $2::integer[], $3::bytea[], $4::bytea[]) as r (id, attempt, request, reply)
where length(r.request) > 0 or length(r.reply) > 0`, c.ids, c.attempts, c.requests, c.replies)
	return err
}

// moveCancellations lets the current attempt's result decide. An "unknown" counts only while the claim stands: it must not
// undo an answer that came after all.
func moveCancellations(ctx context.Context, tx pgx.Tx, c columns) error {
	_, err := tx.Exec(ctx, `
update cancellation c
set state = case when c.state = 'open' then r.state else c.state end,
    outcome = case when c.state = 'open' then r.outcome else c.outcome end,
    inferred = case when c.state = 'open' then r.inferred else c.inferred end,
    outcome_time = case when c.state <> 'open' then c.outcome_time when r.state in ('done', 'closed') then now() end,
    due_time = case when c.state = 'open' then now() + r.wait else c.due_time end,
    claim_until = null, slice_until = null, disposition = r.disposition, vendor_message = r.message,
    same_disposition = r.same_disposition, same_count = r.same_count, same_since = r.same_since,
    maybe_landed = c.maybe_landed or r.landed, update_time = now()
from unnest(@ids::bigint[], @attempts::integer[], @states::text[], @outcomes::text[], @inferred::boolean[], @waits::interval[],
    @dispositions::text[], @messages::text[], @same::text[], @same_counts::integer[], @same_since::timestamptz[], @landed::boolean[])
  as r (id, attempt, state, outcome, inferred, wait, disposition, message, same_disposition, same_count, same_since, landed)
where c.cancellation_id = r.id and c.attempt = r.attempt and (r.disposition <> 'unknown' or c.claim_until is not null)`,
		pgx.StrictNamedArgs{
			"ids": c.ids, "attempts": c.attempts, "states": c.states, "outcomes": c.outcomes, "inferred": c.inferred, "waits": c.waits,
			"dispositions": c.dispositions, "messages": c.messages, "same": c.same, "same_counts": c.sameCounts, "same_since": c.sameSince,
			"landed": c.landed,
		})
	return err
}

// closeLate lets a "cancelled" end what is still open although a later attempt is current, and what was superseded while the
// request was on its way: the order is cancelled, whatever was decided meanwhile. For a bill that is live again that is a
// person's matter.
func closeLate(ctx context.Context, tx pgx.Tx, c columns) error {
	_, err := tx.Exec(ctx, `
with late as (
    update cancellation c
    set state = 'done', hold_reason = '', outcome = r.disposition, outcome_time = now(), slice_until = null, update_time = now()
    from unnest(@ids::bigint[], @attempts::integer[], @dispositions::text[]) as r (id, attempt, disposition)
    where c.cancellation_id = r.id and r.disposition in ('cancelled', 'already_cancelled')
      and ((c.attempt > r.attempt and c.state in ('open', 'held', 'parked')) or (c.attempt >= r.attempt and c.state = 'superseded'))
    returning c.scheme, c.bill_id, c.bill_no, c.cancellation_id, c.order_code
)
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, detail)
select l.scheme, @kind, l.bill_id, l.bill_no, l.cancellation_id, l.order_code
from late l join bill b using (scheme, bill_id)
where b.document_status = 'C' and b.cancel_status = 'A'
  and not exists (select from work_item w where w.cancellation_id = l.cancellation_id and w.kind = @kind)
on conflict do nothing`,
		pgx.StrictNamedArgs{"ids": c.ids, "attempts": c.attempts, "dispositions": c.dispositions, "kind": string(rule.WorkRestored)})
	return err
}

// resultWork opens the work items that the answers ask for, and closes those that they settle.
func resultWork(ctx context.Context, tx pgx.Tx, results []ledger.Result) error {
	open := map[string][]ledger.Work{}
	var settled []int64
	answered := map[string]bool{}
	for _, r := range results {
		switch {
		case r.Next.Work == rule.WorkAuth:
			open[r.Scheme] = append(open[r.Scheme], ledger.Work{Kind: r.Next.Work, Detail: r.VendorMessage})
		case r.Next.Work != "":
			open[r.Scheme] = append(open[r.Scheme], ledger.Work{
				Kind: r.Next.Work, BillID: r.BillID, BillNo: r.BillNo, CancellationID: r.ID, Detail: firstText(r.VendorMessage, r.Detail),
			})
		case r.Next.State == rule.Done || r.Next.State == rule.Closed:
			settled = append(settled, r.ID)
			answered[r.Scheme] = true
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

// columns is a group of results turned on its side, as unnest wants it.
type columns struct {
	ids                                                         []int64
	attempts, statuses, sameCounts                              []int
	dispositions, flags, codes, messages, details, dictionaries []string
	states, outcomes, same                                      []string
	recognised, inferred, landed                                []bool
	waits                                                       []time.Duration
	sendTimes, replyTimes, sameSince                            []*time.Time
	requests, replies                                           [][]byte
}

func columnsOf(results []ledger.Result) columns {
	var c columns
	for _, r := range results {
		c.ids = append(c.ids, r.ID)
		c.attempts = append(c.attempts, r.Attempt)
		c.statuses = append(c.statuses, r.HTTPStatus)
		c.sameCounts = append(c.sameCounts, r.SameCount)
		c.dispositions = append(c.dispositions, string(r.Answer.Disposition))
		c.flags = append(c.flags, clean(r.VendorFlag))
		c.codes = append(c.codes, clean(r.VendorCode))
		c.messages = append(c.messages, clean(r.VendorMessage))
		c.details = append(c.details, clean(r.Detail))
		c.dictionaries = append(c.dictionaries, clean(r.Dictionary))
		c.states = append(c.states, string(r.Next.State))
		c.outcomes = append(c.outcomes, r.Next.Outcome)
		c.same = append(c.same, string(r.SameDisposition))
		c.recognised = append(c.recognised, r.Answer.Recognised)
		c.inferred = append(c.inferred, r.Next.Inferred)
		c.landed = append(c.landed, r.Answer.Disposition.MayHaveLanded())
		c.waits = append(c.waits, r.Next.Wait)
		c.sendTimes = append(c.sendTimes, nullable(r.SendTime))
		c.replyTimes = append(c.replyTimes, nullable(r.ReplyTime))
		c.sameSince = append(c.sameSince, nullable(r.SameSince))
		c.requests = append(c.requests, nonNil(r.Request))
		c.replies = append(c.replies, nonNil(r.Reply))
	}
	return c
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

package ledger

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// AttemptKey names one attempt.
type AttemptKey struct {
	ID      int64
	Attempt int
}

// answers are a group of results as rows r.
var answers = `
with r as (select * from ` + resultColumns.From + `)`

// decide is what the current attempt's answer r makes of an open cancellation c: moved are those that stay unsettled,
// open or needs_attention, and settled those that end, done or closed. An "unknown" counts only while the lease stands:
// it must not undo an answer that came after all. decided are all of them.
//
// The state is compared with a parameter so that the index of all open cancellations is no way to find the rows.
const (
	isCurrent = `c.cancellation_id = r.id and c.attempt = r.attempt
      and (r.disposition <> 'unknown' or c.lease_until is not null)`
	answerNoted = `lease_until = null, disposition = r.meaning, vendor_message = r.message,
        maybe_landed = c.maybe_landed or r.landed, answer_lost = c.answer_lost or r.lost, update_time = now()`
	answerCounted = `batch_until = null, same_disposition = r.same_disposition, same_count = r.same_count,
        same_since = r.same_since, answer_changes = r.answer_changes, unsent_since = r.unsent_since,
        text_id = case when r.text_open then r.text_id end`
)

var decide = `, moved as (
    update unsettled_cancellation c
    set state = r.state, due_time = now() + r.wait, awaits_text = r.awaits_text,
        verified_time = case when r.verify then 'epoch' else c.verified_time end,
        ` + answerCounted + `, ` + answerNoted + `
    from r
    where ` + isCurrent + ` and c.state = @open and r.state not in ('done', 'closed')
    returning c.cancellation_id, c.attempt, c.scheme, c.bill_id, c.state, c.disposition
), settled as (
    delete from unsettled_cancellation c using r
    where ` + isCurrent + ` and c.state = @open and r.state in ('done', 'closed')
    returning c.cancellation_id, c.attempt, c.scheme, c.bill_id, c.times_settled, r.state, r.outcome, r.inferred,
        c.not_before, r.meaning as disposition, r.message,
        c.maybe_landed or r.landed as maybe_landed,
        c.answer_lost or r.lost as answer_lost, c.decide_time
), appended as (
    insert into outcome (cancellation_id, times_settled, scheme, state, outcome, inferred, ` + carried + `)
    select cancellation_id, times_settled + 1, scheme, state, outcome, inferred, not_before, null, attempt,
        disposition, message, maybe_landed, answer_lost, decide_time, now()
    from settled
), told as (` + settledEvents("settled") + `
), told_waiting as (` + waitingEvents("disposition", "moved") + `
), decided as (
    select cancellation_id, attempt, scheme, bill_id from moved
    union all
    select cancellation_id, attempt, scheme, bill_id from settled
)`

// WriteAnswers fills each attempt's own row, and keeps what was sent and received with it. Only "unknown" may be
// replaced by what became known later; a result that is written twice leaves its evidence once. It lets the current
// attempt's result decide over a cancellation that is open, and answers the attempts that did, and whether there is
// open work about any of these bills or about the scheme as a whole.
func WriteAnswers(
	ctx context.Context, tx pgx.Tx, results []Result,
) (decided map[AttemptKey]bool, work bool, err error) {
	args := resultArgs(results)
	args["open"] = "open"
	rows, err := tx.Query(ctx, answers+`, written as (
    update attempt a
    set result_time = now(), disposition = r.disposition, recognised = r.recognised, http_status = r.http_status,
        vendor_flag = r.flag, vendor_code = r.code, vendor_message = r.message, detail = r.detail,
        dictionary = r.dictionary, send_time = r.send_time, reply_time = r.reply_time,
        text_id = r.text_id
    from r
    where a.cancellation_id = r.id and a.attempt = r.attempt and a.disposition in ('', 'unknown')
    returning r.id, r.attempt, r.request, r.reply
), kept as (
    insert into attempt_evidence (cancellation_id, attempt, request, reply)
    select id, attempt, request, reply from written where length(request) > 0 or length(reply) > 0
)`+decide+`
select m.cancellation_id, m.attempt,
       exists (select from work_item w
               where w.scheme = m.scheme and w.bill_id in (m.bill_id, 0) and w.close_time is null) as work
from decided m`, args)
	if err != nil {
		return nil, false, err
	}
	decided = make(map[AttemptKey]bool, len(results))
	var key AttemptKey
	var open bool
	_, err = pgx.ForEachRow(rows, []any{&key.ID, &key.Attempt, &open}, func() error {
		decided[key] = true
		work = work || open
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return decided, work, FollowSenders(ctx, tx, idsOf(results))
}

// idsOf are the cancellations of results.
func idsOf(results []Result) []int64 {
	ids := make([]int64, len(results))
	for i, r := range results {
		ids[i] = r.ID
	}
	return ids
}

// MoveCancellations is the part of WriteAnswers that is about cancellations, for those that were not found open then.
// With their rows locked, the current attempt's result decides should the cancellation be open by now; else it ends the
// lease all the same, of what waits as of what was settled while the request was on its way. What may have come of it
// is noted for those who took its order over meanwhile, too. It answers the attempts that decided.
func MoveCancellations(ctx context.Context, tx pgx.Tx, rest []Result) (map[AttemptKey]bool, error) {
	if err := LockStanding(ctx, tx, idsOf(rest)); err != nil {
		return nil, err
	}
	args := resultArgs(rest)
	args["open"] = "open"
	rows, err := tx.Query(ctx, answers+decide+`, noted as (
    update unsettled_cancellation c set `+answerCounted+`, `+answerNoted+`
    from r where `+isCurrent+` and c.state <> @open
), noted_settled as (
    update outcome c set `+answerNoted+`
    from r where `+isCurrent+` and c.revoke_time is null
), noted_shared as (
    update shared_cancellation c set `+answerNoted+`
    from r where `+isCurrent+`
)
select cancellation_id, attempt from decided`, args)
	if err != nil {
		return nil, err
	}
	decided := map[AttemptKey]bool{}
	var key AttemptKey
	if _, err = pgx.ForEachRow(rows, []any{&key.ID, &key.Attempt}, func() error {
		decided[key] = true
		return nil
	}); err != nil {
		return nil, err
	}
	if err := noteHeirs(ctx, tx, resultArgs(rest)); err != nil {
		return nil, err
	}
	return decided, FollowSenders(ctx, tx, idsOf(rest))
}

// FinishLate lets a "cancelled" end a cancellation that has not ended, although a later attempt is current, or one that
// was held, given to a person, withdrawn or left as dry_run while the request was on its way: planned, open, held,
// needs_attention, withdrawn and dry_run become done, because the order is cancelled, whatever was decided meanwhile.
// One that shares its order again by then ends, too, and so does who took the order over. It answers what it ended. Its
// own rows have been locked by MoveCancellations.
func FinishLate(ctx context.Context, tx pgx.Tx, results []Result) ([]int64, error) {
	const cancelled = `c.cancellation_id = r.id and c.attempt >= r.attempt
        and r.meaning in ('cancelled', 'already_cancelled') and r.state = 'done'`
	rows, err := tx.Query(ctx, answers+`, unsettled as (
    delete from unsettled_cancellation c using r where `+cancelled+`
    returning `+endedColumns+`, r.meaning as late
), settled as (
    update outcome c set revoke_time = now() from r
    where `+cancelled+` and c.revoke_time is null and c.state in ('withdrawn', 'dry_run')
    returning `+endedColumns+`, r.meaning as late
), shared as (
    delete from shared_cancellation c using r where `+cancelled+`
    returning `+endedColumns+`, r.meaning as late
), ended as (
    select cancellation_id, times_settled, scheme, `+carried+`, late from unsettled
    union all
    select cancellation_id, times_settled, scheme, `+carried+`, late from settled
    union all
    select cancellation_id, times_settled, scheme, `+carried+`, late from shared
)`+appendOutcome(`'done', late, false`)+`
select cancellation_id from appended`, resultArgs(results))
	if err != nil {
		return nil, err
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	tookOver, err := finishHeirs(ctx, tx, resultArgs(results))
	if err != nil {
		return nil, err
	}
	ended = append(ended, tookOver...)
	return ended, FollowSenders(ctx, tx, ended)
}

// WithdrawVerified withdraws cancellations of which a fresh read said that they must not be sent, and answers the bill
// of each that it withdrew: open becomes withdrawn.
func WithdrawVerified(ctx context.Context, tx pgx.Tx, ids []int64, outcome string) (map[int64]int64, error) {
	rows, err := tx.Query(ctx, settle(`c.cancellation_id = any($1) and c.state = 'open'`, `'withdrawn', $2, false`),
		ids, outcome)
	if err != nil {
		return nil, err
	}
	bills := map[int64]int64{}
	var id, bill int64
	if _, err = pgx.ForEachRow(rows, []any{&id, &bill}, func() error {
		bills[id] = bill
		return nil
	}); err != nil {
		return nil, err
	}
	return bills, FollowSenders(ctx, tx, slices.Collect(maps.Keys(bills)))
}

// AwaitRead makes cancellations whose bill could not be read due again after wait, and gives a person those of which
// that has been so for limit: open stays open or becomes needs_attention. The time since the last such read, 10 minutes
// or two waits at the most, counts only where a run has ended in it and nothing kept the order from being sent: so
// others were read. unread_since moves on by what does not count.
func AwaitRead(ctx context.Context, tx pgx.Tx, ids []int64, wait, limit time.Duration) error {
	return OpenFound(ctx, tx, `
with gap as (
    select c.cancellation_id, c.unread_since + (now() - c.update_time) - case
               when m.last_run_time > c.update_time
                and not exists (select from condition o join scheme s on s.scheme = c.scheme
                    where (o.end_time is null or o.end_time > c.update_time) and o.account in ('', c.account)
                      and (o.trigger = '' or o.trigger = any(f.triggers)) and `+KeepsUnsent+`)
               then least(now() - c.update_time, greatest(interval '10 minutes', 2 * @wait::interval))
               else interval '0' end as since
    from unsettled_cancellation c join cancellation f using (cancellation_id)
    left join watermark m on m.scheme = c.scheme
    where c.cancellation_id = any(@ids)
), unread as (
    update unsettled_cancellation c
    set unread_since = coalesce(g.since, now()), due_time = now() + @wait, batch_until = null, update_time = now(),
        state = case when g.since < now() - @limit::interval then 'needs_attention' else c.state end
    from gap g
    where c.cancellation_id = g.cancellation_id and c.state = 'open'
    returning c.cancellation_id, c.scheme, c.state
), told as (`+waitingEvents("@kind", "unread")+`
)
select `+AboutCancellation+`, '' as detail
from unread u join cancellation c using (cancellation_id) where u.state = 'needs_attention'`,
		pgx.StrictNamedArgs{"ids": ids, "wait": wait, "limit": limit, "kind": string(rule.WorkUnread)})
}

// AskAboutRefused gives a person cancellations whose own request the WMS refuses as not allowed, unless something was
// tried or decided since: open becomes needs_attention.
func AskAboutRefused(ctx context.Context, tx pgx.Tx, refused []Result) error {
	ids, attempts, details := make([]int64, len(refused)), make([]int, len(refused)), make([]string, len(refused))
	for i, r := range refused {
		ids[i], attempts[i], details[i] = r.ID, r.Attempt, CleanText(FirstText(r.VendorMessage, r.Detail))
	}
	return OpenFound(ctx, tx, `
with refused as (
    update unsettled_cancellation u set state = 'needs_attention', batch_until = null, update_time = now()
    from unnest(@ids::bigint[], @attempts::integer[], @details::text[]) as r (id, attempt, detail)
    where u.cancellation_id = r.id and u.attempt = r.attempt and u.state = 'open' and u.lease_until is null
      and u.disposition = 'auth'
    returning u.cancellation_id, u.scheme, u.state, r.detail
), told as (`+waitingEvents("@kind", "refused")+`
)
select `+AboutCancellation+`, r.detail
from refused r join cancellation c using (cancellation_id)`,
		pgx.StrictNamedArgs{"ids": ids, "attempts": attempts, "details": details, "kind": string(rule.WorkAuthOrder)})
}

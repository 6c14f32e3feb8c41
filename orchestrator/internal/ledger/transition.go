package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// A cancellation changes its state in these files and nowhere else:
//
//	transition.go           what a run decides
//	transition_question.go  what a run asks about
//	transition_correct.go   what a revision corrects
//	transition_part.go      what a revision takes out
//	transition_answer.go    what the read before a request, the request and its answer decide
//	transition_act.go       what a person decides
//
// Each function is one statement, and what it has in common with others stands in transition_settle.go. Its comment
// says from which states to which and by whom, and its condition on the state keeps everything else out: a row that
// somebody else has changed meanwhile stays as it is. What is not settled is a row of unsettled_cancellation, what is
// settled one of outcome: to settle takes the one away and appends the other, to open again does the reverse.
// Statements that move only due times, leases, batches, reasons and counts stand with the room that needs them: push,
// for the most part, and addReasons.

// ForgetUnsentColumns lets the time begin anew in which nothing could be sent, or its bill not be read.
const ForgetUnsentColumns = `unsent_since = null, unread_since = null`

// NeedsAttentionUnread is true of a cancellation c that waits for a person because its bill could not be read.
const NeedsAttentionUnread = `exists (select from work_item w
    where w.cancellation_id = c.cancellation_id and w.kind = 'bill_unread' and w.close_time is null)`

// BehindLimit is true of a cancellation c that waits behind a safety limit.
const BehindLimit = `c.state = 'held' and c.hold_reason in ('safety_limit_hour', 'safety_limit_day')`

// decided is when an unsettled cancellation was decided that is now: never, of a question, which no limit counts.
const decided = `case when question = 0 then now() end`

// neverLanded is true of a cancellation that nothing in the WMS can have come of: nothing is in flight, and whatever
// was tried was not sent or refused.
const neverLanded = `not maybe_landed and lease_until is null`

// planned is a cancellation that plan has planned, and why it will be held; free ones have no reason. Shared ones have
// no changing row: their order has an unsettled cancellation already.
type planned struct {
	CancellationID int64
	OrderID        int64
	HoldReason     rule.HoldReason
	Shared         bool
}

// plan plans what a run found owed, as args of owedColumns say, and answers what it planned: a new cancellation,
// and one that is
//   - withdrawn: a trigger holds again;
//   - dry_run, now that the scheme sends: something else calls for it, or @reopen says to take it up;
//   - needs_attention, because its bill could not be read, and now its bill is proved deleted;
//   - held for number_reuse_unsaid, and something calls for it now that needs no person;
//   - open, and nothing calls for it any longer but what needs a person for number_reuse_unsaid.
//
// One that shares its order with another begins or ceases to need a person in the same way, and is planned no more.
// Any other stays as it is, also where the mapping makes another order of it by now; one of which nothing
// can have come takes that order when it is planned anew. Where the order has an unsettled cancellation, or two of the
// page are about one order, a further one is same_order; not so in a scheme that only watches. What is planned anew is
// read again, by number too, before it is sent. Its rows and those of its orders are locked before, so that what is
// settled or opened by somebody else at this moment is met as it is then.
func plan(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) ([]planned, error) {
	rows, err := tx.Query(ctx, `
with d as (
    select d.bill_id, d.generation, d.account, d.triggers::text[] as triggers, d.bill_kind, d.direction, d.number,
           d.bill_no, d.reason, d.props::jsonb as props, d.owner, d.evidence, d.orders_from, d.hold, d.not_before,
           coalesce(d.verified, 'epoch') as verified, d.business_date, o.order_id
    from `+owedColumns.From+`
    `+orderOf+`
), known as (
    select c.cancellation_id, c.triggers as had, d.bill_id, d.generation, d.account, d.triggers, d.bill_no, d.reason,
           d.props, d.owner, d.evidence, d.orders_from, d.hold, d.order_id, d.bill_kind, d.direction, d.number
    from d `+cancellationOf+`
), fresh as (
    insert into cancellation (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction, warehouse_number,
        cancel_reason, extend_props, owner_code, triggers, evidence, orders_from, revision, run_id, business_date,
        traceparent)
    select @scheme, d.bill_id, d.bill_no, d.generation, d.order_id, d.bill_kind, d.direction, d.number,
        d.reason, d.props, d.owner, d.triggers, d.evidence, d.orders_from, @revision, @run, d.business_date,
        @traceparent
    from d
    where not exists (select from known k where `+sameKey("k", "d")+`)
    order by d.bill_id, d.bill_kind, d.direction, d.number
    on conflict on constraint cancellation_once do nothing
    returning cancellation_id, bill_id, bill_kind, direction, warehouse_number as number, generation
), again as (
    update outcome c set revoke_time = now()
    from known k join cancellation f on f.cancellation_id = k.cancellation_id
    where c.cancellation_id = k.cancellation_id and c.revoke_time is null
      and (c.state = 'withdrawn'
        or c.state = 'dry_run' and (@reopen or not k.had @> k.triggers)
           and (select s.mode from scheme s where s.scheme = @scheme) = 'send')
    returning c.cancellation_id, c.times_settled,
        case when `+neverLanded+` then k.order_id else f.order_id end as order_id,
        k.bill_id, k.hold, `+qualified("c", kept)+`
), wanted as (
    select f.cancellation_id, d.order_id, d.bill_id, d.hold, d.verified, 0 as times_settled, d.not_before,
           null::timestamptz as lease_until, 0 as attempt, '' as disposition, '' as vendor_message,
           false as maybe_landed, false as answer_lost
    from fresh f join d on `+sameKey("f", "d")+`
    union all
    select cancellation_id, order_id, bill_id, hold, 'epoch', times_settled, `+kept+`
    from again
), placed as materialized (
    select w.*, o.account, s.mode <> 'send' as watched,
           case when s.mode = 'send' then coalesce(
               (select u.cancellation_id from unsettled_cancellation u where u.order_id = w.order_id and not u.watched),
               first_value(w.cancellation_id) over (partition by w.order_id order by `+seat("w", "hold")+`))
           else w.cancellation_id end as sender
    from wanted w join warehouse_order o on o.order_id = w.order_id join scheme s on s.scheme = @scheme
), made as (
    insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, state, hold_reason,
        verified_time, watched, times_settled, `+kept+`)
    select cancellation_id, order_id, @scheme, bill_id, account, 'planned', hold, verified, watched, times_settled,
        `+kept+`
    from placed where sender = cancellation_id
    returning cancellation_id, order_id, hold_reason
), shared as (
    insert into shared_cancellation (cancellation_id, same_order_as, scheme, bill_id, hold_reason, times_settled,
        `+kept+`)
    select cancellation_id, sender, @scheme, bill_id, hold, times_settled, `+kept+`
    from placed where sender <> cancellation_id
    returning cancellation_id, hold_reason
), moved as (
    update unsettled_cancellation c
    set state = 'planned', hold_reason = k.hold, decide_time = null, verified_time = 'epoch', claimed_since = null,
        unread_since = null, due_time = now(), batch_until = null, same_disposition = '', same_count = 0,
        same_since = null, text_id = null, awaits_text = false, update_time = now()
    from known k
    where c.cancellation_id = k.cancellation_id
      and (c.state = 'needs_attention' and @gone and `+NeedsAttentionUnread+`
        or c.state = 'held' and c.hold_reason = @reuse and k.hold = ''
        or c.state = 'open' and c.not_before is null and k.hold = @reuse)
    returning c.cancellation_id, c.order_id, c.hold_reason
), moved_shared as (
    update shared_cancellation c set hold_reason = k.hold, update_time = now()
    from known k
    where c.cancellation_id = k.cancellation_id
      and (c.hold_reason = @reuse and k.hold = ''
        or c.hold_reason = '' and c.not_before is null and k.hold = @reuse)
), rewritten as (
    update cancellation c
    set run_id = @run, revision = @revision, bill_no = k.bill_no, cancel_reason = k.reason, extend_props = k.props,
        owner_code = k.owner, evidence = k.evidence, orders_from = k.orders_from, traceparent = @traceparent,
        order_id = coalesce(p.order_id, c.order_id), update_time = now()
    from known k left join placed p on p.cancellation_id = k.cancellation_id
    where c.cancellation_id = k.cancellation_id
      and (p.cancellation_id is not null
        or exists (select from moved m where m.cancellation_id = k.cancellation_id))
)
select cancellation_id, order_id, hold_reason, false as shared from made
union all
select cancellation_id, order_id, hold_reason, false from moved
union all
select cancellation_id, 0, hold_reason, true from shared`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[planned])
}

// sameKey is true of two rows of a scheme that name the same cancellation.
func sameKey(a, b string) string {
	return `(` + qualified(a, keyNames) + `) = (` + qualified(b, keyNames) + `)`
}

const keyNames = `bill_id, generation, bill_kind, direction, number`

// TakeBack withdraws what an earlier run planned for these bills and did not live to open, before they are decided
// anew, maybe under another revision, and answers it: planned becomes withdrawn. What is owed again is planned again; a
// question, which would not be, stays. What shares the order of a cancellation that is only planned is taken back, too.
// Who shares an order with one of these bills is left pointing to it: FollowSenders is to be called with the answer
// once these bills are decided.
func TakeBack(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) ([]int64, error) {
	if _, err := settledIDs(ctx, tx, settleShared(`
        c.scheme = $1 and c.bill_id = any($2) and exists (
            select from unsettled_cancellation u where u.cancellation_id = c.same_order_as and u.state = 'planned')
        and not exists (
            select from cancellation f where f.cancellation_id = c.cancellation_id and f.question > 0)`,
		`'withdrawn', 'decided anew', false`), scheme, bills); err != nil {
		return nil, err
	}
	return settledIDs(ctx, tx, settle(`
        c.scheme = $1 and c.bill_id = any($2) and c.state = 'planned' and c.question = 0`,
		`'withdrawn', 'decided anew', false`), scheme, bills)
}

// WithdrawBills withdraws the cancellations of bills for which a run found that no trigger holds any longer: planned,
// open, held and needs_attention become withdrawn, which is all that is not settled. What is in flight is withdrawn
// too: its answer is still written to its attempt.
func WithdrawBills(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) ([]int64, error) {
	return endWhole(ctx, tx, `c.scheme = $1 and c.bill_id = any($2)`, `'withdrawn', 'no_trigger', false`, scheme, bills)
}

// WithdrawScheme withdraws everything that a scheme still owes, because it is retired; as WithdrawBills otherwise.
func WithdrawScheme(ctx context.Context, tx pgx.Tx, scheme string) ([]int64, error) {
	return endWhole(ctx, tx, `c.scheme = $1`, `'withdrawn', 'scheme_retired', false`, scheme)
}

// HoldPlan holds what was planned with a reason to, once its run is complete or has taken long: planned becomes held.
// which is a condition on the rows c of the scheme.
func HoldPlan(ctx context.Context, tx pgx.Tx, scheme, which string) (int64, error) {
	tag, err := tx.Exec(ctx, `
with held as (
    update unsettled_cancellation c set state = 'held', decide_time = `+decided+`, update_time = now()
    where scheme = $1 and state = 'planned' and hold_reason <> '' and `+which+`
    returning c.cancellation_id, c.scheme, c.hold_reason
)`+heldEvents("held")+`
select from held`, scheme)
	return tag.RowsAffected(), err
}

// OpenPlan opens what was planned without a reason to hold it, once its run is complete or has taken long: planned
// becomes open. which is a condition on the rows c of the scheme.
func OpenPlan(ctx context.Context, tx pgx.Tx, scheme, which string) (int64, error) {
	tag, err := tx.Exec(ctx, `
update unsettled_cancellation c
set state = 'open', decide_time = `+decided+`, due_time = greatest(now(), not_before), `+ForgetUnsentColumns+`,
    answer_changes = 0, update_time = now()
where scheme = $1 and state = 'planned' and hold_reason = '' and `+which, scheme)
	return tag.RowsAffected(), err
}

// EndPlanAsDryRun ends what was planned, once its run is complete or has taken long, where the scheme only watches:
// planned becomes dry_run. which is a condition on the rows c of the scheme.
func EndPlanAsDryRun(ctx context.Context, tx pgx.Tx, scheme, which string) (int64, error) {
	ended, err := settledIDs(ctx, tx, `
with ended as (
    delete from unsettled_cancellation c
    where scheme = $1 and state = 'planned' and `+which+`
    returning `+endedColumns+`, c.bill_id
), appended as (
    insert into outcome (cancellation_id, times_settled, scheme, state, outcome, `+carried+`)
    select cancellation_id, times_settled + 1, scheme, 'dry_run', 'dry_run', `+kept+`, now(), due_time
    from ended
    returning cancellation_id, scheme, state, outcome
), told as (`+settledEvents("appended")+`
)
select cancellation_id, bill_id from ended`, scheme)
	if err != nil {
		return 0, err
	}
	return int64(len(ended)), FollowSenders(ctx, tx, ended)
}

// HoldAtLimit holds everything of a scheme that cannot have reached the WMS, because a safety limit was reached: open
// becomes held, and planned is given the reason for which HoldPlan will hold it; it stays as old as it is.
func HoldAtLimit(ctx context.Context, tx pgx.Tx, scheme string, reason rule.HoldReason) error {
	_, err := tx.Exec(ctx, `
with limited as (
    update unsettled_cancellation
    set hold_reason = $2, state = case state when 'open' then 'held' else state end,
        update_time = case state when 'planned' then update_time else now() end
    where scheme = $1 and question = 0 and hold_reason = ''
      and (state = 'planned' or (state = 'open' and `+neverLanded+`))
    returning cancellation_id, scheme, hold_reason, state
), held as (
    select cancellation_id, scheme, hold_reason from limited where state = 'held'
)`+heldEvents("held")+`
select from limited`, scheme, string(reason))
	return err
}

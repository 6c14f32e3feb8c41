package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// forgetAnswers lets a cancellation begin its waits and its caps anew. What may have landed is not forgotten.
const forgetAnswers = `same_disposition = '', same_count = 0, same_since = null, answer_changes = 0,
    text_id = null, awaits_text = false, ` + ForgetUnsentColumns

// EndedWith are settled cancellations that ended with one of these, which was sent for them.
func EndedWith(ctx context.Context, tx pgx.Tx, ids []int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `
select k.cancellation_id
from cancellation f join cancellation k on k.order_id = f.order_id
join outcome e on e.cancellation_id = k.cancellation_id and e.revoke_time is null
where f.cancellation_id = any($1) and e.same_order_as = f.cancellation_id and k.cancellation_id <> all($1)
order by k.cancellation_id`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// Reopen opens cancellations that a person wants asked again, due at once, as if they had never been answered; their
// bills are read before anything is sent: needs_attention, open and closed become open, and done where the WMS has not
// said so itself. One whose order has another unsettled cancellation by now, or of which two are about one order, is
// same_order from then on. None of them is same_order before. What ended with one of them is opened with it, and shares
// its order as it did. Those of anew are opened under another name, unless something may have come of them in the WMS.
func Reopen(ctx context.Context, tx pgx.Tx, ids []int64, anew []Renamed) error {
	if err := lockOrdersOf(ctx, tx, ids); err != nil {
		return err
	}
	with, err := EndedWith(ctx, tx, ids)
	if err != nil {
		return err
	}
	if len(with) > 0 {
		if err := LockStanding(ctx, tx, with); err != nil {
			return err
		}
	}
	named, taken, err := takeRenamed(ctx, tx, anew)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
with asked as (
    update unsettled_cancellation
    set state = 'open', verified_time = 'epoch', due_time = greatest(now(), not_before), batch_until = null,
        `+forgetAnswers+`, update_time = now()
    where cancellation_id = any(@ids) and state in ('needs_attention', 'open')
), again as (
    update outcome c set revoke_time = now()
    where (c.cancellation_id = any(@ids) or c.cancellation_id = any(@with)) and c.revoke_time is null
      and (c.state = 'closed' or c.state = 'done' and (c.outcome = 'marked_done' or c.inferred)
        or c.cancellation_id = any(@taken))
    returning `+endedColumns+`
), named as materialized (
    select d.id, d.reason, d.props, d.owner, d.revision, o.order_id
    from `+renamedColumns.From+`
    `+orderOf+`
    join again c on c.cancellation_id = d.id
    where `+neverLanded+`
), renamed as (
    update cancellation c
    set order_id = d.order_id, cancel_reason = d.reason, extend_props = d.props::jsonb, owner_code = d.owner,
        revision = d.revision, update_time = now()
    from named d where c.cancellation_id = d.id
), placed as materialized (
    select c.order_id, c.scheme, c.bill_id, c.question, o.account,
           `+qualified("a", "cancellation_id, times_settled, "+carried)+`,
           coalesce(
               (select u.cancellation_id from unsettled_cancellation u where u.order_id = c.order_id and not u.watched),
               first_value(a.cancellation_id) over (
                   partition by c.order_id order by a.cancellation_id = any(@with), a.cancellation_id)) as sender
    from again a
    join lateral (
        select f.scheme, f.bill_id, f.question,
               coalesce((select d.order_id from named d where d.id = f.cancellation_id), f.order_id) as order_id
        from cancellation f where f.cancellation_id = a.cancellation_id) c on true
    join warehouse_order o using (order_id)
), shared as (
    insert into shared_cancellation (cancellation_id, same_order_as, scheme, bill_id, times_settled, decide_time,
        `+kept+`)
    select cancellation_id, sender, scheme, bill_id, times_settled, decide_time, `+kept+`
    from placed where sender <> cancellation_id
)
insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, question, times_settled,
    state, verified_time, due_time, decide_time, `+kept+`)
select cancellation_id, order_id, scheme, bill_id, account, question, times_settled, 'open',
    'epoch', greatest(now(), not_before), decide_time, `+kept+`
from placed where sender = cancellation_id`, renamedColumns.Args(named,
		pgx.StrictNamedArgs{"ids": ids, "with": with, "taken": taken}))
	if err != nil {
		return err
	}
	return FollowSenders(ctx, tx, taken)
}

// CloseByHand ends cancellations that a person ignores, and leaves their orders as they are: needs_attention, open,
// held and dry_run become closed.
func CloseByHand(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if _, err := tx.Exec(ctx, settleEither(
		`c.cancellation_id = any($1) and c.state in ('needs_attention', 'open', 'held')`,
		`c.cancellation_id = any($1) and c.state = 'dry_run'`, `'closed', 'ignored', false`), ids); err != nil {
		return err
	}
	return FollowSenders(ctx, tx, ids)
}

// FinishByHand ends cancellations whose order a person knows to be cancelled: needs_attention, open, held, dry_run and
// closed become done.
func FinishByHand(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if _, err := tx.Exec(ctx, settleEither(
		`c.cancellation_id = any($1) and c.state in ('needs_attention', 'open', 'held')`,
		`c.cancellation_id = any($1) and c.state in ('dry_run', 'closed')`, `'done', 'marked_done', false`),
		ids); err != nil {
		return err
	}
	return FollowSenders(ctx, tx, ids)
}

// OpenReleased opens those of these cancellations of a scheme that are held, since a person releases them, and answers
// which: held becomes open.
func OpenReleased(ctx context.Context, tx pgx.Tx, scheme string, ids []int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `
with was as materialized (
    select cancellation_id, hold_reason from unsettled_cancellation
    where scheme = $1 and state = 'held' and cancellation_id = any($2)
    order by cancellation_id
    for update
), released as (
    update unsettled_cancellation u
    set state = 'open', hold_reason = '', due_time = greatest(now(), not_before), batch_until = null,
        `+ForgetUnsentColumns+`, update_time = now()
    from was
    where u.cancellation_id = was.cancellation_id
    returning u.cancellation_id, u.scheme, was.hold_reason as held_for
), told as (`+LeaveEvents(EventReleased, `'open'`, `held_for`, `scheme`, `cancellation_id`, `released`)+`
)
select cancellation_id from released`, scheme, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// EndUnsentAsDryRun ends what a scheme owed until a person set it to send, except what may have reached the WMS, and
// answers which: planned, open and held become dry_run, and so does what shares the order with one of them or with one
// of another scheme.
func EndUnsentAsDryRun(ctx context.Context, tx pgx.Tx, scheme string) ([]int64, error) {
	if err := lockShared(ctx, tx, `c.scheme = $1`, scheme); err != nil {
		return nil, err
	}
	ended, err := settledIDs(ctx, tx, settle(`c.scheme = $1 and c.state in ('planned', 'open', 'held')
        and (watched or `+neverLanded+`)`, `'dry_run', 'dry_run', false`), scheme)
	if err != nil {
		return nil, err
	}
	shared, err := settledIDs(ctx, tx, settleShared(`c.scheme = $1 and `+neverLanded+` and not exists (
        select from unsettled_cancellation u where u.cancellation_id = c.same_order_as and u.scheme = c.scheme)`,
		`'dry_run', 'dry_run', false`), scheme)
	if err != nil {
		return nil, err
	}
	return append(ended, shared...), FollowSenders(ctx, tx, ended)
}

// AnswerMoves are the rows of a reclassification turned on their side, as unnest wants them.
type AnswerMoves struct {
	IDs              []int64
	States, Outcomes []string
	Inferred         []bool
	Waits            []time.Duration
	Counts           []int
	Since            []time.Time
	// Work is what a person is told; done are those that end as done.
	Work []WorkItem
	Done []int64
}

// FollowMeaning lets cancellations go on as if what a person says that an answer means had been known: open and
// needs_attention become what the answer makes of an open one, which is open, done, needs_attention or closed.
func FollowMeaning(ctx context.Context, tx pgx.Tx, m AnswerMoves, meaning rule.Disposition) error {
	_, err := tx.Exec(ctx, `
with r as (
    select * from unnest(@ids::bigint[], @states::text[], @outcomes::text[], @inferred::boolean[], @waits::interval[],
        @counts::integer[], @since::timestamptz[])
      as r (id, state, outcome, inferred, wait, same_count, same_since)
), moved as (
    update unsettled_cancellation c
    set state = r.state, due_time = greatest(now() + r.wait, c.not_before),
        verified_time = case when r.state = 'open' then 'epoch' else c.verified_time end, batch_until = null,
        disposition = @meaning, same_disposition = @meaning, same_count = r.same_count, same_since = r.same_since,
        text_id = null, awaits_text = false, `+ForgetUnsentColumns+`, answer_changes = 0,
        maybe_landed = c.maybe_landed or @landed, update_time = now()
    from r
    where c.cancellation_id = r.id and c.state in ('open', 'needs_attention') and r.state not in ('done', 'closed')
    returning c.cancellation_id, c.scheme, c.state, c.disposition
), settled as (
    delete from unsettled_cancellation c using r
    where c.cancellation_id = r.id and c.state in ('open', 'needs_attention') and r.state in ('done', 'closed')
    returning c.cancellation_id, c.times_settled, c.scheme, r.state, r.outcome, r.inferred, c.not_before, c.lease_until,
        c.attempt, c.vendor_message, c.maybe_landed or @landed as maybe_landed, c.answer_lost,
        c.decide_time
), told as (`+settledEvents("settled")+`
), told_waiting as (`+waitingEvents("disposition", "moved")+`
)
insert into outcome (cancellation_id, times_settled, scheme, state, outcome, inferred, `+carried+`)
select cancellation_id, times_settled + 1, scheme, state, outcome, inferred, not_before, lease_until, attempt,
    @meaning, vendor_message, maybe_landed, answer_lost, decide_time, now()
from settled`, pgx.StrictNamedArgs{
		"ids": m.IDs, "states": m.States, "outcomes": m.Outcomes, "inferred": m.Inferred, "waits": m.Waits,
		"counts": m.Counts, "since": m.Since, "meaning": string(meaning), "landed": meaning.MayHaveLanded(),
	})
	if err != nil {
		return err
	}
	return FollowSenders(ctx, tx, m.IDs)
}

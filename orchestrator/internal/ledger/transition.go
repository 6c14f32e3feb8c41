package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// A cancellation changes its state in these files and nowhere else:
//
//	transition.go         what a run decides
//	transition_answer.go  what the read before a request, the request and its answer decide
//	transition_act.go     what a person decides
//
// Each function is one statement. Its comment says from which states to which and by whom, and its condition on the
// state keeps everything else out: a row that somebody else has changed meanwhile stays as it is. Statements that move
// only due times, leases, batches, reasons and counts stand with the capability that needs them: lease.go, dispatch.go,
// number.go, verified.go, operator_resume.go and addReasons.

// ForgetUnsentColumns lets the time begin anew in which nothing could be sent, or its bill not be read.
const ForgetUnsentColumns = `unsent_since = null, unsent_time = null, unsent_for = '0', unread_since = null`

// NeedsAttentionUnread is true of a cancellation c that waits for a person because its bill could not be read.
const NeedsAttentionUnread = `exists (select from work_item w where w.cancellation_id = c.cancellation_id and w.kind = 'bill_unread' and w.close_time is null)`

// neverLanded is true of a cancellation that nothing in the WMS can have come of: nothing is in flight, and whatever was tried was
// not sent or refused.
const neverLanded = `not maybe_landed and lease_until is null`

// planned is a cancellation that plan has planned, and why it will be held; free ones have no reason.
type planned struct {
	CancellationID int64
	HoldReason     rule.HoldReason
}

// plan plans what a run found owed, as args of cancellationArrays say, and answers what it planned: a new cancellation,
// and one that is
//   - withdrawn: a trigger holds again;
//   - dry_run, now that the scheme sends: something else calls for it, or @reopen says to take it up;
//   - needs_attention, because its bill could not be read, and now its bill is proved deleted;
//   - held for number_reuse_unsaid, and something calls for it now that needs no person;
//   - open, and nothing calls for it any longer but what needs a person for number_reuse_unsaid.
//
// Any other stays as it is. What is planned anew is read again, by number too, before it is sent.
func plan(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) ([]planned, error) {
	rows, err := tx.Query(ctx, `
insert into cancellation as c (scheme, bill_id, bill_no, generation, affair_type, direction, warehouse_number, account,
    warehouse_code, order_code, order_type, cancel_reason, extend_props, owner_code, triggers, evidence, orders_from,
    revision, run_id, business_date, state, hold_reason, not_before, verified_time, traceparent)
select @scheme, d.bill_id, d.bill_no, d.generation, d.affair, d.direction, d.number, d.account,
    d.warehouse, d.order_code, d.order_type, d.reason, d.props::jsonb, d.owner, d.triggers::text[], d.evidence,
    d.orders_from, @revision, @run, d.business_date, 'planned', d.hold, d.not_before, d.verified, @traceparent
from unnest(`+cancellationKeys+`,
    @affairs::text[], @directions::text[], @numbers::text[], @bill_nos::text[], @reasons::text[], @props::text[],
    @owners::text[], @evidence::text[], @orders_from::text[], @holds::text[], @not_before::timestamptz[],
    @verified::timestamptz[], @dates::date[])
  as d (bill_id, generation, account, warehouse, order_code, order_type, triggers,
    affair, direction, number, bill_no, reason, props, owner,
    evidence, orders_from, hold, not_before, verified, business_date)
on conflict on constraint cancellation_once do update
set state = 'planned', hold_reason = excluded.hold_reason, outcome = '', inferred = false, outcome_time = null,
    decide_time = null, verified_time = 'epoch', number_read_time = null, unread_since = null, run_id = excluded.run_id,
    revision = excluded.revision, bill_no = excluded.bill_no, cancel_reason = excluded.cancel_reason,
    extend_props = excluded.extend_props, owner_code = excluded.owner_code, evidence = excluded.evidence,
    orders_from = excluded.orders_from, due_time = now(), batch_until = null, traceparent = excluded.traceparent,
    same_disposition = '', same_count = 0, same_since = null, update_time = now()
where c.state = 'withdrawn'
   or c.state = 'dry_run' and (@reopen or not c.triggers @> excluded.triggers)
      and (select s.mode from scheme s where s.scheme = @scheme) = 'send'
   or c.state = 'needs_attention' and @deleted = any(excluded.triggers) and `+NeedsAttentionUnread+`
   or c.state = 'held' and c.hold_reason = @reuse and excluded.hold_reason = ''
   or c.state = 'open' and c.not_before is null and excluded.hold_reason = @reuse
returning cancellation_id, hold_reason`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[planned])
}

// TakeBack withdraws what an earlier run planned for these bills and did not live to open, before they are decided
// anew, maybe under another revision: planned becomes withdrawn. What is owed again is planned again.
func TakeBack(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) error {
	_, err := tx.Exec(ctx, `
update cancellation
set state = 'withdrawn', hold_reason = '', outcome = 'decided anew', outcome_time = now(), update_time = now()
where scheme = $1 and bill_id = any($2) and state = 'planned'`, scheme, bills)
	return err
}

// WithdrawBills withdraws the cancellations of bills for which a run found that no trigger holds any longer: planned,
// open, held and needs_attention become withdrawn. What is in flight is withdrawn too: its answer is still written to
// its attempt.
func WithdrawBills(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `
update cancellation
set state = 'withdrawn', hold_reason = '', outcome = 'no_trigger', outcome_time = now(), update_time = now()
where scheme = $1 and bill_id = any($2) and state in ('planned', 'open', 'held', 'needs_attention')
returning cancellation_id`, scheme, bills)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// HoldPlan holds what was planned with a reason to, once its run is complete: planned becomes held. of says which of
// the scheme's.
func HoldPlan(ctx context.Context, tx pgx.Tx, scheme, of string) (int64, error) {
	tag, err := tx.Exec(ctx, `
update cancellation set state = 'held', decide_time = now(), update_time = now()
where scheme = $1 and state = 'planned' and hold_reason <> '' and `+of, scheme)
	return tag.RowsAffected(), err
}

// OpenPlan opens what was planned without a reason to hold it, once its run is complete: planned becomes open. of says
// which of the scheme's.
func OpenPlan(ctx context.Context, tx pgx.Tx, scheme, of string) (int64, error) {
	tag, err := tx.Exec(ctx, `
update cancellation
set state = 'open', decide_time = now(), due_time = greatest(now(), not_before), `+ForgetUnsentColumns+`,
    answer_changes = 0, update_time = now()
where scheme = $1 and state = 'planned' and hold_reason = '' and `+of, scheme)
	return tag.RowsAffected(), err
}

// EndPlanAsDryRun ends what was planned, once its run is complete, where the scheme only watches: planned becomes
// dry_run. of says which of the scheme's.
func EndPlanAsDryRun(ctx context.Context, tx pgx.Tx, scheme, of string) (int64, error) {
	tag, err := tx.Exec(ctx, `
update cancellation
set state = 'dry_run', hold_reason = '', outcome = 'dry_run', decide_time = now(), outcome_time = now(),
    update_time = now()
where scheme = $1 and state = 'planned' and `+of, scheme)
	return tag.RowsAffected(), err
}

// HoldAtLimit holds everything of a scheme that cannot have reached the WMS, because a safety limit was reached: open
// becomes held, and planned is given the reason for which HoldPlan will hold it.
func HoldAtLimit(ctx context.Context, tx pgx.Tx, scheme string, reason rule.HoldReason) error {
	_, err := tx.Exec(ctx, `
update cancellation set hold_reason = $2, state = case state when 'open' then 'held' else state end, update_time = now()
where scheme = $1 and hold_reason = '' and (state = 'planned' or (state = 'open' and `+neverLanded+`))`,
		scheme, string(reason))
	return err
}

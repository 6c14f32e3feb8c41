package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// questionRow is what a question has besides what is owed, with the columns that name its row among the owedRows.
type questionRow struct {
	BillID    int64     `col:"bill_id bigint"`
	Account   string    `col:"account text"`
	Warehouse string    `col:"warehouse text"`
	OrderCode string    `col:"order_code text"`
	OrderType string    `col:"order_type text"`
	Question  int       `col:"question integer"`
	Asked     time.Time `col:"asked timestamptz"`
}

var questionColumns = ColumnsOf[questionRow]("q")

// answeredSince is true of an order that a request was answered about which left after the bill d was doubted: that
// answered the question, too.
const answeredSince = `exists (
    select from cancellation c join attempt a using (cancellation_id)
    where c.order_id = o.order_id and a.intent_time >= (
            select b.store_time from bill_doubt b where b.scheme = @scheme and b.bill_id = d.bill_id)
      and a.disposition in ('cancelled', 'already_cancelled', 'in_progress', 'too_late', 'not_found', 'rejected'))`

// leftAlone is true of an order of a bill d that a person has decided to leave as it is, or that was decided about in
// dry run only, whatever it was called then: a question must not send what nobody has sent.
const leftAlone = `exists (
    select from cancellation c join outcome e using (cancellation_id)
    where c.scheme = @scheme and c.bill_id = d.bill_id and c.generation = d.generation
      and (c.order_id = o.order_id or c.bill_kind = d.bill_kind and c.direction = d.direction
           and c.warehouse_number = d.number)
      and e.revoke_time is null and (e.state = 'dry_run' or e.state = 'closed' and e.outcome = 'ignored'))`

// askedLater is when a bill is read again to be asked about an order of which a cancellation was not settled.
const askedLater = `interval '10 minutes'`

// PlanQuestions plans the questions of a page, behind what it owes, and remembers that their bills were asked about.
// An order that was answered about since is not; where the scheme only watches none is. Where a cancellation of an
// order is not settled, of whatever bill, it may yet be answered: the bill's doubt stays, and is looked at later. Two
// orders of one kind and warehouse are two questions, numbered on from those that there were.
func PlanQuestions(ctx context.Context, tx pgx.Tx, run *Run, questions []Cancellation) error {
	if len(questions) == 0 {
		return nil
	}
	asked, err := owedRows(questions)
	if err != nil {
		return err
	}
	if err := writeOrders(ctx, tx, ordersOf(asked)); err != nil {
		return err
	}
	if err := lockOrders(ctx, tx, ordersOf(asked)); err != nil {
		return err
	}
	rows := make([]questionRow, len(asked))
	for i, d := range asked {
		rows[i] = questionRow{
			d.BillID, d.Account, d.Warehouse, d.OrderCode, d.OrderType, questions[i].Question, questions[i].Asked,
		}
	}
	args := questionColumns.Args(rows, owedColumns.Args(asked, pgx.StrictNamedArgs{
		"scheme": run.Scheme, "revision": run.Revision, "run": NullID(run.ID),
		"traceparent": telemetry.Traceparent(ctx),
	}))
	_, err = tx.Exec(ctx, `
with wanted as materialized (
    select d.*, o.order_id, q.question as nth, q.asked
    from `+owedColumns.From+`
    join `+questionColumns.From+` using (bill_id, account, warehouse, order_code, order_type)
    `+orderOf+`
    where (select s.mode from scheme s where s.scheme = @scheme) = 'send'
      and not `+answeredSince+` and not `+leftAlone+`
), found as (
    select distinct on (w.order_id) w.*
    from wanted w
    where not exists (select from unsettled_cancellation u where u.order_id = w.order_id and not u.watched)
    order by w.order_id, w.bill_id
), d as (
    select f.*, coalesce((
               select max(c.question) from cancellation c
               where c.scheme = @scheme and c.bill_id = f.bill_id and c.bill_kind = f.bill_kind
                 and c.direction = f.direction and c.warehouse_number = f.number and c.generation = f.generation), 0)
           + (row_number() over (
               partition by f.bill_id, f.bill_kind, f.direction, f.number order by f.order_id))::integer as question
    from found f
), asked as (
    insert into cancellation (scheme, bill_id, bill_no, generation, question, order_id, bill_kind, direction,
        warehouse_number, cancel_reason, extend_props, owner_code, triggers, evidence, orders_from, revision, run_id,
        business_date, traceparent)
    select @scheme, d.bill_id, d.bill_no, d.generation, d.question, d.order_id, d.bill_kind, d.direction, d.number,
        d.reason, d.props::jsonb, d.owner, d.triggers::text[], d.evidence, d.orders_from, @revision, @run,
        d.business_date, @traceparent
    from d
    order by d.bill_id, d.bill_kind, d.direction, d.number, d.question
    on conflict on constraint cancellation_once do nothing
    returning cancellation_id, bill_id, order_id, question
), made as (
    insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, question, state,
        hold_reason, verified_time, not_before)
    select a.cancellation_id, a.order_id, @scheme, a.bill_id, d.account, a.question, 'planned', d.hold, 'epoch',
        d.not_before
    from asked a join d using (order_id)
), doubted as (
    select w.bill_id, max(w.nth) filter (where a.order_id is not null) as nth,
           max(w.asked) filter (where a.order_id is not null) as asked, bool_or(a.order_id is null) as waits
    from wanted w left join asked a on a.bill_id = w.bill_id and a.order_id = w.order_id
    group by w.bill_id
), later as (
    update bill b set reread_time = now() + `+askedLater+`
    from doubted w where b.scheme = @scheme and b.bill_id = w.bill_id and w.waits
)
update bill_doubt b
set asked_time = coalesce(w.asked, b.asked_time), questions = greatest(b.questions, w.nth),
    doubted_since = case when w.waits then b.doubted_since end, content = case when w.waits then b.content end
from (select distinct bill_id from `+questionColumns.From+`) q left join doubted w using (bill_id)
where b.scheme = @scheme and b.bill_id = q.bill_id`, args)
	return err
}

// ForgetDoubts lets nothing be asked about that was doubted of a scheme's bills until now.
func ForgetDoubts(ctx context.Context, tx pgx.Tx, scheme string) error {
	_, err := tx.Exec(ctx, `
update bill_doubt set doubted_since = null, content = null where scheme = $1 and doubted_since is not null`, scheme)
	return err
}

// endQuestions withdraws what is asked about the orders of these cancellations, which are owed by now and ask the same
// with more right: planned, open, held and needs_attention become withdrawn. What is owed shared the order with the
// question until then, and takes it over.
func endQuestions(ctx context.Context, tx pgx.Tx, owed []int64) error {
	if len(owed) == 0 {
		return nil
	}
	ended, err := settledIDs(ctx, tx, settle(`c.question > 0
      and c.order_id in (select o.order_id from cancellation o where o.cancellation_id = any($1))`,
		`'withdrawn', 'owed', false`), owed)
	if err != nil || len(ended) == 0 {
		return err
	}
	if err := FollowSenders(ctx, tx, ended); err != nil {
		return err
	}
	return CloseCancellationWork(ctx, tx, ended, "owed now")
}

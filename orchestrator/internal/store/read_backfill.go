package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

const backfillColumns = `
select b.backfill_id, b.scheme, b.state, b.plan_only, b.before_cutover, b.from_time as "from", b.to_time as "to", b.numbers, b.revision, b.actor, b.reason,
       b.create_time, b.end_time, b.cursor_id as cursor, b.run_counts, b.rows_outside, b.counts, b.numbers_not_found as not_found, b.error
from backfill b`

// BackfillViews lists backfills newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) BackfillViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.BackfillView, error) {
	where, args := query.Newest("b.backfill_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and b.scheme = @scheme`, scheme
	}
	return ledger.ReadAll[ledger.BackfillView](ctx, s.pool, "list backfills", backfillColumns+where+`
order by b.backfill_id desc
limit @limit`, args)
}

// BackfillView answers one backfill; ledger.ErrNotFound when there is none.
func (s *Store) BackfillView(ctx context.Context, id int64) (ledger.BackfillView, error) {
	return backfillView(ctx, s.pool, id)
}

// BackfillIn is BackfillView as a transaction sees it, for the reply to an act.
func (s *Store) BackfillIn(ctx context.Context, tx pgx.Tx, id int64) (ledger.BackfillView, error) {
	return backfillView(ctx, tx, id)
}

func backfillView(ctx context.Context, db ledger.Reads, id int64) (ledger.BackfillView, error) {
	return ledger.ReadOne[ledger.BackfillView](ctx, db, "read backfill", backfillColumns+`
where b.backfill_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("backfill %d", id))
}

// ItemViews lists the items of a backfill in their order, at most limit, those behind after, with what their cancellations came to so far;
// no states means all. ledger.ErrNotFound when there is no such backfill.
func (s *Store) ItemViews(ctx context.Context, backfill int64, states []string, after int64, limit int) ([]ledger.ItemView, error) {
	args := pgx.StrictNamedArgs{"backfill": backfill, "after": after, "limit": limit}
	where := ""
	if len(states) > 0 {
		where, args["states"] = ` and i.state = any(@states)`, states
	}
	views, err := ledger.ReadAll[ledger.ItemView](ctx, s.pool, "list backfill items", `
select i.item, i.bill_id, i.bill_no, i.class, i.state, i.order_kind, i.warehouse_number, i.account, i.warehouse_code, i.order_code, i.order_type,
       i.cancel_reason, i.extend_props, i.owner_code, i.triggers, i.evidence, i.generation, coalesce(i.cancellation_id, 0) as cancellation_id, i.detail,
       coalesce(c.state, '') as cancellation_state, coalesce(c.disposition, '') as disposition, c.outcome_time
from backfill_item i left join cancellation_now c using (cancellation_id)
where i.backfill_id = @backfill and i.item > @after`+where+`
order by i.item
limit @limit`, args)
	if err == nil && len(views) == 0 {
		_, err = s.BackfillView(ctx, backfill)
	}
	return views, err
}

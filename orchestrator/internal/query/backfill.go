package query

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ItemViews lists the items of a backfill in their order, at most limit, those behind after, with what their
// cancellations came to so far; no states means all. ledger.ErrNotFound when there is no such run, a *ledger.KindError
// when it is no backfill.
func (r *Reader) ItemViews(
	ctx context.Context, run int64, states []string, after int64, limit int,
) ([]ledger.ItemView, error) {
	args := pgx.StrictNamedArgs{"run": run, "after": after, "limit": limit}
	where := ""
	if len(states) > 0 {
		where, args["states"] = ` and i.state = any(@states)`, states
	}
	views, err := ledger.ReadAll[ledger.ItemView](ctx, r.pool, "list backfill items", `
select i.item, i.bill_id, i.bill_no, i.class, i.state, i.order_kind, i.warehouse_number, i.account, i.warehouse_code,
       i.order_code, i.order_type, i.cancel_reason, i.extend_props, i.owner_code, i.triggers, i.evidence, i.generation,
       coalesce(i.cancellation_id, 0) as cancellation_id, i.detail, coalesce(c.state, '') as cancellation_state,
       coalesce(c.disposition, '') as disposition, c.outcome_time
from backfill_item i left join cancellation_now c using (cancellation_id)
where i.run_id = @run and i.item > @after`+where+`
order by i.item
limit @limit`, args)
	if err == nil && len(views) == 0 {
		var found ledger.Run
		if found, err = r.Run(ctx, run); err == nil && found.Kind != ledger.Backfill {
			err = &ledger.KindError{ID: run, Kind: found.Kind}
		}
	}
	return views, err
}

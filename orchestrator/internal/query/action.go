package query

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ActionViews lists what persons did, newest first, at most limit, those older than before (0 = from the newest).
func (r *Reader) ActionViews(
	ctx context.Context, f ledger.ActionFilter, before int64, limit int,
) ([]ledger.ActionView, error) {
	where, args := Newest("o.operator_action_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and o.scheme = @scheme`, f.Scheme
	}
	if f.CancellationID != 0 {
		where += ` and o.operator_action_id in (select operator_action_id from operator_action_cancellation where ` +
			`cancellation_id = @cancellation)`
		args["cancellation"] = f.CancellationID
	}
	return ledger.ReadAll[ledger.ActionView](ctx, r.pool, "list operator actions", `
select o.operator_action_id as action_id, o.actor, o.verb, coalesce(o.scheme, '') as scheme, o.reason,
       o.parameters::text, o.result::text, o.create_time, coalesce(o.request_id, '') as request_id,
       coalesce((o.result->>'count')::bigint, (
           select count(*) from operator_action_cancellation l where l.operator_action_id = o.operator_action_id
       )) as count
from operator_action o`+where+`
order by o.operator_action_id desc
limit @limit`, args)
}

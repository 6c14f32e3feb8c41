package store

import (
	"context"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ActionViews lists what persons did, newest first, at most limit, those older than before (0 = from the newest).
func (s *Store) ActionViews(ctx context.Context, f ledger.ActionFilter, before int64, limit int) ([]ledger.ActionView, error) {
	type row struct {
		OperatorActionID            int64
		Actor, Verb, Scheme, Reason string
		Parameters, Result          string
		CreateTime                  time.Time
	}
	where, args := newest("o.operator_action_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and o.scheme = @scheme`, f.Scheme
	}
	if f.CancellationID != 0 {
		where += ` and o.operator_action_id in (select operator_action_id from operator_action_cancellation where cancellation_id = @cancellation)`
		args["cancellation"] = f.CancellationID
	}
	rows, err := readAll[row](ctx, s, "list operator actions", `
select o.operator_action_id, o.actor, o.verb, coalesce(o.scheme, '') as scheme, o.reason, o.parameters::text, o.result::text, o.create_time
from operator_action o`+where+`
order by o.operator_action_id desc
limit @limit`, args)
	views := make([]ledger.ActionView, len(rows))
	for i, r := range rows {
		views[i] = ledger.ActionView{
			ActionID: r.OperatorActionID, Actor: r.Actor, Verb: r.Verb, Scheme: r.Scheme, Reason: r.Reason, Parameters: r.Parameters, Result: r.Result,
			CreateTime: r.CreateTime.UTC(),
		}
	}
	return views, err
}

package query

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// ConditionViews lists conditions, newest first, at most limit, those older than before (0 = from the newest).
func (r *Reader) ConditionViews(
	ctx context.Context, f ledger.ConditionFilter, before int64, limit int,
) ([]ledger.ConditionView, error) {
	return conditionViews(ctx, r.pool, f, before, limit)
}

func conditionViews(
	ctx context.Context, db ledger.Reads, f ledger.ConditionFilter, before int64, limit int,
) ([]ledger.ConditionView, error) {
	where, args := Newest("o.condition_id", before, limit)
	if f.Scheme != "" {
		where += ` and exists (
    select from scheme s
    where s.scheme = @scheme and ` + ledger.AboutScheme + ` and (o.account = '' or o.account = any(s.wms_accounts)))`
		args["scheme"] = f.Scheme
	}
	if !f.IncludeEnded {
		where += ` and o.open`
	}
	return ledger.ReadAll[ledger.ConditionView](ctx, db, "list conditions", `
select o.condition_id, o.kind, coalesce(o.scheme, '') as scheme, o.data_center_id, o.account, o.trigger, o.host,
       o.reason, o.detail, o.message, o.action, o.message_en, o.action_en, o.blocks_reading, o.blocks_sending,
       o.by_person, o.since, o.last_seen, o.returns, o.probe_time, o.end_time, o.end_reason
from reporting.condition o`+where+`
order by o.condition_id desc
limit @limit`, args)
}

// OpenConditions answers the open conditions and how long each has lasted, by the database's clock.
func (r *Reader) OpenConditions(ctx context.Context) ([]ledger.ConditionFigure, error) {
	return ledger.ReadAll[ledger.ConditionFigure](ctx, r.pool, "read open conditions", `
select kind, coalesce(scheme, '') as scheme, data_center_id, account, trigger, host, reason,
       extract(epoch from now() - since)::float8 as age
from condition
where end_time is null
order by condition_id
limit @limit`, pgx.StrictNamedArgs{"limit": maxSchemeConditions})
}

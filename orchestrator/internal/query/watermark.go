package query

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// WatermarkChanges lists how a scheme's watermark moved, newest first, at most limit: by persons, and by runs that
// found something. Those before the given move; a zero one begins at the newest.
func (r *Reader) WatermarkChanges(
	ctx context.Context, scheme string, before ledger.WatermarkChangeKey, limit int,
) ([]ledger.WatermarkChangeView, error) {
	type row struct {
		MoveTime        time.Time
		WatermarkBefore time.Time
		WatermarkAfter  time.Time
		RunID           int64
		Actor           string
		Reason          string
	}
	at := before.Time
	rows, err := ledger.ReadAll[row](ctx, r.pool, "list moves of the watermark", `
with by_persons as (
    select move_time, watermark_before, watermark_after, 0::bigint as run_id, actor, reason
    from watermark_change
    where scheme = @scheme and (move_time, 0) < (coalesce(@at::timestamptz, 'infinity'), @run::bigint)
    order by move_time desc
    limit @limit
), by_runs as (
    select end_time as move_time, watermark_before, watermark_after, run_id, '' as actor, '' as reason
    from run join run_reading using (run_id)
    where scheme = @scheme and state = 'complete' and watermark_after is distinct from watermark_before
      and (end_time, run_id) < (coalesce(@at::timestamptz, 'infinity'), @run::bigint)
    order by run_id desc
    limit @limit
)
select move_time, watermark_before, watermark_after, run_id, actor, reason from by_persons
union all
select move_time, watermark_before, watermark_after, run_id, actor, reason from by_runs
order by move_time desc, run_id desc
limit @limit`, pgx.StrictNamedArgs{"scheme": scheme, "at": ledger.NullTime(at), "run": before.RunID, "limit": limit})
	if err != nil {
		return nil, err
	}
	moves := make([]ledger.WatermarkChangeView, len(rows))
	for i, r := range rows {
		moves[i] = ledger.WatermarkChangeView{
			Key: ledger.WatermarkChangeKey{Time: r.MoveTime, RunID: r.RunID}, WatermarkBefore: r.WatermarkBefore,
			WatermarkAfter: r.WatermarkAfter, Actor: r.Actor, Reason: r.Reason,
		}
	}
	return moves, nil
}

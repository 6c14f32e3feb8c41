package query

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Figures answers what monitoring asks, for each scheme of the loaded file, by this server's clock.
func (r *Reader) Figures(ctx context.Context) ([]ledger.Figures, error) {
	type row struct {
		Scheme       string
		Failures     int64
		Work         int64
		OldestOpen   time.Duration
		Read         bool
		Runs         int64
		RunAge       time.Duration
		WatermarkLag time.Duration
	}
	rows, err := ledger.ReadAll[row](ctx, r.pool, "read figures", `
select s.scheme, coalesce(f.failures, 0) as failures,
       (select count(*) from work_item w where w.scheme = s.scheme and w.close_time is null) as work,
       coalesce((select now() - min(c.decide_time) from unsettled_cancellation c
           where c.scheme = s.scheme and c.state = 'open' and not c.awaits_text
             and (c.not_before is null or c.not_before <= now())),
           interval '0') as oldest_open,
       m.scheme is not null as read, coalesce(m.version, 0) as runs,
       coalesce(now() - m.last_run_time, interval '0') as run_age,
       coalesce(now() - m.watermark_time, interval '0') as watermark_lag
from scheme s left join watermark m using (scheme) left join run_failure f using (scheme)
where s.active
order by s.scheme
limit @limit`, pgx.StrictNamedArgs{"limit": 1000})
	if err != nil {
		return nil, err
	}
	figures, views := make([]ledger.Figures, len(rows)), make([]ledger.SchemeView, len(rows))
	for i, r := range rows {
		views[i] = ledger.SchemeView{Scheme: r.Scheme}
		figures[i] = ledger.Figures{
			Scheme: r.Scheme, OpenWorkItems: r.Work, Failures: r.Failures, OldestOpen: r.OldestOpen,
			Read: r.Read, Runs: r.Runs, RunAge: r.RunAge, WatermarkLag: r.WatermarkLag,
		}
	}
	err = addCounts(ctx, r.pool, views)
	for i, v := range views {
		figures[i].Counts = v.Counts
	}
	return figures, err
}

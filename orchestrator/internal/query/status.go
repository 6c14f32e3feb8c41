package query

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// SchemeStatuses answers how each scheme of the loaded file reads and sends, by name; at most 500.
func (r *Reader) SchemeStatuses(ctx context.Context) ([]ledger.SchemeStatus, error) {
	return ledger.ReadAll[ledger.SchemeStatus](ctx, r.pool, "read status of schemes", `
select s.scheme, s.mode, s.incremental_millis * interval '1 millisecond' as incremental_interval, r.as_of,
       m.watermark_time, r.stands_still, r.stands_still_since, r.standing, r.standing_en,
       case when s.mode = 'send' then s.send_since end as send_since,
       (select count(*) from work_item w where w.scheme = s.scheme and w.close_time is null) as open_work_items,
       b.kinds as sending_blocked_by, b.since as sending_blocked_since
from scheme s
cross join lateral (
    select coalesce(array_agg(distinct o.kind order by o.kind), '{}') as kinds, min(o.since) as since
    from condition o
    where o.end_time is null and o.blocks_sending and `+ledger.AboutScheme+`
      and (o.account = '' or o.account = any(s.wms_accounts))) b
join reporting.reading r on r.scheme = s.scheme
left join watermark m on m.scheme = s.scheme
where s.active
order by s.scheme
limit 500`, nil)
}

// Unsettled counts the cancellations that have not ended, by scheme and state, with the age of the oldest.
func (r *Reader) Unsettled(ctx context.Context) ([]ledger.UnsettledCount, error) {
	return ledger.ReadAll[ledger.UnsettledCount](ctx, r.pool, "count what has not ended", `
select scheme, state, sum(cancellations)::bigint as count, min(oldest_time) as oldest_time
from reporting.aging
group by scheme, state
order by scheme, state`, nil)
}

// Hosts answers the orchestrators that gave a sign of life within a week, by name.
func (r *Reader) Hosts(ctx context.Context) ([]ledger.HostView, error) {
	return ledger.ReadAll[ledger.HostView](ctx, r.pool, "list hosts", `
select host, version, beat_time, beat_time < now() - interval '2 minutes' as gone
from host
where beat_time > now() - interval '7 days'
order by host
limit 500`, nil)
}

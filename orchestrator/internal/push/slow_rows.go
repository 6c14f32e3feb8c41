package push

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// needsSlow is true of a cancellation c whose verification is the one that a condition o says is too slow: un_audited
// where nothing else ever called for it, only an un-audit calls for it by now, or another bill lets its order go only
// for that; else voided, which stands for everything.
const needsSlow = `(o.trigger = 'voided' or c.not_before is not null or not exists (
    select from cancellation f
    where f.cancellation_id = c.cancellation_id and f.triggers <> array['un_audited'])
    or ` + ledger.HangsOnUnAudit + `)`

// notTooSlow is true of a cancellation c of scheme s that need not be verified, because its bill was read less than
// loaded.fresh ago, or whose verification is not too slow.
const notTooSlow = `not exists (
    select from condition o
    where o.end_time is null and o.kind = 'kingdee_slow' and o.data_center_id = s.data_center_id
      and c.verified_time <= now() -
          case when c.not_before is null and not ` + ledger.HangsOnUnAudit + ` then loaded.fresh
          else least(loaded.fresh, interval '8 seconds') end
      and ` + needsSlow + `)`

// loaded lays a gathering's schemes out for unnest.
func loaded(g ledger.Gathering) (names []string, revisions []int, fresh []time.Duration) {
	for name, revision := range g.Revisions {
		names, revisions = append(names, name), append(revisions, revision)
		fresh = append(fresh, g.Fresh[name])
	}
	return names, revisions, fresh
}

// SlowTriggers answers the triggers whose verifications are too slow in a data centre, each with the reason of its
// condition.
func (s *Rows) SlowTriggers(ctx context.Context, dataCenter string) (map[rule.Trigger]string, error) {
	rows, err := s.pool.Query(ctx, `
select o.trigger, o.reason from condition o
where o.end_time is null and o.kind = 'kingdee_slow' and o.data_center_id = $1`, dataCenter)
	if err != nil {
		return nil, fmt.Errorf("look whether verifications are too slow: %w", err)
	}
	slow := map[rule.Trigger]string{}
	var trigger, reason string
	if _, err := pgx.ForEachRow(rows, []any{&trigger, &reason}, func() error {
		slow[rule.Trigger(trigger)] = reason
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look whether verifications are too slow: %w", err)
	}
	return slow, nil
}

// slowProbe is how often it is asked whether verifications are quick enough again: after 5 s, then after twice as long
// each time, 5 minutes at most.
const slowProbe = `least(interval '5 minutes', interval '5 seconds' * power(2, least(o.probes, 10)))`

// TakeSlowProbes answers, for each kingdee_slow that is due to be asked about, a batch that asks: one cancellation that
// waits for it, or none where nothing waits. Whoever takes one asks.
func (s *Rows) TakeSlowProbes(ctx context.Context, revisions map[string]int) ([]queue.BatchArgs, error) {
	names, numbers, _ := loaded(ledger.Gathering{Revisions: revisions})
	rows, err := s.pool.Query(ctx, `
with loaded as (
    select s.scheme, s.data_center_id
    from scheme s join unnest($1::text[], $2::integer[]) as l (scheme, revision) using (scheme, revision)
    where s.active and s.mode = 'send'
), o as (
    update condition o set probe_time = now() + `+slowProbe+`, probes = o.probes + 1
    where o.end_time is null and o.kind = 'kingdee_slow' and o.probe_time <= now()
      and o.data_center_id in (select data_center_id from loaded)
    returning o.data_center_id, o.trigger
)
select r.scheme, r.account, r.cancellation_id, o.trigger
from o
cross join lateral (
    select s.scheme, coalesce(w.account, '') as account, w.cancellation_id
    from loaded l join scheme s using (scheme)
    left join lateral (
        select c.account, c.cancellation_id
        from unsettled_cancellation c
        where c.scheme = s.scheme and c.state = 'open' and not c.awaits_text and c.due_time <= now()
          and c.lease_until is null
          and (c.not_before is null or c.not_before <= now()) and (c.batch_until is null or c.batch_until < now())
          and `+ledger.MaySend+` and `+needsSlow+`
        order by c.due_time, c.cancellation_id
        limit 1
    ) w on true
    where l.data_center_id = o.data_center_id
    order by w.cancellation_id is null, s.scheme
    limit 1
) r`, names, numbers)
	if err != nil {
		return nil, fmt.Errorf("take probes of slow verifications: %w", err)
	}
	var probes []queue.BatchArgs
	var probe queue.BatchArgs
	var id *int64
	if _, err := pgx.ForEachRow(rows, []any{&probe.Scheme, &probe.Account, &id, &probe.Probe}, func() error {
		taken := probe
		if id != nil {
			taken.IDs = []int64{*id}
		}
		probes = append(probes, taken)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("take probes of slow verifications: %w", err)
	}
	return probes, nil
}

// ProbeBill answers a bill of a scheme whose verification asks nothing of anybody: the newest that it knows. False
// where it knows none.
func (s *Rows) ProbeBill(ctx context.Context, scheme string) (ledger.Due, bool, error) {
	rows, err := s.pool.Query(ctx, `
select b.bill_id, b.bill_no
from bill b
where b.scheme = $1 and b.gone_time is null and b.bill_no <> ''
order by b.bill_id desc
limit 1`, scheme)
	if err != nil {
		return ledger.Due{}, false, fmt.Errorf("find a bill to ask for: %w", err)
	}
	d, found := ledger.Due{Scheme: scheme}, false
	if _, err := pgx.ForEachRow(rows, []any{&d.BillID, &d.BillNo}, func() error {
		found = true
		return nil
	}); err != nil {
		return ledger.Due{}, false, fmt.Errorf("find a bill to ask for: %w", err)
	}
	return d, found, nil
}

// HoldBatch keeps rows of a batch that is still at work from being gathered again.
func (s *Rows) HoldBatch(ctx context.Context, ids []int64, hold time.Duration) error {
	if _, err := s.pool.Exec(ctx, `
update unsettled_cancellation c set batch_until = now() + $2::interval
from (
    select cancellation_id from unsettled_cancellation
    where cancellation_id = any($1) and state = 'open' and lease_until is null
    order by cancellation_id
    for update skip locked
) mine
where c.cancellation_id = mine.cancellation_id`, ids, hold); err != nil {
		return fmt.Errorf("keep batch: %w", err)
	}
	return nil
}

package push

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// owedFirst is true of a question c while something that its scheme owes in its account is due or on its way.
const owedFirst = `exists (
    select from unsettled_cancellation o
    where o.question = 0 and o.state = 'open' and not o.awaits_text and o.due_time <= now() and o.scheme = c.scheme
      and o.account = c.account)`

// Gather hands due cancellations that nobody works on to batches of one scheme and account, marks them as handed out,
// and lets insert put their jobs into the same transaction. It answers how many it took. A batch whose job is lost is
// gathered again once its hold has passed.
func (s *Rows) Gather(
	ctx context.Context, g ledger.Gathering, insert func(pgx.Tx, []ledger.Batch) error,
) (int, error) {
	names, revisions, fresh := loaded(g)
	taken := 0
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
with due as (
    select c.cancellation_id
    from unsettled_cancellation c join scheme s using (scheme)
    join unnest(@names::text[], @revisions::integer[], @fresh::interval[]) as loaded (scheme, revision, fresh)
        on loaded.scheme = s.scheme and loaded.revision = s.revision
    where c.state = 'open' and not c.awaits_text and c.due_time <= now()
      and (c.not_before is null or c.not_before <= now())
      and c.lease_until is null and (c.batch_until is null or c.batch_until < now())
      and `+ledger.MaySend+` and `+ledger.MayVerify+` and `+notTooSlow+` and not `+hostCannot+`
      and (c.question = 0 or not `+owedFirst+`)
    order by c.question, c.due_time, c.cancellation_id
    limit @limit
    for update of c skip locked
)
update unsettled_cancellation c set batch_until = now() + @hold from due where c.cancellation_id = due.cancellation_id
returning c.scheme, c.account, c.cancellation_id`, pgx.StrictNamedArgs{
			"names": names, "revisions": revisions, "fresh": fresh, "limit": g.Limit, "hold": g.Hold, "host": g.Host,
		})
		if err != nil {
			return err
		}
		batches := map[[2]string][]int64{}
		var scheme, account string
		var id int64
		if _, err := pgx.ForEachRow(rows, []any{&scheme, &account, &id}, func() error {
			key := [2]string{scheme, account}
			batches[key] = append(batches[key], id)
			return nil
		}); err != nil {
			return err
		}
		var all []ledger.Batch
		taken = 0
		for key, ids := range batches {
			taken += len(ids)
			for len(ids) > 0 {
				n := min(g.Size, len(ids))
				all = append(all, ledger.Batch{Scheme: key[0], Account: key[1], IDs: ids[:n]})
				ids = ids[n:]
			}
		}
		if len(all) == 0 {
			return nil
		}
		return insert(tx, all)
	})
	if err != nil {
		return 0, fmt.Errorf("gather due cancellations: %w", err)
	}
	return taken, nil
}

// GiveBack returns rows of a batch that were not worked on: they are due as before.
func (s *Rows) GiveBack(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := s.pool.Exec(ctx, `
update unsettled_cancellation set batch_until = null where cancellation_id = any($1) and batch_until is not null`,
		ids); err != nil {
		return fmt.Errorf("give back batch: %w", err)
	}
	return nil
}

// Lapsed answers attempts whose lease has run out without an answer: they may have reached the WMS.
func (s *Rows) Lapsed(ctx context.Context, limit int) ([]ledger.Due, error) {
	return s.dueRows(ctx, dueColumns+`
from attempt a join cancellation_now c on c.cancellation_id = a.cancellation_id and c.attempt = a.attempt
join scheme s on s.scheme = c.scheme
where a.disposition = '' and c.lease_until < now()
order by c.lease_until
limit $1`, limit)
}

// LoadRows looks the rows of a batch up one by one by their key (offset 0 keeps Postgres from merging that), for the
// reason given at leaseRows.
const LoadRows = dueColumns + `
from unnest($1::bigint[]) as w (id)
cross join lateral (
    select d.cancellation_id, d.scheme, d.bill_id, d.order_id, d.account, d.question, d.state, d.due_time,
           d.lease_until, d.not_before, d.verified_time, d.unread_since, d.attempt, d.maybe_landed, d.answer_lost,
           d.same_disposition, d.same_count, d.same_since, d.answer_changes, d.unsent_since,
           f.revision, f.bill_no, f.cancel_reason, f.extend_props, f.owner_code, f.triggers, f.evidence,
           f.bill_kind, f.direction, f.warehouse_number, f.traceparent, o.warehouse_code, o.order_code, o.order_type
    from unsettled_cancellation d
    join cancellation f on f.cancellation_id = d.cancellation_id
    join warehouse_order o on o.order_id = d.order_id
    where d.cancellation_id = w.id
    offset 0) as c
join scheme s using (scheme)
where c.state = 'open' and c.lease_until is null and ` + ledger.MaySend + `
order by c.question > 0, c.due_time, c.cancellation_id`

// Load answers those rows of a batch that are still to be sent, in order of their due time, questions last.
func (s *Rows) Load(ctx context.Context, ids []int64) ([]ledger.Due, error) {
	return s.dueRows(ctx, LoadRows, ids)
}

// rested is for how long conditions have kept a cancellation c from being sent since its answer came first. It is
// derived from when they lasted, so that no order writes anything meanwhile; one that came back lasted in between, too.
const rested = `
select coalesce(sum(upper(t) - lower(t)), interval '0')
from unnest((
    select range_agg(tstzrange(greatest(o.since, c.same_since),
        greatest(o.since, c.same_since, coalesce(o.end_time, now()))))
    from condition o join scheme s on s.scheme = c.scheme
    where (o.end_time is null or o.end_time > c.same_since) and o.account in ('', c.account)
      and (o.trigger = '' or o.trigger = any(c.triggers)) and ` + ledger.KeepsUnsent + `)) as t`

// dueColumns are what a push needs to know of a cancellation c.
const dueColumns = `
select c.cancellation_id, c.scheme, c.revision, s.revision as scheme_revision, c.bill_id, c.bill_no, c.order_id,
       c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason, c.extend_props, c.owner_code,
       c.bill_kind, c.direction, c.warehouse_number, c.triggers, c.evidence, c.question,
       c.not_before, c.verified_time, c.unread_since, c.attempt, c.maybe_landed, c.answer_lost, c.same_disposition,
       c.same_count, c.same_since, c.answer_changes, c.unsent_since, c.traceparent,
       case when c.same_disposition = 'not_found' then (` + rested + `) else interval '0' end as rested,
       ` + ledger.IsClaimed + ` as claimed, ` + ledger.HangsOnUnAudit + ` as hangs_on_un_audit,
       (select b.bill_create_time from bill b where b.scheme = c.scheme and b.bill_id = c.bill_id) as bill_created,
       exists (select from bill b where b.scheme = c.scheme and b.bill_id = c.bill_id
           and b.gone_time is not null) as bill_gone,
       exists (select from bill b where b.scheme = c.scheme and b.bill_id = c.bill_id
           and b.gone_time is not null and b.cancel_status = 'B') as bill_voided_last`

func (s *Rows) dueRows(ctx context.Context, query string, args ...any) ([]ledger.Due, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read due cancellations: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[dueRow])
	if err != nil {
		return nil, fmt.Errorf("read due cancellations: %w", err)
	}
	due := make([]ledger.Due, len(found))
	for i, r := range found {
		due[i] = r.due()
	}
	return due, nil
}

package push

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// LeaseRows finds and locks the rows one by one by their key, and judges them as they then are. Asked for in one go,
// Postgres walks the index of all open cancellations for each lease as long as its statistics know of few: with 10,000
// open, forty times the work.
const LeaseRows = `
with mine as materialized (
    select w.send_before, w.attempt as loaded_attempt, c.attempt, c.cancellation_id, c.scheme, c.bill_id, c.bill_no,
           c.number_read_time, c.account, c.state, c.lease_until, c.not_before
    from unnest(@ids::bigint[], @attempts::integer[], @before::timestamptz[])
      as w (cancellation_id, attempt, send_before)
    cross join lateral (
        select d.attempt, d.cancellation_id, d.scheme, d.bill_id, f.bill_no, d.number_read_time, d.account, d.state,
               d.lease_until, d.not_before
        from unsettled_cancellation d join cancellation f on f.cancellation_id = d.cancellation_id
        where d.cancellation_id = w.cancellation_id
        for update of d skip locked) as c
), leased as (
    update unsettled_cancellation u set attempt = u.attempt + 1, lease_until = now() + @lease, update_time = now()
    from mine c join scheme s on s.scheme = c.scheme
    where u.cancellation_id = c.cancellation_id and c.attempt = c.loaded_attempt and c.state = 'open'
      and c.lease_until is null and (c.not_before is null or c.not_before <= now()) and ` + ledger.MaySend + `
      and not exists (` + liveHolder + `)
    returning u.cancellation_id, u.attempt, c.send_before
)
insert into attempt (cancellation_id, attempt, send_before)
select cancellation_id, attempt, send_before from leased
returning cancellation_id, attempt`

// Lease writes the intents: each row that may still be sent gets its next attempt, on disk before anything is handed
// over, and is ours until lease has passed. due carries the SendBefore of each. Rows that somebody else took, also if
// it has been answered since they were loaded (a verification may take longer than a batch's hold), that were withdrawn
// or held, or whose number the ledger has meanwhile seen on a live bill are not among the answer.
func (s *Rows) Lease(ctx context.Context, due []ledger.Due, lease time.Duration) ([]ledger.Due, error) {
	ids := make([]int64, len(due))
	attempts := make([]int, len(due))
	before := make([]time.Time, len(due))
	byID := make(map[int64]ledger.Due, len(due))
	for i, d := range due {
		ids[i], attempts[i], before[i] = d.ID, d.Attempt, d.SendBefore
		byID[d.ID] = d
	}
	var leased []ledger.Due
	err := ledger.InKeyedTx(ctx, s.pool, func(tx pgx.Tx) error {
		leased = make([]ledger.Due, 0, len(due))
		rows, err := tx.Query(ctx, LeaseRows,
			pgx.StrictNamedArgs{"ids": ids, "attempts": attempts, "before": before, "lease": lease})
		if err != nil {
			return err
		}
		var id int64
		var attempt int
		_, err = pgx.ForEachRow(rows, []any{&id, &attempt}, func() error {
			d := byID[id]
			d.Attempt = attempt
			leased = append(leased, d)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	return leased, nil
}

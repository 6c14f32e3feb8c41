package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Claim writes the intents: each row that may still be sent gets its next attempt, on disk before anything is handed over, and
// is ours until claim has passed. due carries the SendBefore of each. Rows that somebody else took, that were superseded or
// held, or whose number the ledger has meanwhile seen on a live bill are not among the answer.
func (s *Store) Claim(ctx context.Context, due []ledger.Due, claim time.Duration) ([]ledger.Due, error) {
	ids := make([]int64, len(due))
	before := make([]time.Time, len(due))
	byID := make(map[int64]ledger.Due, len(due))
	for i, d := range due {
		ids[i], before[i] = d.ID, d.SendBefore
		byID[d.ID] = d
	}
	rows, err := s.pool.Query(ctx, `
with wanted as (
    select c.cancellation_id, w.send_before
    from unnest(@ids::bigint[], @before::timestamptz[]) as w (cancellation_id, send_before)
    join cancellation c using (cancellation_id) join scheme s on s.scheme = c.scheme
    where c.state = 'open' and c.claim_until is null and s.state = 'running' and s.mode = 'send' and not exists (`+liveHolder+`)
    for update of c skip locked
), claimed as (
    update cancellation c set attempt = c.attempt + 1, claim_until = now() + @claim, update_time = now()
    from wanted w where c.cancellation_id = w.cancellation_id
    returning c.cancellation_id, c.attempt, w.send_before
)
insert into attempt (cancellation_id, attempt, send_before)
select cancellation_id, attempt, send_before from claimed
returning cancellation_id, attempt`,
		pgx.StrictNamedArgs{"ids": ids, "before": before, "claim": claim})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	claimed := make([]ledger.Due, 0, len(due))
	var id int64
	var attempt int
	if _, err := pgx.ForEachRow(rows, []any{&id, &attempt}, func() error {
		d := byID[id]
		d.Attempt = attempt
		claimed = append(claimed, d)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

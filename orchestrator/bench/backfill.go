package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	backfillBills = 1_000_000 // unless asked for otherwise
	// backfillChunk is how many bills the sandbox makes at a time.
	backfillChunk = 50_000
	// backfillTime is far more than one takes.
	backfillTime = 20 * time.Minute
)

// backfill measures how fast bills that no run has seen are read, decided and kept, and what the services need for it:
// a baseline of nothing, then so many bills, then a backfill of all of them.
func (b *bench) backfill(ctx context.Context) (err error) {
	s, err := b.start(ctx, "backfill", 0, ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	from := time.Now().Add(-time.Minute)
	for made := 0; made < b.backfills; {
		numbers, err := s.control.bills(ctx, min(backfillChunk, b.backfills-made))
		if err != nil {
			return err
		}
		made += len(numbers)
	}
	before, began := s.spent(), time.Now()
	if err := s.startBackfill(ctx, from); err != nil {
		return err
	}
	if err := s.within(ctx, backfillTime, 200*time.Millisecond,
		`select state not in ('running', 'applying') from run join run_backfill using (run_id)`); err != nil {
		return err
	}
	took, spent := time.Since(began), s.since(before)
	var state, fault string
	var kept, snapshots int
	if err := s.pool.QueryRow(ctx, `
select state, error, (select count(*) from bill where class = 'live'), (select count(*) from bill_snapshot) from run
join run_backfill using (run_id)`).Scan(&state, &fault, &kept, &snapshots); err != nil {
		return err
	}
	if state != "complete" || kept != b.backfills || snapshots != b.backfills {
		s.fail("backfill of %d bills: %s %s, %d bills and %d snapshots kept", b.backfills, state, fault,
			kept, snapshots)
	}
	b.figure(fmt.Sprintf("backfill of %d bills", b.backfills),
		fmt.Sprintf("%.0f s, %.0f bills/s", took.Seconds(), float64(b.backfills)/took.Seconds()), "")
	spent.figures(b, "bill", b.backfills)
	s.memories()
	return s.statistics(ctx)
}

func (s *stack) startBackfill(ctx context.Context, from time.Time) error {
	return s.call(ctx, http.MethodPost, s.control.orchestrator+"/v1/schemes/"+schemeName+"/runs", map[string]any{
		"kind": "RUN_KIND_BACKFILL", "reason": "bench",
		"backfill": map[string]any{"range": map[string]any{"fromTime": from.UTC().Format(time.RFC3339)}},
	}, nil)
}

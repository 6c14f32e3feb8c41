package store

import (
	"context"
	"fmt"
	"time"
)

// EnsurePartitions makes the evidence partitions of this month and the next. Rows that no month takes go to the default
// partition, so a missed run loses nothing.
func (s *Store) EnsurePartitions(ctx context.Context, now time.Time) error {
	first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for month := range 2 {
		from, to := first.AddDate(0, month, 0), first.AddDate(0, month+1, 0)
		statement := fmt.Sprintf(
			`create table if not exists attempt_evidence_%s partition of attempt_evidence for values from ('%s') to ('%s')`,
			from.Format("200601"), from.Format(time.DateOnly), to.Format(time.DateOnly))
		if _, err := s.pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("create evidence partition: %w", err)
		}
	}
	return nil
}

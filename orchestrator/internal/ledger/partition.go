package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// EnsurePartitions makes the evidence partitions of this month and the next, by the server's clock. Rows that no month
// takes go to the default partition, so a missed run loses nothing: they move to their month once it is made.
func EnsurePartitions(ctx context.Context, pool *pgxpool.Pool) error {
	err := InTx(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select make_evidence_months()`)
		return err
	})
	if err != nil {
		return fmt.Errorf("make evidence partitions: %w", err)
	}
	return nil
}

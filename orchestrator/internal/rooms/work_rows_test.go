package rooms_test

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// openItems opens work items of a scheme in a transaction of its own, and answers those that it opened.
func openItems(ctx context.Context, pool *pgxpool.Pool, scheme string, work ...ledger.Work) ([]ledger.Work, error) {
	return workIn(ctx, pool, func(tx pgx.Tx) ([]ledger.WorkItem, error) {
		return ledger.OpenItems(ctx, tx, ledger.OfScheme(scheme, work))
	})
}

// closeItemsOfBills closes the work items of these bills in a transaction of its own, and answers those that it closed.
func closeItemsOfBills(ctx context.Context, pool *pgxpool.Pool, scheme string, bills []int64) ([]ledger.Work, error) {
	return workIn(ctx, pool, func(tx pgx.Tx) ([]ledger.WorkItem, error) {
		return ledger.CloseItems(ctx, tx, "for the test", `w.scheme = @scheme and w.bill_id = any(@bills)`,
			pgx.StrictNamedArgs{"scheme": scheme, "bills": bills})
	})
}

func workIn(
	ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) ([]ledger.WorkItem, error),
) ([]ledger.Work, error) {
	var work []ledger.Work
	err := ledger.InTx(ctx, pool, func(tx pgx.Tx) error {
		items, err := do(tx)
		for _, item := range items {
			work = append(work, item.Work)
		}
		return err
	})
	return work, err
}

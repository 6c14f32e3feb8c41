package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// EnsurePartitions makes the evidence partitions of this month and the next. Rows that no month takes go to the default
// partition, so a missed run loses nothing: they move to their month once it is made.
func EnsurePartitions(ctx context.Context, pool *pgxpool.Pool, now time.Time) error {
	first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for month := range 2 {
		from := first.AddDate(0, month, 0)
		if err := InTx(ctx, pool, func(tx pgx.Tx) error { return ensurePartition(ctx, tx, from) }); err != nil {
			return fmt.Errorf("create evidence partition of %s: %w", from.Format("2006-01"), err)
		}
	}
	return nil
}

// ensurePartition makes the partition of the month that begins at from. Postgres refuses one whose rows are in the default
// partition, so they are moved first, with nobody writing: a writer waits, and then finds the month. Behind a long report nobody
// shall wait for that; it is tried again with the next run.
func ensurePartition(ctx context.Context, tx pgx.Tx, from time.Time) error {
	name, to := "attempt_evidence_"+from.Format("200601"), from.AddDate(0, 1, 0)
	there := func() (found bool, err error) {
		err = tx.QueryRow(ctx, `select to_regclass($1) is not null`, name).Scan(&found)
		return found, err
	}
	if found, err := there(); found || err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `set local lock_timeout = '2s'`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `lock table attempt_evidence in access exclusive mode`); err != nil {
		return err
	}
	if found, err := there(); found || err != nil {
		return err
	}
	for _, statement := range []string{
		`create table %[1]s (like attempt_evidence including defaults)`,
		`with moved as (
    delete from attempt_evidence_rest where store_time >= '%[2]s' and store_time < '%[3]s'
    returning cancellation_id, attempt, store_time, request, reply
)
insert into %[1]s (cancellation_id, attempt, store_time, request, reply)
select cancellation_id, attempt, store_time, request, reply from moved`,
		`alter table attempt_evidence attach partition %[1]s for values from ('%[2]s') to ('%[3]s')`,
	} {
		if _, err := tx.Exec(ctx, fmt.Sprintf(statement, name, from.Format(time.DateOnly), to.Format(time.DateOnly))); err != nil {
			return err
		}
	}
	return nil
}

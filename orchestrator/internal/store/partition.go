package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// EnsurePartitions makes the evidence partitions of this month and the next. Rows that no month takes go to the default
// partition, so a missed run loses nothing: they move to their month once it is made.
func (s *Store) EnsurePartitions(ctx context.Context, now time.Time) error {
	first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for month := range 2 {
		from := first.AddDate(0, month, 0)
		if err := s.inTx(ctx, func(tx pgx.Tx) error { return ensurePartition(ctx, tx, from) }); err != nil {
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

// dropMonth drops the oldest month of evidence that has passed as a whole. Writers wait for it for a moment, and it for them for two
// seconds at most: behind a long report they would all wait.
func dropMonth(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	rows, err := tx.Query(ctx, `
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'attempt_evidence'::regclass and c.relname ~ '^attempt_evidence_[0-9]{6}$'
  and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= (now() - $1::interval) at time zone 'UTC'
order by c.relname`, keep.Evidence)
	if err != nil {
		return removed{}, false, err
	}
	months, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(months) == 0 {
		return removed{}, false, err
	}
	took := removed{subject: months[0]}
	// How many rows is what the last analyze said; where none came by, they are counted.
	if err := tx.QueryRow(ctx, `select reltuples::bigint, pg_total_relation_size(oid) from pg_class where oid = $1::regclass`, months[0]).Scan(&took.rows, &took.bytes); err != nil {
		return removed{}, false, err
	}
	month := pgx.Identifier{months[0]}.Sanitize()
	if took.rows < 0 {
		if err := tx.QueryRow(ctx, `select count(*) from `+month).Scan(&took.rows); err != nil {
			return removed{}, false, err
		}
	}
	_, err = tx.Exec(ctx, `drop table `+month)
	return took, len(months) > 1, err
}

// deleteRest removes old evidence that no month has taken.
func deleteRest(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from attempt_evidence_rest where ctid = any (array(
    select ctid from attempt_evidence_rest where store_time < now() - $1::interval limit $2))`, keep.Evidence, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}

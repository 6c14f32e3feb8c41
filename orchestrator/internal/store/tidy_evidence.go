package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

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

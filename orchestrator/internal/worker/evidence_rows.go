package worker

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// dropMonth drops the oldest month of evidence that has passed as a whole. Writers wait for it for a moment, and it for
// them for two seconds at most: behind a long report they would all wait.
func dropMonth(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	const drop = `
select coalesce(month, '') as month, coalesce(row_count, 0), coalesce(byte_count, 0), coalesce(more, false)
from drop_evidence_month($1)`
	var took removed
	var more bool
	err := tx.QueryRow(ctx, drop, keep.Evidence).Scan(&took.subject, &took.rows, &took.bytes, &more)
	return took, more, err
}

// rebuildQueueIndexes gives back what the indexes of the queue, where jobs come and go by the second, have grown.
func rebuildQueueIndexes(ctx context.Context, tx pgx.Tx, _ ledger.Retention) (removed, bool, error) {
	var took removed
	err := tx.QueryRow(ctx, `select rebuild_queue_indexes()`).Scan(&took.bytes)
	return took, false, err
}

// deleteRest removes old evidence that no month has taken.
func deleteRest(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from attempt_evidence_rest where ctid = any (array(
    select ctid from attempt_evidence_rest where store_time < now() - $1::interval limit $2))`, keep.Evidence, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}

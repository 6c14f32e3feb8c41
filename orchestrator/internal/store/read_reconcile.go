package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

const reconcileColumns = `
select s.reconcile_id, s.scheme, s.kind, s.state, s.from_time as "from", s.to_time as "to", s.start_time, s.end_time, s.hours,
       s.hours_differing as differing, s.bills_read as read, s.bills_repaired as repaired, s.bills_missing as missing, s.bills_gone as gone, s.run_counts,
       case when s.error <> '' then s.error else s.note end as error
from reconcile s`

// ReconcileViews lists reconcile runs and rechecks newest first, at most limit, those older than before (0 = from the newest); an empty scheme or kind
// means all.
func (s *Store) ReconcileViews(ctx context.Context, scheme string, kind ledger.ReconcileKind, before int64, limit int) ([]ledger.ReconcileView, error) {
	where, args := query.Newest("s.reconcile_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and s.scheme = @scheme`, scheme
	}
	if kind != "" {
		where, args["kind"] = where+` and s.kind = @kind`, string(kind)
	}
	return ledger.ReadAll[ledger.ReconcileView](ctx, s.pool, "list reconcile runs", reconcileColumns+where+`
order by s.reconcile_id desc
limit @limit`, args)
}

// ReconcileView answers one reconcile run or recheck; ledger.ErrNotFound when there is none.
func (s *Store) ReconcileView(ctx context.Context, id int64) (ledger.ReconcileView, error) {
	return ledger.ReadOne[ledger.ReconcileView](ctx, s.pool, "read reconcile run", reconcileColumns+`
where s.reconcile_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("reconcile run %d", id))
}

type reconcileParameters struct {
	Kind ledger.ReconcileKind `json:"kind"`
}

// AskedForReconcile records that a reconcile run or a recheck was asked for, and answers when; ledger.ErrStopped for a
// scheme that is stopped.
func (s *Store) AskedForReconcile(
	ctx context.Context, tx pgx.Tx, act ledger.Act, kind ledger.ReconcileKind,
) (time.Time, error) {
	return asked(ctx, tx, ledger.StartReconcile, act, reconcileParameters{kind})
}

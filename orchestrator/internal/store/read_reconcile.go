package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const reconcileColumns = `
select s.reconcile_id, s.scheme, s.kind, s.state, s.from_time, s.to_time, s.start_time, s.end_time, s.hours, s.hours_differing, s.bills_read,
       s.bills_repaired, s.bills_missing, s.bills_gone, s.run_counts, case when s.error <> '' then s.error else s.note end as error
from reconcile s`

type reconcileRow struct {
	ReconcileID                                       int64
	Scheme, Kind, State                               string
	FromTime, ToTime                                  *time.Time
	StartTime                                         time.Time
	EndTime                                           *time.Time
	Hours, HoursDiffering                             int32
	BillsRead, BillsRepaired, BillsMissing, BillsGone int64
	RunCounts                                         rule.RunCounts
	Error                                             string
}

func (r reconcileRow) view() ledger.ReconcileView {
	return ledger.ReconcileView{
		ReconcileID: r.ReconcileID, Scheme: r.Scheme, Kind: r.Kind, State: r.State, From: valued(r.FromTime), To: valued(r.ToTime), StartTime: r.StartTime.UTC(),
		EndTime: valued(r.EndTime), Hours: r.Hours, Differing: r.HoursDiffering, Read: r.BillsRead, Repaired: r.BillsRepaired,
		Missing: r.BillsMissing, Gone: r.BillsGone, RunCounts: r.RunCounts, Error: r.Error,
	}
}

// ReconcileViews lists reconcile runs and rechecks newest first, at most limit, those older than before (0 = from the newest); an empty scheme or kind
// means all.
func (s *Store) ReconcileViews(ctx context.Context, scheme string, kind ledger.ReconcileKind, before int64, limit int) ([]ledger.ReconcileView, error) {
	where, args := newest("s.reconcile_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and s.scheme = @scheme`, scheme
	}
	if kind != "" {
		where, args["kind"] = where+` and s.kind = @kind`, string(kind)
	}
	rows, err := readAll[reconcileRow](ctx, s, "list reconcile runs", reconcileColumns+where+`
order by s.reconcile_id desc
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	views := make([]ledger.ReconcileView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views, nil
}

// ReconcileView answers one reconcile run or recheck; ledger.ErrNotFound when there is none.
func (s *Store) ReconcileView(ctx context.Context, id int64) (ledger.ReconcileView, error) {
	rows, err := readAll[reconcileRow](ctx, s, "read reconcile run", reconcileColumns+`
where s.reconcile_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.ReconcileView{}, err
	}
	if len(rows) == 0 {
		return ledger.ReconcileView{}, fmt.Errorf("reconcile run %d: %w", id, ledger.ErrNotFound)
	}
	return rows[0].view(), nil
}

const verbStartReconcile = "start_reconcile"

type reconcileParameters struct {
	Kind ledger.ReconcileKind `json:"kind"`
}

// ReconcileRequested answers when a reconcile run or recheck was asked for under this request id; found is false when it was not, or the id is empty.
func (s *Store) ReconcileRequested(ctx context.Context, act ledger.Act, kind ledger.ReconcileKind) (at time.Time, found bool, err error) {
	done, found, err := recall(ctx, s.pool, verbStartReconcile, act, reconcileParameters{kind})
	if err != nil {
		return time.Time{}, false, fmt.Errorf("%s: %w", verbStartReconcile, faultOf(err))
	}
	return done.Time.UTC(), found, nil
}

// RecordReconcileRequest records that one was asked for, and answers when.
func (s *Store) RecordReconcileRequest(ctx context.Context, act ledger.Act, kind ledger.ReconcileKind) (time.Time, error) {
	done, err := s.perform(ctx, verbStartReconcile, act, reconcileParameters{kind}, func(pgx.Tx, string) (int64, error) { return 0, nil })
	return done.Time.UTC(), err
}

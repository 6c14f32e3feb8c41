package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const sweepColumns = `
select s.sweep_id, s.scheme, s.kind, s.state, s.from_time, s.to_time, s.start_time, s.end_time, s.hours, s.hours_differing, s.bills_read,
       s.bills_repaired, s.bills_missing, s.bills_gone, s.run_counts, case when s.error <> '' then s.error else s.note end as error
from sweep s`

type sweepRow struct {
	SweepID                                           int64
	Scheme, Kind, State                               string
	FromTime, ToTime                                  *time.Time
	StartTime                                         time.Time
	EndTime                                           *time.Time
	Hours, HoursDiffering                             int32
	BillsRead, BillsRepaired, BillsMissing, BillsGone int64
	RunCounts                                         rule.RunCounts
	Error                                             string
}

func (r sweepRow) view() ledger.SweepView {
	return ledger.SweepView{
		SweepID: r.SweepID, Scheme: r.Scheme, Kind: r.Kind, State: r.State, From: valued(r.FromTime), To: valued(r.ToTime), StartTime: r.StartTime.UTC(),
		EndTime: valued(r.EndTime), Hours: r.Hours, Differing: r.HoursDiffering, Read: r.BillsRead, Repaired: r.BillsRepaired,
		Missing: r.BillsMissing, Gone: r.BillsGone, RunCounts: r.RunCounts, Error: r.Error,
	}
}

// SweepViews lists sweeps and watches newest first, at most limit, those older than before (0 = from the newest); an empty scheme or kind
// means all.
func (s *Store) SweepViews(ctx context.Context, scheme string, kind ledger.SweepKind, before int64, limit int) ([]ledger.SweepView, error) {
	where, args := newest("s.sweep_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and s.scheme = @scheme`, scheme
	}
	if kind != "" {
		where, args["kind"] = where+` and s.kind = @kind`, string(kind)
	}
	rows, err := readAll[sweepRow](ctx, s, "list sweeps", sweepColumns+where+`
order by s.sweep_id desc
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	views := make([]ledger.SweepView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views, nil
}

// SweepView answers one sweep or watch; ledger.ErrNotFound when there is none.
func (s *Store) SweepView(ctx context.Context, id int64) (ledger.SweepView, error) {
	rows, err := readAll[sweepRow](ctx, s, "read sweep", sweepColumns+`
where s.sweep_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.SweepView{}, err
	}
	if len(rows) == 0 {
		return ledger.SweepView{}, fmt.Errorf("sweep %d: %w", id, ledger.ErrNotFound)
	}
	return rows[0].view(), nil
}

const verbStartSweep = "start_sweep"

type sweepParameters struct {
	Kind ledger.SweepKind `json:"kind"`
}

// SweepRequested answers when a sweep or watch was asked for under this request id; found is false when it was not, or the id is empty.
func (s *Store) SweepRequested(ctx context.Context, act ledger.Act, kind ledger.SweepKind) (at time.Time, found bool, err error) {
	done, found, err := recall(ctx, s.pool, verbStartSweep, act, sweepParameters{kind})
	if err != nil {
		return time.Time{}, false, fmt.Errorf("%s: %w", verbStartSweep, faultOf(err))
	}
	return done.Time.UTC(), found, nil
}

// RecordSweepRequest records that one was asked for, and answers when.
func (s *Store) RecordSweepRequest(ctx context.Context, act ledger.Act, kind ledger.SweepKind) (time.Time, error) {
	done, err := s.perform(ctx, verbStartSweep, act, sweepParameters{kind}, func(pgx.Tx, string) (int64, error) { return 0, nil })
	return done.Time.UTC(), err
}

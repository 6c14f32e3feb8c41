package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const runColumns = `
select p.run_id, p.scheme, p.kind, p.state, p.revision, p.lower_edge, p.vendor_time, p.clock_note, p.watermark_before, p.watermark_after,
       p.start_time, p.end_time, p.cursor_id, p.run_counts, p.error
from run p`

type runRow struct {
	RunID                           int64
	Scheme, Kind, State             string
	Revision                        int32
	LowerEdge                       time.Time
	VendorTime                      *time.Time
	ClockNote                       string
	WatermarkBefore, WatermarkAfter *time.Time
	StartTime                       time.Time
	EndTime                         *time.Time
	CursorID                        int64
	RunCounts                       rule.RunCounts
	Error                           string
}

func (r runRow) view() ledger.RunView {
	return ledger.RunView{
		RunID: r.RunID, Scheme: r.Scheme, Kind: r.Kind, State: r.State, Revision: r.Revision, LowerEdge: r.LowerEdge.UTC(),
		VendorTime: valued(r.VendorTime), ClockNote: r.ClockNote, WatermarkBefore: valued(r.WatermarkBefore), WatermarkAfter: valued(r.WatermarkAfter),
		StartTime: r.StartTime.UTC(), EndTime: valued(r.EndTime), Cursor: r.CursorID, RunCounts: r.RunCounts, Error: r.Error,
	}
}

// RunViews lists runs newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) RunViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.RunView, error) {
	where, args := newest("p.run_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and p.scheme = @scheme`, scheme
	}
	rows, err := readAll[runRow](ctx, s, "list runs", runColumns+where+`
order by p.run_id desc
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	views := make([]ledger.RunView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views, nil
}

// RunView answers one run; ledger.ErrNotFound when there is none.
func (s *Store) RunView(ctx context.Context, id int64) (ledger.RunView, error) {
	rows, err := readAll[runRow](ctx, s, "read run", runColumns+`
where p.run_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.RunView{}, err
	}
	if len(rows) == 0 {
		return ledger.RunView{}, fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
	}
	return rows[0].view(), nil
}

// newest begins the where clause of a list that runs from the newest key down, with its arguments.
func newest(key string, before int64, limit int) (string, pgx.StrictNamedArgs) {
	args := pgx.StrictNamedArgs{"limit": limit}
	if before == 0 {
		return "\nwhere true", args
	}
	args["before"] = before
	return "\nwhere " + key + " < @before", args
}

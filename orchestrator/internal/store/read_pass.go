package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const passColumns = `
select p.pass_id, p.scheme, p.kind, p.state, p.revision, p.lower_edge, p.vendor_time, p.clock_note, p.watermark_before, p.watermark_after,
       p.start_time, p.end_time, p.cursor_id, p.run_counts, p.error
from pass p`

type passRow struct {
	PassID                          int64
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

func (r passRow) view() ledger.PassView {
	return ledger.PassView{
		PassID: r.PassID, Scheme: r.Scheme, Kind: r.Kind, State: r.State, Revision: r.Revision, LowerEdge: r.LowerEdge.UTC(),
		VendorTime: valued(r.VendorTime), ClockNote: r.ClockNote, WatermarkBefore: valued(r.WatermarkBefore), WatermarkAfter: valued(r.WatermarkAfter),
		StartTime: r.StartTime.UTC(), EndTime: valued(r.EndTime), Cursor: r.CursorID, RunCounts: r.RunCounts, Error: r.Error,
	}
}

// PassViews lists passes newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) PassViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.PassView, error) {
	where, args := newest("p.pass_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and p.scheme = @scheme`, scheme
	}
	rows, err := readAll[passRow](ctx, s, "list passes", passColumns+where+`
order by p.pass_id desc
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	views := make([]ledger.PassView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views, nil
}

// PassView answers one pass; ledger.ErrNotFound when there is none.
func (s *Store) PassView(ctx context.Context, id int64) (ledger.PassView, error) {
	rows, err := readAll[passRow](ctx, s, "read pass", passColumns+`
where p.pass_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.PassView{}, err
	}
	if len(rows) == 0 {
		return ledger.PassView{}, fmt.Errorf("pass %d: %w", id, ledger.ErrNotFound)
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

package query

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const schemeColumns = `
select s.scheme, s.title, s.form_id, s.data_center_id, s.wms_accounts as accounts,
       case when o.stop_reason is null then 'running' else 'stopped' end as state, s.mode, s.send_since,
       s.revision, s.incremental_millis * interval '1 millisecond' as incremental_interval, m.watermark_time,
       m.effective_from, m.last_run_time, coalesce(m.last_run_rows, 0) as last_run_rows,
       r.document,
       (select count(*) from work_item w where w.scheme = s.scheme and w.close_time is null) as open_work_items
from scheme s
join scheme_revision r using (scheme, revision)
left join watermark m using (scheme)
left join lateral (` + ledger.StopReason + `) o on true`

// SchemeViews lists the schemes of the loaded file by name, at most limit, those after the given name; without
// their documents.
func (r *Reader) SchemeViews(ctx context.Context, after string, limit int) ([]ledger.SchemeView, error) {
	views, err := ledger.ReadAll[ledger.SchemeView](ctx, r.pool, "list schemes", schemeColumns+`
where s.active and s.scheme > @after
order by s.scheme
limit @limit`, pgx.StrictNamedArgs{"after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	for i := range views {
		views[i].Document = ""
	}
	return views, addStanding(ctx, r.pool, views)
}

// SchemeView answers one scheme, also one that is no longer in the file; ledger.ErrNotFound when there never was one.
func (r *Reader) SchemeView(ctx context.Context, scheme string) (ledger.SchemeView, error) {
	return schemeView(ctx, r.pool, scheme)
}

// SchemeIn is SchemeView as a transaction sees it, for the reply to an act; without its document.
func SchemeIn(ctx context.Context, tx pgx.Tx, scheme string) (ledger.SchemeView, error) {
	view, err := schemeView(ctx, tx, scheme)
	view.Document = ""
	return view, err
}

func schemeView(ctx context.Context, db ledger.Reads, scheme string) (ledger.SchemeView, error) {
	view, err := ledger.ReadOne[ledger.SchemeView](ctx, db, "read scheme", schemeColumns+`
where s.scheme = @scheme`, pgx.StrictNamedArgs{"scheme": scheme}, "scheme "+scheme)
	if err != nil {
		return ledger.SchemeView{}, err
	}
	views := []ledger.SchemeView{view}
	err = addStanding(ctx, db, views)
	return views[0], err
}

// addStanding adds what stands in other tables.
func addStanding(ctx context.Context, db ledger.Reads, views []ledger.SchemeView) error {
	if err := addCounts(ctx, db, views); err != nil {
		return err
	}
	return addConditions(ctx, db, views)
}

// addConditions adds the open conditions that each scheme feels: its own, and those of its data centre, its accounts
// and everything.
func addConditions(ctx context.Context, db ledger.Reads, views []ledger.SchemeView) error {
	open, err := conditionViews(ctx, db, ledger.ConditionFilter{}, 0, maxSchemeConditions)
	if err != nil {
		return err
	}
	for i, view := range views {
		for _, c := range open {
			if c.Feels(view.Scheme, view.DataCenterID, view.Accounts) {
				views[i].Conditions = append(views[i].Conditions, c)
			}
		}
	}
	return nil
}

// maxSchemeConditions bounds how many open conditions are looked at for the schemes: there are never so many.
const maxSchemeConditions = 1000

func addCounts(ctx context.Context, db ledger.Reads, views []ledger.SchemeView) error {
	byName, names := map[string]map[string]int64{}, make([]string, len(views))
	for i, v := range views {
		views[i].Counts = map[string]int64{}
		byName[v.Scheme], names[i] = views[i].Counts, v.Scheme
	}
	type row struct {
		Scheme, State string
		Count         int64
	}
	rows, err := ledger.ReadAll[row](ctx, db, "count cancellations",
		stateCounts, pgx.StrictNamedArgs{"schemes": names, "rows": ledger.CountRows})
	for _, r := range rows {
		byName[r.Scheme][r.State] = r.Count
	}
	return err
}

// StopReason answers why a scheme is stopped, empty when it runs; ledger.ErrNotFound when there never was one.
func (r *Reader) StopReason(ctx context.Context, scheme string) (string, error) {
	type row struct{ StopReason string }
	rows, err := ledger.ReadAll[row](ctx, r.pool, "read stop reason", `
select coalesce(o.stop_reason, '') as stop_reason
from scheme s left join lateral (`+ledger.StopReason+`) o on true
where s.scheme = @scheme`, pgx.StrictNamedArgs{"scheme": scheme})
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("scheme %s: %w", scheme, ledger.ErrNotFound)
	}
	return rows[0].StopReason, nil
}

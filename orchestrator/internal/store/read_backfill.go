package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const backfillColumns = `
select b.backfill_id, b.scheme, b.state, b.plan_only, b.before_cutover, b.from_time, b.to_time, b.numbers, b.revision, b.actor, b.reason,
       b.create_time, b.end_time, b.cursor_id, b.run_counts, b.rows_outside, b.counts, b.numbers_not_found, b.error
from backfill b`

type backfillRow struct {
	BackfillID              int64
	Scheme, State           string
	PlanOnly, BeforeCutover bool
	FromTime, ToTime        *time.Time
	Numbers                 []string
	Revision                int32
	Actor, Reason           string
	CreateTime              time.Time
	EndTime                 *time.Time
	CursorID                int64
	RunCounts               rule.RunCounts
	RowsOutside             int64
	Counts                  map[ledger.ItemState]int64
	NumbersNotFound         []string
	Error                   string
}

func (r backfillRow) view() ledger.BackfillView {
	return ledger.BackfillView{
		BackfillID: r.BackfillID, Scheme: r.Scheme, State: r.State, Revision: r.Revision, Actor: r.Actor, Reason: r.Reason,
		BackfillOrder: ledger.BackfillOrder{
			From: valued(r.FromTime), To: valued(r.ToTime), Numbers: r.Numbers, PlanOnly: r.PlanOnly, BeforeCutover: r.BeforeCutover,
		},
		CreateTime: r.CreateTime.UTC(), EndTime: valued(r.EndTime), Cursor: r.CursorID, RunCounts: r.RunCounts, RowsOutside: r.RowsOutside,
		Counts: r.Counts, NotFound: r.NumbersNotFound, Error: r.Error,
	}
}

// BackfillViews lists backfills newest first, at most limit, those older than before (0 = from the newest); an empty scheme means all.
func (s *Store) BackfillViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.BackfillView, error) {
	where, args := newest("b.backfill_id", before, limit)
	if scheme != "" {
		where, args["scheme"] = where+` and b.scheme = @scheme`, scheme
	}
	rows, err := readAll[backfillRow](ctx, s, "list backfills", backfillColumns+where+`
order by b.backfill_id desc
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	views := make([]ledger.BackfillView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views, nil
}

// BackfillView answers one backfill; ledger.ErrNotFound when there is none.
func (s *Store) BackfillView(ctx context.Context, id int64) (ledger.BackfillView, error) {
	rows, err := readAll[backfillRow](ctx, s, "read backfill", backfillColumns+`
where b.backfill_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.BackfillView{}, err
	}
	if len(rows) == 0 {
		return ledger.BackfillView{}, fmt.Errorf("backfill %d: %w", id, ledger.ErrNotFound)
	}
	return rows[0].view(), nil
}

type itemRow struct {
	Item, BillID                                 int64
	BillNo, Class, State                         string
	OrderKind, WarehouseNumber                   string
	Account, WarehouseCode, OrderCode, OrderType string
	CancelReason                                 string
	ExtendProps                                  map[string]string
	OwnerCode                                    string
	Triggers                                     []string
	Evidence                                     string
	Generation                                   int32
	CancellationID                               int64
	Detail                                       string
	CancellationState, Disposition               string
	OutcomeTime                                  *time.Time
}

// ItemViews lists the items of a backfill in their order, at most limit, those behind after, with what their cancellations came to so far;
// no states means all. ledger.ErrNotFound when there is no such backfill.
func (s *Store) ItemViews(ctx context.Context, backfill int64, states []string, after int64, limit int) ([]ledger.ItemView, error) {
	args := pgx.StrictNamedArgs{"backfill": backfill, "after": after, "limit": limit}
	where := ""
	if len(states) > 0 {
		where, args["states"] = ` and i.state = any(@states)`, states
	}
	rows, err := readAll[itemRow](ctx, s, "list backfill items", `
select i.item, i.bill_id, i.bill_no, i.class, i.state, i.order_kind, i.warehouse_number, i.account, i.warehouse_code, i.order_code, i.order_type,
       i.cancel_reason, i.extend_props, i.owner_code, i.triggers, i.evidence, i.generation, coalesce(i.cancellation_id, 0) as cancellation_id, i.detail,
       coalesce(c.state, '') as cancellation_state, coalesce(c.disposition, '') as disposition, c.outcome_time
from backfill_item i left join cancellation c using (cancellation_id)
where i.backfill_id = @backfill and i.item > @after`+where+`
order by i.item
limit @limit`, args)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		_, err := s.BackfillView(ctx, backfill)
		return nil, err
	}
	views := make([]ledger.ItemView, len(rows))
	for i, r := range rows {
		views[i] = ledger.ItemView{
			Item: r.Item, BillID: r.BillID, BillNo: r.BillNo, Class: r.Class, State: r.State, OrderKind: r.OrderKind, WarehouseNumber: r.WarehouseNumber,
			Account: r.Account, WarehouseCode: r.WarehouseCode, OrderCode: r.OrderCode, OrderType: r.OrderType, CancelReason: r.CancelReason,
			ExtendProps: r.ExtendProps, OwnerCode: r.OwnerCode, Triggers: r.Triggers, Evidence: r.Evidence, Generation: r.Generation,
			CancellationID: r.CancellationID, Detail: r.Detail, CancellationState: r.CancellationState, Disposition: r.Disposition, OutcomeTime: valued(r.OutcomeTime),
		}
	}
	return views, nil
}

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// GatherHours adds what Kingdee showed of these hours to what it showed before, and moves the reconcile run; also runs
// in the same transaction.
func (s *ComparisonRows) GatherHours(
	ctx context.Context, w *ledger.Run, hours []ledger.ReconcileHour, also func(pgx.Tx) error,
) error {
	after := *w
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = *w
		batch := &pgx.Batch{}
		for _, h := range hours {
			batch.Queue(`
insert into reconcile_hour as h (run_id, hour_time, kingdee_bills, kingdee_digest, bill_ids) values ($1, $2, $3, $4, $5)
on conflict (run_id, hour_time) do update
set kingdee_bills = h.kingdee_bills + $3, kingdee_digest = h.kingdee_digest # $4, bill_ids = h.bill_ids || $5`,
				w.ID, h.Hour, h.Bills, h.Digest, h.IDs)
		}
		if batch.Len() > 0 {
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
		}
		if err := s.SaveReconcile(ctx, tx, &after); err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return fmt.Errorf("gather hours: %w", err)
	}
	*w = after
	return nil
}

// CompareHours counts and digests what the ledger says of the reconcile run's hours, puts it beside what Kingdee
// showed, and moves the reconcile run to its repairs. Bills known to be missing, and those that Kingdee showed and
// nobody can decode, are compared on neither side.
func (s *ComparisonRows) CompareHours(ctx context.Context, w *ledger.Run) error {
	after := *w
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = *w
		tallies, err := ledgerHours(ctx, tx, w)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for hour, tally := range tallies {
			batch.Queue(`
insert into reconcile_hour (run_id, hour_time, ledger_bills, ledger_digest) values ($1, $2, $3, $4)
on conflict (run_id, hour_time) do update set ledger_bills = $3, ledger_digest = $4`,
				w.ID, hour, tally.Bills, tally.Digest)
		}
		batch.Queue(`
update reconcile_hour set repaired = true, bill_ids = '{}'
where run_id = $1 and kingdee_bills = ledger_bills and kingdee_digest = ledger_digest`, w.ID)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select count(*) from reconcile_hour where run_id = $1 and not repaired`,
			w.ID).Scan(&after.Comparison.Differing); err != nil {
			return err
		}
		after.Comparison.Phase, after.Cursor = ledger.ReconcileRepair, 0
		return s.SaveReconcile(ctx, tx, &after)
	})
	if err != nil {
		return fmt.Errorf("compare hours: %w", err)
	}
	*w = after
	return nil
}

// ledgerHours reads the states of the reconcile run's hours from the ledger, one by one.
func ledgerHours(ctx context.Context, tx pgx.Tx, w *ledger.Run) (map[time.Time]rule.Tally, error) {
	rows, err := tx.Query(ctx, `
select bill_id, bill_no, org, document_status, cancel_status, bill_kind, bill_create_time, modify_time,
       approve_time, cancel_time, closed
from bill
where scheme = $1 and `+intake.StampOf+` >= $2 and `+intake.StampOf+` < $3
  and absent_since is null and bill_id <> all($4)`,
		w.Scheme, w.Comparison.From, w.Comparison.To, orEmpty(w.Comparison.Problems))
	if err != nil {
		return nil, err
	}
	tallies := map[time.Time]rule.Tally{}
	var state rule.State
	var created, modified, approved, cancelled time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&state.ID, &state.Number, &state.Org, &state.DocumentStatus, &state.CancelStatus, &state.Kind, &created,
		&modified, &approved, &cancelled, &state.Closed,
	}, func() error {
		state.CreateTime, state.ModifyTime, state.ApproveTime, state.CancelTime = created, modified, approved, cancelled
		hour := rule.Hour(state.Stamp())
		tally := tallies[hour]
		tally.Add(state)
		tallies[hour] = tally
		return nil
	})
	return tallies, err
}

// NextHour answers the reconcile run's earliest hour that differs and is not repaired, with the ids of the bills that
// it has on either side, ascending, those up to the reconcile run's cursor left out; false when there is none.
func (s *ComparisonRows) NextHour(
	ctx context.Context, w *ledger.Run,
) (hour time.Time, ids []int64, found bool, err error) {
	err = s.pool.QueryRow(ctx,
		`select hour_time from reconcile_hour where run_id = $1 and not repaired order by hour_time limit 1`,
		w.ID).Scan(&hour)
	if errors.Is(err, pgx.ErrNoRows) {
		return hour, nil, false, nil
	}
	if err != nil {
		return hour, nil, false, fmt.Errorf("next hour: %w", err)
	}
	rows, err := s.pool.Query(ctx, `
select id from (
    select unnest(bill_ids) as id from reconcile_hour where run_id = @run and hour_time = @hour
    union
    select bill_id from bill where scheme = @scheme and `+intake.StampOf+` >= greatest(@hour, @from::timestamptz)
        and `+intake.StampOf+` < least(@hour::timestamptz + interval '1 hour', @to::timestamptz)
) as bills
where id > @cursor
order by id`,
		pgx.StrictNamedArgs{
			"run": w.ID, "hour": hour, "scheme": w.Scheme, "from": w.Comparison.From,
			"to": w.Comparison.To, "cursor": w.Cursor,
		})
	if err != nil {
		return hour, nil, false, fmt.Errorf("next hour: %w", err)
	}
	if ids, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
		return hour, nil, false, fmt.Errorf("next hour: %w", err)
	}
	return hour, ids, true, nil
}

// HourRepaired moves the reconcile run behind this hour.
func (s *ComparisonRows) HourRepaired(ctx context.Context, w *ledger.Run, hour time.Time) error {
	after := *w
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = *w
		after.Cursor = 0
		if _, err := tx.Exec(ctx,
			`update reconcile_hour set repaired = true, bill_ids = '{}' where run_id = $1 and hour_time = $2`, w.ID,
			hour); err != nil {
			return err
		}
		return s.SaveReconcile(ctx, tx, &after)
	})
	if err != nil {
		return fmt.Errorf("hour repaired: %w", err)
	}
	*w = after
	return nil
}

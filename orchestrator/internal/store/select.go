package store

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// choice is a selection as conditions on a cancellation c as it stands now, and which of what it finds an act applies
// to.
type choice struct {
	where, applies string
	args           pgx.StrictNamedArgs
	ids            []int64
	refuse         func(refusedRow) string
}

// inStates are the cancellations of @scheme in the states @states.
const inStates = `
select u.cancellation_id from unsettled_cancellation u where u.scheme = @scheme and u.state = any(@states)
union all
select e.cancellation_id from outcome e where e.scheme = @scheme and e.state = any(@states) and e.revoke_time is null`

// choose turns a selection into conditions. Conditions that are not asked for are not in the statement.
func choose(sel ledger.Selection, v verbRule) choice {
	c := choice{where: `c.scheme = @scheme`, applies: v.applies, args: pgx.StrictNamedArgs{"scheme": sel.Scheme}, ids: sel.IDs, refuse: v.refuse}
	if len(sel.IDs) > 0 {
		c.add(` and c.cancellation_id = any(@ids)`, "ids", sel.IDs)
		return c
	}
	states := sel.States
	if len(states) == 0 {
		states = v.states
	}
	c.add(` and c.cancellation_id in (`+inStates+`)`, "states", states)
	for _, part := range []struct{ value, name, condition string }{
		{sel.BillNo, "bill_no", ` and c.bill_no = @bill_no`},
		{sel.WarehouseCode, "warehouse_code", ` and c.warehouse_code = @warehouse_code`},
		{sel.Account, "account", ` and c.account = @account`},
		{sel.Disposition, "disposition", ` and c.disposition = @disposition`},
		{sel.VendorMessage, "vendor_message", ` and btrim(c.vendor_message) = btrim(@vendor_message)`},
		{sel.HoldReason, "hold_reason", ` and c.state = 'held' and c.hold_reason = @hold_reason`},
		{sel.WorkKind, "work_kind", `
  and exists (select from work_item w where w.cancellation_id = c.cancellation_id and w.kind = @work_kind and w.close_time is null)`},
	} {
		if part.value != "" {
			c.add(part.condition, part.name, part.value)
		}
	}
	if !sel.CreatedFrom.IsZero() {
		c.add(` and c.create_time >= @created_from`, "created_from", sel.CreatedFrom)
	}
	if !sel.CreatedTo.IsZero() {
		c.add(` and c.create_time < @created_to`, "created_to", sel.CreatedTo)
	}
	return c
}

func (c *choice) add(condition, name string, value any) {
	c.where += condition
	c.args[name] = value
}

// refusedRow is a cancellation that an act does not apply to.
type refusedRow struct {
	CancellationID         int64
	BillNo, State, Outcome string
	InFlight               bool
	Total                  int64
}

// take counts what the act applies to, locks it unless it is a dry run, and lists what is refused. More than the bounds allow is a
// CapError, except for a dry run, which is there to learn the count.
func (c *choice) take(ctx context.Context, tx pgx.Tx, b ledger.Bounds) (ledger.Effect, []int64, error) {
	effect := ledger.Effect{DryRun: b.DryRun}
	if err := tx.QueryRow(ctx, `
select count(*) from cancellation_now c where `+c.where+` and `+c.applies, c.args).Scan(&effect.Count); err != nil {
		return effect, nil, err
	}
	if !b.DryRun && effect.Count > b.Max {
		return effect, nil, &ledger.CapError{Count: effect.Count, Max: b.Max}
	}
	query := `select c.cancellation_id from cancellation_now c where ` + c.where + ` and ` + c.applies
	args := maps.Clone(c.args)
	if !b.DryRun {
		found, err := c.lock(ctx, tx, query)
		if err != nil {
			return effect, nil, err
		}
		query, args["locked"] = query+` and c.cancellation_id = any(@locked)`, found
	}
	query += ` order by c.cancellation_id`
	if b.DryRun {
		query += ` limit 100`
	}
	rows, err := tx.Query(ctx, query, args)
	if err != nil {
		return effect, nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return effect, nil, err
	}
	if !b.DryRun {
		// What was found is what was locked: others may have changed some of it since it was counted.
		if effect.Count = int64(len(ids)); effect.Count > b.Max {
			return effect, nil, &ledger.CapError{Count: effect.Count, Max: b.Max}
		}
	}
	effect.IDs = slices.Clone(ids[:min(len(ids), ledger.Listed)])
	return effect, ids, c.listRefused(ctx, tx, &effect)
}

// lock locks what a query of the choice finds. Some of it may be otherwise by then: it is to be asked for again.
func (c *choice) lock(ctx context.Context, tx pgx.Tx, query string) ([]int64, error) {
	rows, err := tx.Query(ctx, query, c.args)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	return found, ledger.LockStanding(ctx, tx, found)
}

// listRefused says of what the act does not apply to why not, and of ids that the scheme does not have that it does not.
func (c *choice) listRefused(ctx context.Context, tx pgx.Tx, effect *ledger.Effect) error {
	rows, err := tx.Query(ctx, `
select c.cancellation_id, c.bill_no, c.state, c.outcome, c.lease_until is not null as in_flight, count(*) over () as total
from cancellation_now c
where `+c.where+` and not (`+c.applies+`)
order by c.cancellation_id
limit 100`, c.args)
	if err != nil {
		return err
	}
	refused, err := pgx.CollectRows(rows, pgx.RowToStructByName[refusedRow])
	if err != nil {
		return err
	}
	for _, r := range refused {
		effect.RefusedCount = r.Total
		effect.Refused = append(effect.Refused, ledger.Refusal{CancellationID: r.CancellationID, BillNo: r.BillNo, Message: c.refuse(r)})
	}
	if len(c.ids) == 0 {
		return nil
	}
	rows, err = tx.Query(ctx, `
select id from unnest($2::bigint[]) with ordinality as i (id, n)
where not exists (select from cancellation c where c.cancellation_id = i.id and c.scheme = $1)
group by id
order by min(n)`, c.args["scheme"], c.ids)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	effect.RefusedCount += int64(len(missing))
	for _, id := range missing {
		if len(effect.Refused) < ledger.Listed {
			effect.Refused = append(effect.Refused, ledger.Refusal{CancellationID: id, Message: "没有此取消记录，或不属于该方案"})
		}
	}
	return err
}

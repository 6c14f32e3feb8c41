package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// claimRow is a claim as a statement wants it.
type claimRow struct {
	BillID     int64  `col:"bill_id bigint"`
	Generation int    `col:"generation integer"`
	Account    string `col:"account text"`
	Warehouse  string `col:"warehouse text"`
	OrderCode  string `col:"order_code text"`
	OrderType  string `col:"order_type text"`
}

var claimColumns = ColumnsOf[claimRow]("d")

// WriteClaims writes which orders the bills of a page claim, as a revision of their scheme maps them. Those of an
// earlier generation end with it where the page shows the bill's next one; those of an earlier revision stay. Until
// the transaction ends no request leaves for these orders, because the statement that writes the intent waits for the
// lock on the order's row.
func WriteClaims(ctx context.Context, tx pgx.Tx, scheme string, revision int, bills []BillWrite) error {
	var renewed []int64
	var generations []int
	var rows []claimRow
	for _, b := range bills {
		if b.Renewed {
			renewed, generations = append(renewed, b.After.State.ID), append(generations, b.After.Generation)
		}
		for _, k := range b.Claims {
			rows = append(rows, claimRow{
				b.After.State.ID, b.After.Generation, k.Account, k.WarehouseCode, k.OrderCode, k.OrderType,
			})
		}
	}
	if len(renewed) > 0 {
		if _, err := tx.Exec(ctx, `
delete from claim k using unnest($2::bigint[], $3::integer[]) as b (bill_id, generation)
where k.scheme = $1 and k.bill_id = b.bill_id and k.generation < b.generation`,
			scheme, renewed, generations); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	orders := make([]orderRow, len(rows))
	for i, r := range rows {
		orders[i] = orderRow{r.Account, r.Warehouse, r.OrderCode, r.OrderType}
	}
	if err := writeOrders(ctx, tx, orders); err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b claimRow) int { return cmp.Compare(a.BillID, b.BillID) })
	if _, err := tx.Exec(ctx, `
select from warehouse_order o
where o.order_id in (select o.order_id from `+claimColumns.From+` `+orderOf+`)
order by o.order_id
for no key update of o`, claimColumns.Args(rows, nil)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
insert into claim (scheme, bill_id, generation, order_id, revision)
select distinct on (d.bill_id, o.order_id) @scheme, d.bill_id, d.generation, o.order_id, @revision::integer
from `+claimColumns.From+`
`+orderOf+`
order by d.bill_id, o.order_id, d.generation desc
on conflict (scheme, bill_id, order_id) do update set generation = excluded.generation
where claim.generation < excluded.generation`,
		claimColumns.Args(rows, pgx.StrictNamedArgs{"scheme": scheme, "revision": revision}))
	return err
}

// otherClaims finds the claims k of other bills b on the order of a cancellation c, whatever state their bills are in
// but for those that are gone. The order alone leads to them (offset 0 sees to that): few bills claim one. A bill is
// the same in every scheme that reads its form in its data centre. Across data centres a claim counts only between
// schemes that both send, so that a test copy protects nothing from production; and of a scheme that is not in use any
// longer nobody would ever say that a claim has ended.
const otherClaims = `
    from (select k.scheme, k.bill_id, k.order_id from claim k where k.order_id = c.order_id offset 0) k
    join bill b on b.scheme = k.scheme and b.bill_id = k.bill_id
    join scheme bs on bs.scheme = k.scheme
    join scheme cs on cs.scheme = c.scheme
    where b.gone_time is null and bs.active
      and (k.bill_id <> c.bill_id or bs.form_id <> cs.form_id or bs.data_center_id <> cs.data_center_id)
      and (bs.data_center_id = cs.data_center_id or bs.mode = 'send' and cs.mode = 'send')`

// ownTrigger is true of a bill b that is not live and whose own order a trigger of its scheme calls for, as its
// cancellation says: one that is un-audited then claims nothing. While it dwells it does.
const ownTrigger = `(b.document_status <> 'C' and exists (
    select from cancellation_now o
    where o.scheme = b.scheme and o.bill_id = b.bill_id and o.order_id = k.order_id and o.generation = b.generation
      and o.state not in ('withdrawn', 'dry_run') and (o.not_before is null or o.not_before <= now())))`

// Claimed is true of a cancellation c whose order another bill claims, as far as the ledger knows: no request for it
// may leave. An un-audited bill claims its orders too, unless a trigger of its own scheme holds for it.
const Claimed = `exists (select ` + otherClaims + `
      and b.cancel_status <> 'B' and not ` + ownTrigger + `)`

// Claimants answers, for each of these unsettled cancellations, the other bills whose snapshots map to its order, and
// are not known to be gone.
func Claimants(ctx context.Context, pool *pgxpool.Pool, ids []int64) (map[int64][]rule.Claimant, error) {
	rows, err := pool.Query(ctx, `
select c.cancellation_id, o.*
from cancellation c
cross join lateral (
    select b.bill_id, b.bill_no, b.approve_time, b.cancel_status = 'B' as voided, `+ownTrigger+` as owed,
           bs.form_id <> cs.form_id or bs.data_center_id <> cs.data_center_id as elsewhere
    `+otherClaims+`
    offset 0) o
where c.cancellation_id = any($1)
order by c.cancellation_id, o.bill_id`, ids)
	if err != nil {
		return nil, fmt.Errorf("read claimants: %w", err)
	}
	claimants := map[int64][]rule.Claimant{}
	var id int64
	var one rule.Claimant
	if _, err := pgx.ForEachRow(rows, []any{
		&id, &one.BillID, &one.Number, &one.Approved, &one.Voided, &one.Owed, &one.Elsewhere,
	}, func() error {
		claimants[id] = append(claimants[id], one)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read claimants: %w", err)
	}
	return claimants, nil
}

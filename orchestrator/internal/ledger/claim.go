package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

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
	var renewed, letGo, freed []int64
	var generations []int
	var rows []claimRow
	for _, b := range bills {
		if b.Renewed {
			renewed, generations = append(renewed, b.After.State.ID), append(generations, b.After.Generation)
		}
		if !b.After.State.Live() || !b.After.GoneTime.IsZero() {
			letGo = append(letGo, b.After.State.ID)
		}
		for _, k := range b.Claims {
			rows = append(rows, claimRow{
				b.After.State.ID, b.After.Generation, k.Account, k.WarehouseCode, k.OrderCode, k.OrderType,
			})
		}
	}
	if len(renewed) > 0 {
		ended, err := tx.Query(ctx, `
delete from claim k using unnest($2::bigint[], $3::integer[]) as b (bill_id, generation)
where k.scheme = $1 and k.bill_id = b.bill_id and k.generation < b.generation
returning k.order_id`, scheme, renewed, generations)
		if err != nil {
			return err
		}
		if freed, err = pgx.CollectRows(ended, pgx.RowTo[int64]); err != nil {
			return err
		}
	}
	if err := LetGo(ctx, tx, scheme, letGo, freed); err != nil || len(rows) == 0 {
		return err
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
// but for those that are gone. Who shares the order with c is asked as if it claimed it, also where nothing was ever
// seen of it that maps to the order: it is verified with c. The order alone leads to them (offset 0 sees to that): few
// bills claim one. A bill is the same in every scheme that reads its form in its data centre. Across data centres a
// claim counts only between schemes that both send, so that a test copy protects nothing from production; and of a
// scheme that is not in use any longer nobody would ever say that a claim has ended.
const otherClaims = `
    from (select k.scheme, k.bill_id, k.order_id from claim k where k.order_id = c.order_id
          union
          select k.scheme, k.bill_id, c.order_id from shared_cancellation k where k.same_order_as = c.cancellation_id
          offset 0) k
    join bill b on b.scheme = k.scheme and b.bill_id = k.bill_id
    join scheme bs on bs.scheme = k.scheme
    join scheme cs on cs.scheme = c.scheme
    where b.gone_time is null and bs.active
      and (k.bill_id <> c.bill_id or bs.form_id <> cs.form_id or bs.data_center_id <> cs.data_center_id)
      and (bs.data_center_id = cs.data_center_id or bs.mode = 'send' and cs.mode = 'send')`

// ownTrigger is true of a bill b that is not live and whose own order a trigger of its scheme bs calls for, as its
// cancellation says: one that is un-audited then claims nothing. While it dwells it does. One that was withdrawn
// because another bill claimed the order still calls for it; one that a person ignored does not: the order is left as
// it is, and the bill's, unless a person has had c itself asked again since. What the scheme acts on is asked as it is
// now: what it once called for tells nothing of a trigger, or an organisation, that has been taken out since.
const ownTrigger = `(b.document_status <> 'C' and exists (
    select ` + ownCancellation + ` and (o.not_before is null or o.not_before <= now())))`

const ownCancellation = `
    from cancellation_now o
    where 'un_audited' = any(bs.triggers) and (bs.organisations = '{}' or b.org = any(bs.organisations))
      and o.scheme = b.scheme and o.bill_id = b.bill_id and o.order_id = k.order_id and o.generation = b.generation
      and 'un_audited' = any(o.triggers)
      and (o.state not in ('withdrawn', 'dry_run') and (o.outcome <> 'ignored' or exists (
            select from outcome r where r.cancellation_id = c.cancellation_id and r.state in ('done', 'closed')
              and r.revoke_time >= o.outcome_time))
        or o.outcome = 'order_claimed')`

// IsClaimed is true of a cancellation c whose order another bill claims, as far as the ledger knows: no request for it
// may leave. An un-audited bill claims its orders too, unless a trigger of its own scheme holds for it.
const IsClaimed = `exists (select ` + otherClaims + `
      and b.cancel_status <> 'B' and not ` + ownTrigger + `)`

// HangsOnUnAudit is true of a cancellation c whose order another bill lets go only as long as it is un-audited: it may
// be audited again at any moment.
const HangsOnUnAudit = `exists (select ` + otherClaims + `
      and b.cancel_status <> 'B' and ` + ownTrigger + `)`

// ClaimantRows finds the claimants of these cancellations, each by its key.
const ClaimantRows = `
select c.cancellation_id, o.*
from unnest($1::bigint[]) as w (id)
cross join lateral (select c.cancellation_id, c.scheme, c.bill_id, c.order_id from cancellation c
    where c.cancellation_id = w.id offset 0) c
cross join lateral (
    select b.bill_id, b.bill_no, b.approve_time, b.cancel_status = 'B' as voided, ` + ownTrigger + ` as owed,
           (select min(o.not_before) ` + ownCancellation + ` and b.document_status <> 'C') as dwells,
           bs.form_id <> cs.form_id or bs.data_center_id <> cs.data_center_id as elsewhere
    ` + otherClaims + `
    offset 0) o
order by c.cancellation_id, o.bill_id`

// Claimants answers, for each of these unsettled cancellations, the other bills whose snapshots map to its order, and
// are not known to be gone.
func Claimants(ctx context.Context, pool *pgxpool.Pool, ids []int64) (map[int64][]rule.Claimant, error) {
	rows, err := pool.Query(ctx, ClaimantRows, ids)
	if err != nil {
		return nil, fmt.Errorf("read claimants: %w", err)
	}
	claimants := map[int64][]rule.Claimant{}
	var id int64
	var one rule.Claimant
	var dwells *time.Time
	if _, err := pgx.ForEachRow(rows, []any{
		&id, &one.BillID, &one.Number, &one.Approved, &one.Voided, &one.Owed, &dwells,
		&one.Elsewhere,
	}, func() error {
		one.Dwells = time.Time{}
		if dwells != nil {
			one.Dwells = *dwells
		}
		claimants[id] = append(claimants[id], one)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read claimants: %w", err)
	}
	return claimants, nil
}

// Claimed is a cancellation whose order another bill claims, and that bill's number.
type Claimed struct {
	ID int64
	By string
}

// claimedRow is a Claimed as a statement wants it.
type claimedRow struct {
	ID int64  `col:"id bigint"`
	By string `col:"by text"`
}

var claimedColumns = ColumnsOf[claimedRow]("r")

func claimedArgs(claimed []Claimed, args pgx.StrictNamedArgs) pgx.StrictNamedArgs {
	rows := make([]claimedRow, len(claimed))
	for i, one := range claimed {
		rows[i] = claimedRow(one)
	}
	return claimedColumns.Args(rows, args)
}

// TellClaimed opens a work item of the kind for each of these cancellations, which names its order and who claims it.
func TellClaimed(ctx context.Context, tx pgx.Tx, kind rule.WorkKind, claimed []Claimed) error {
	if len(claimed) == 0 {
		return nil
	}
	return OpenFound(ctx, tx, `
select c.scheme, @kind::text as kind, c.bill_id, c.bill_no, c.cancellation_id, r.by as subject, `+OrderDetail+`
from `+claimedColumns.From+` join cancellation_now c on c.cancellation_id = r.id`,
		claimedArgs(claimed, pgx.StrictNamedArgs{"kind": string(kind)}))
}

// unclaimedPause is how long a cancellation is left alone that was withdrawn because another bill claims its order, or
// waits because several make it.
// What the ledger learns of such a bill makes it due at once.
const unclaimedPause = `interval '1 hour'`

// isOrderClaimed is true of an outcome e that counts, and says that another bill claims the order.
const isOrderClaimed = `e.revoke_time is null and e.state = 'withdrawn' and e.outcome = 'order_claimed'`

// AwaitRelease says when it is asked again whether anybody claims the orders of withdrawn cancellations.
func AwaitRelease(ctx context.Context, tx pgx.Tx, ids []int64) error {
	_, err := tx.Exec(ctx, `
update outcome e set due_time = now() + `+unclaimedPause+`
where e.cancellation_id = any($1) and `+isOrderClaimed, ids)
	return err
}

// Times of a claim that cannot be confirmed: it is asked again after a while, and then a person is told.
const (
	claimPause = `interval '10 minutes'`
	claimLimit = `interval '30 minutes'`
)

// AwaitClaimants leaves cancellations open while Kingdee does not confirm that another bill claims their order: they
// are due again after a while, or when that bill is read, which the next run does. After longer a person hears of it.
func AwaitClaimants(ctx context.Context, tx pgx.Tx, claimed []Claimed) error {
	if len(claimed) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
with waiting as (
    update unsettled_cancellation u
    set claimed_since = coalesce(u.claimed_since, now()), due_time = now() + `+claimPause+`, batch_until = null,
        update_time = now()
    from `+claimedColumns.From+`
    where u.cancellation_id = r.id and u.state = 'open'
    returning u.cancellation_id, u.order_id, u.bill_id, u.question, u.claimed_since, r.by
), asked as (
    update bill b set reread_time = now()
    from waiting u join claim k on k.order_id = u.order_id
    where k.bill_id <> u.bill_id and b.scheme = k.scheme and b.bill_id = k.bill_id and b.gone_time is null
)
select cancellation_id, by from waiting where question = 0 and claimed_since < now() - `+claimLimit,
		claimedArgs(claimed, nil))
	if err != nil {
		return err
	}
	long, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Claimed])
	if err != nil {
		return err
	}
	return TellClaimed(ctx, tx, rule.WorkClaimUnconfirmed, long)
}

// AwaitSharers leaves cancellations open whose order is made by several bills of which another is not done with it:
// they are due again when that bill is read and lets go, or after a while. Nobody need hear of it.
func AwaitSharers(ctx context.Context, tx pgx.Tx, cancellations []int64) error {
	if len(cancellations) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `
update unsettled_cancellation u
set claimed_since = now(), due_time = now() + `+unclaimedPause+`, batch_until = null, update_time = now()
where u.cancellation_id = any($1) and u.state = 'open'`, cancellations); err != nil {
		return err
	}
	return ClaimSettled(ctx, tx, cancellations)
}

// ClaimSettled closes what asked about a claim that could not be confirmed.
func ClaimSettled(ctx context.Context, tx pgx.Tx, cancellations []int64) error {
	return closeKind(ctx, tx, cancellations, rule.WorkClaimUnconfirmed, "nobody claims the order")
}

// LetGo makes due at once what waits for these bills of a scheme, whose claims may have ended: orders that they claim
// or, by their ids, orders that they claimed before this page.
func LetGo(ctx context.Context, tx pgx.Tx, scheme string, bills, orders []int64) error {
	if len(bills)+len(orders) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
with freed as materialized (
    select order_id from claim where scheme = $1 and bill_id = any($2)
    union
    select unnest($3::bigint[])
), asked as (
    update unsettled_cancellation u set due_time = now()
    from freed f
    where u.order_id = f.order_id and u.claimed_since is not null and u.state = 'open' and u.due_time > now()
)
update outcome e set due_time = now()
from freed f join cancellation c on c.order_id = f.order_id
where e.cancellation_id = c.cancellation_id and `+isOrderClaimed, scheme, bills, orders)
	return err
}

// Unclaimed looks again at cancellations of a scheme that were withdrawn because another bill claimed their order, at
// most limit of those that are due. Where none does any longer, the run that asks reads the cancellation's own bill
// again, and what is owed still is owed anew.
func Unclaimed(ctx context.Context, pool *pgxpool.Pool, scheme string, limit int) error {
	err := InTx(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
with due as materialized (
    select e.cancellation_id from outcome e
    where e.scheme = $1 and `+isOrderClaimed+` and e.due_time <= now()
    order by e.due_time limit $2
), asked as (
    update outcome e set due_time = now() + `+unclaimedPause+`
    from due where e.cancellation_id = due.cancellation_id and `+isOrderClaimed+`
)
update bill b set reread_time = now()
from due join cancellation c using (cancellation_id)
where b.scheme = c.scheme and b.bill_id = c.bill_id and not `+IsClaimed, scheme, limit)
		return err
	})
	if err != nil {
		return fmt.Errorf("look again at claimed orders: %w", err)
	}
	return nil
}

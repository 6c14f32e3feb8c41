package push

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// restingNumbers is how many order numbers of a warehouse the list names, and restingMost how many characters it has.
const (
	restingNumbers = 10
	restingMost    = 600
)

// restingRow is what rests in one warehouse of an account. Scheme is where the item of the account stands: the first
// that sends to it, also where several do.
type restingRow struct {
	Scheme, Account, Warehouse string
	Orders                     int
	Numbers                    []string
}

// TellResting keeps one work item an account with the orders to phone through, whichever schemes they are of: those
// which conditions have kept from being sent for rule.RestingFor in all, and those of which every request for as long
// was not sent or came too fast. The time is derived from when the conditions lasted, so that no order writes it. An
// item closes when nothing rests any longer.
func (s *Rows) TellResting(ctx context.Context) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
with blocked as materialized (
    select s.scheme, a.account, o.trigger,
           range_agg(tstzrange(o.since, greatest(o.since, coalesce(o.end_time, now())))) as times
    from scheme s cross join unnest(s.wms_accounts) as a (account)
    join condition o on o.account in ('', a.account) and `+ledger.KeepsUnsent+`
    where s.active and (o.end_time is null or o.end_time > now() - interval '7 days')
    group by s.scheme, a.account, o.trigger
), resting as (
    select u.cancellation_id, u.account, w.warehouse_code as warehouse, w.order_code
    from (select distinct scheme, account from blocked) a
    join unsettled_cancellation u on u.scheme = a.scheme and u.account = a.account and u.state = 'open'
      and u.question = 0 and u.disposition in ('', 'unknown', 'not_sent', 'throttled', 'auth')
    join cancellation c on c.cancellation_id = u.cancellation_id
    join warehouse_order w on w.order_id = u.order_id
    cross join lateral (
        select greatest(u.decide_time, u.not_before) as owed
        offset 0) as d
    cross join lateral (
        select range_agg(b.times) as times from blocked b
        where b.scheme = u.scheme and b.account = u.account and (b.trigger = '' or b.trigger = any(c.triggers))) as b
    where d.owed < now() - @long::interval and (
        select sum(upper(t) - lower(t)) from unnest(b.times * tstzmultirange(tstzrange(d.owed, now()))) as t
    ) >= @long::interval
    union
    select u.cancellation_id, u.account, w.warehouse_code, w.order_code
    from unsettled_cancellation u join warehouse_order w on w.order_id = u.order_id join scheme s using (scheme)
    where u.state = 'open' and u.question = 0 and u.disposition in ('not_sent', 'throttled') and s.active
      and u.unsent_since < now() - @long::interval
)
select s.scheme, account, warehouse, count(*) as orders,
       (array_agg(order_code order by order_code))[1:@numbers] as numbers
from resting
cross join lateral (select min(s.scheme) as scheme from scheme s
    where s.active and resting.account = any(s.wms_accounts)) as s
group by s.scheme, account, warehouse
order by s.scheme, account, warehouse`, pgx.StrictNamedArgs{"long": rule.RestingFor, "numbers": restingNumbers})
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[restingRow])
		if err != nil {
			return err
		}
		return tellResting(ctx, tx, restingItems(found))
	})
	if err != nil {
		return fmt.Errorf("tell what rests: %w", err)
	}
	return nil
}

// restingItems makes an item of the rows of each account, which follow each other.
func restingItems(rows []restingRow) []ledger.WorkItem {
	var items []ledger.WorkItem
	for _, r := range rows {
		n := len(items)
		if n == 0 || items[n-1].Subject != r.Account {
			items = append(items, ledger.WorkItem{Scheme: r.Scheme, Work: ledger.Work{
				Kind: rule.WorkResting, Subject: r.Account,
			}})
			n++
		}
		part := fmt.Sprintf("%s (%d): %s", r.Warehouse, r.Orders, strings.Join(r.Numbers, ", "))
		if r.Orders > len(r.Numbers) {
			part += ", …"
		}
		item := &items[n-1]
		if item.Detail != "" {
			part = "; " + part
		}
		item.Detail = ledger.CleanText(item.Detail + part)
	}
	for i := range items {
		if text := []rune(items[i].Detail); len(text) > restingMost {
			items[i].Detail = string(text[:restingMost-1]) + "…"
		}
	}
	return items
}

// tellResting opens and closes the items, and brings the lists of those that stay up to date.
func tellResting(ctx context.Context, tx pgx.Tx, items []ledger.WorkItem) error {
	if _, err := ledger.OpenItems(ctx, tx, items); err != nil {
		return err
	}
	schemes, accounts := make([]string, len(items)), make([]string, len(items))
	for i, item := range items {
		schemes[i], accounts[i] = item.Scheme, item.Subject
		if err := ledger.RewriteItem(ctx, tx, item); err != nil {
			return err
		}
	}
	return ledger.CloseWorkItems(ctx, tx, "nothing rests any longer", `
w.kind = @kind and w.subject <> '' and not exists (
    select from unnest(@schemes::text[], @accounts::text[]) as r (scheme, account)
    where r.scheme = w.scheme and r.account = w.subject)`,
		pgx.StrictNamedArgs{"kind": string(rule.WorkResting), "schemes": schemes, "accounts": accounts})
}

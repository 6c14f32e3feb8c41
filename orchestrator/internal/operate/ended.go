package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Wanted are the orders of a stored snapshot that a scheme asks for; nil: nobody can say. An error is one of the
// scheme's selector.
type Wanted func(snapshot rule.Bill) ([]rule.Order, error)

// endings are stored bills that were known live and that ended at From or later and before Until, by Kingdee's clock,
// and what they owe through a part of their scheme.
type endings struct {
	Scheme string
	Part   rule.Part
	// Triggers are those that the scheme acts on; of a part that is a trigger it alone counts.
	Triggers    []string
	From, Until time.Time
	Wanted      Wanted
	// But are organisations that the part does not stand for, where it stands for all others.
	But []string
}

// endedAtOnce is how many bills are read at once.
const endedAtOnce = 1000

type endedBill struct {
	BillID  int64
	BillNo  string
	Content []byte
	// Owed are the orders that something is owed for already: kind and warehouse.
	Owed []string
}

// each calls found for each of these bills that owes an order through the part, and owed nothing for it until now, with
// the number of such orders. The newest snapshot says what a bill owes. A bill that no read has shown live has none.
func (e endings) each(ctx context.Context, db ledger.Reads, found func(bill ledger.NumberedBill, orders int64)) error {
	after := int64(0)
	for {
		bills, err := e.page(ctx, db, after)
		if err != nil {
			return err
		}
		for _, bill := range bills {
			after = bill.BillID
			var snapshot rule.Bill
			if err := json.Unmarshal(bill.Content, &snapshot); err != nil {
				return fmt.Errorf("snapshot of bill %d: %w", bill.BillID, err)
			}
			orders, err := e.Wanted(snapshot)
			if err != nil {
				continue // it is set aside when it is read, and a person hears of it
			}
			orders = slices.DeleteFunc(orders, func(order rule.Order) bool {
				return !e.through(order) || slices.Contains(bill.Owed, order.Kind().String()+" "+order.Warehouse)
			})
			if len(orders) > 0 {
				found(ledger.NumberedBill{ID: bill.BillID, Number: bill.BillNo}, int64(len(orders)))
			}
		}
		if len(bills) < endedAtOnce {
			return nil
		}
	}
}

// through says whether an order comes in by the part.
func (e endings) through(order rule.Order) bool {
	switch e.Part.Kind {
	case rule.PartWarehouse:
		return order.Warehouse == e.Part.Name
	case rule.PartOrderKind:
		return order.Kind().String() == e.Part.Name
	case rule.PartTrigger, rule.PartOrganisation:
	}
	return true
}

func (e endings) page(ctx context.Context, db ledger.Reads, after int64) ([]endedBill, error) {
	triggers, closed := e.Triggers, false
	if e.Part.Kind == rule.PartTrigger {
		triggers = []string{e.Part.Name}
		if closed = e.Part == rule.PartClosed; closed {
			triggers = []string{string(rule.TriggerVoided)}
		}
	}
	return ledger.ReadAll[endedBill](ctx, db, "read bills that ended", `
select b.bill_id, b.bill_no, i.content, (
    select coalesce(array_agg(concat_ws('.', nullif(c.bill_kind, ''), c.direction) || ' ' || c.warehouse_number), '{}')
    from cancellation_now c
    where c.scheme = b.scheme and c.bill_id = b.bill_id and c.generation = b.generation and c.state <> 'withdrawn'
) as owed
from bill b cross join lateral (
    select i.content from bill_snapshot i where i.scheme = b.scheme and i.bill_id = b.bill_id
    order by i.generation desc limit 1
) i
where b.scheme = @scheme and b.bill_id > @after and b.ever_live
  and (@kind <> 'organisation' or @name in (b.org, '*') and b.org <> all (@but::text[]))
  and (@kind <> 'warehouse' or strpos(i.content::text, to_json(@name::text)::text) > 0)
  and (b.cancel_status = 'B' and b.gone_time is null and 'voided' = any(@triggers::text[]) and (not @closed or b.closed)
          and b.cancel_time + case when b.cancel_is_date then interval '86399 seconds' else interval '0' end >= @from
          and b.cancel_time + case when b.cancel_is_date then interval '86399 seconds' else interval '0' end < @until
    or b.cancel_status <> 'B' and b.gone_time is null and 'un_audited' = any(@triggers)
          and b.un_audit_time >= @from and b.un_audit_time < @until
    or b.cancel_status <> 'B' and b.class = 'deleted' and 'deleted' = any(@triggers)
          and b.absent_since >= @from and b.absent_since < @until)
order by b.bill_id
limit @limit`, pgx.StrictNamedArgs{
		"scheme": e.Scheme, "after": after, "kind": string(e.Part.Kind), "name": e.Part.Name, "triggers": triggers,
		"closed": closed, "from": e.From, "until": e.Until, "limit": endedAtOnce, "but": e.But,
	})
}

// tellEnded lists, for each part that counts from a cutover, the bills known live that ended before it in the last 90
// days and would owe an order through it: they owe nothing, and a person hears of it. What a trigger that was switched
// off would have owed and somebody has accepted is not told again.
func tellEnded(
	ctx context.Context, tx pgx.Tx, f SchemeFile, cutovers map[rule.Part]time.Time, but []string,
) error {
	if f.Wanted == nil {
		return nil
	}
	for part, until := range cutovers {
		e := endings{
			Scheme: f.Scheme, Part: part, Triggers: namesOf(f.Parts, rule.PartTrigger), Wanted: f.Wanted,
			From: until.Add(-rule.BaselineReach), Until: until,
		}
		switch part.Kind {
		case rule.PartOrganisation:
			if part.Name == rule.Everything {
				e.But = but
			}
		case rule.PartTrigger:
			var accepted time.Time
			if err := tx.QueryRow(ctx, `
select coalesce(max(close_time), 'epoch') from work_item
where scheme = $1 and kind = $2 and subject = $3 and close_reason <> 'the scheme has the trigger'`,
				f.Scheme, string(rule.WorkTriggerOff), part.Name).Scan(&accepted); err != nil {
				return err
			}
			if accepted.After(e.From) {
				e.From = accepted
			}
		case rule.PartWarehouse, rule.PartOrderKind:
		}
		var bills []ledger.NumberedBill
		if err := e.each(ctx, tx, func(bill ledger.NumberedBill, _ int64) { bills = append(bills, bill) }); err != nil {
			return err
		}
		if err := ledger.TellBeforeCutover(ctx, tx, f.Scheme, part, bills); err != nil {
			return err
		}
	}
	return nil
}

package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// NumberedBill is a bill by its id and its number.
type NumberedBill struct {
	ID     int64
	Number string
}

// BeforeCutover is a bill that was known live and ended before the cutover of a part.
type BeforeCutover struct {
	Part rule.Part
	Bill NumberedBill
}

// TellBeforeCutover lists bills that were known live and ended before the cutover of a part, and so owe nothing through
// it, in the one work item of the part, which it opens unless it is open. A bill is listed once for a part, also after
// a person has closed the item, and also where the part stood for all of its kind.
func TellBeforeCutover(ctx context.Context, tx pgx.Tx, scheme string, part rule.Part, bills []NumberedBill) error {
	if len(bills) == 0 {
		return nil
	}
	item := Work{Kind: rule.WorkBeforeCutover, Subject: part.String()}
	args := pgx.StrictNamedArgs{
		"scheme": scheme, "kind": string(item.Kind), "subject": item.Subject,
		"all": rule.Part{Kind: part.Kind, Name: rule.Everything}.String(),
	}
	ids, numbers := make([]int64, len(bills)), make([]string, len(bills))
	for i, bill := range bills {
		ids[i], numbers[i] = bill.ID, bill.Number
	}
	const listed = `
from unnest(@ids::bigint[], @numbers::text[]) as n (bill_id, bill_no)
where not exists (select from work_item_bill l join work_item w using (work_item_id)
    where l.scheme = @scheme and l.bill_id = n.bill_id and w.kind = @kind and w.subject in (@subject, @all))`
	args["ids"], args["numbers"] = ids, numbers
	for told := false; !told; {
		var untold bool
		if err := tx.QueryRow(ctx, `select exists (select `+listed+`)`, args).Scan(&untold); err != nil || !untold {
			return err
		}
		if err := OpenWorkItems(ctx, tx, scheme, []Work{item}); err != nil {
			return err
		}
		// Nobody closes it while bills join its list. One that was closed just now is opened anew.
		if err := tx.QueryRow(ctx, `
with item as (
    select w.work_item_id from work_item w
    where w.scheme = @scheme and w.kind = @kind and w.subject = @subject and w.close_time is null
    for update
), joined as (
    insert into work_item_bill (work_item_id, scheme, bill_id, bill_no)
    select item.work_item_id, @scheme, n.bill_id, n.bill_no
    from item cross join (select n.bill_id, n.bill_no `+listed+`) n
    on conflict do nothing
)
select exists (select from item)`, args).Scan(&told); err != nil {
			return err
		}
	}
	return nil
}

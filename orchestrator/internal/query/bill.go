package query

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// maxBills bounds how many bills one number may answer: Kingdee gives a number again only after a delete.
const maxBills = 100

// BillsByNumber enters the verdict view by number only, which is what it has an index for: bills that held the number
// once are found by the number they hold now.
const BillsByNumber = `
select v.scheme, v.bill_id, v.bill_no, v.verdict, v.verdict_code, v.reason, v.stock_org_number as org,
       coalesce((select o.organisation_name from scheme_organisation o
           where o.scheme = v.scheme and o.organisation = v.stock_org_number), '') as org_name, v.bill_kind,
       v.document_status,
       v.cancel_status, v.modify_time, v.approve_time, v.cancel_time, v.read_time, v.generation, v.class,
       v.as_of, v.reading_stands_still, v.standing
from reporting.bill_verdict v
where v.bill_no = any(array(
          select @bill_no::text
          union
          select b.bill_no from cancellation c join bill b using (scheme, bill_id) where c.bill_no = @bill_no))
  and (v.bill_no = @bill_no
       or exists (select from cancellation c where c.bill_no = @bill_no and c.scheme = v.scheme
           and c.bill_id = v.bill_id))
  and (@scheme = '' or v.scheme = @scheme)
order by v.bill_id desc, v.scheme
limit @limit`

type billKey struct {
	scheme string
	id     int64
}

// BillViews answers every bill that holds this number, or held it when a cancellation was written, with its
// verdict, cancellations and open and closed work items; newest first, at most 100. An empty scheme means all. None
// seen: an empty list.
func (r *Reader) BillViews(ctx context.Context, billNo, scheme string) ([]ledger.BillView, error) {
	views, err := ledger.ReadAll[ledger.BillView](ctx, r.pool, "read bills",
		BillsByNumber, pgx.StrictNamedArgs{"bill_no": billNo, "scheme": scheme, "limit": maxBills})
	if err != nil || len(views) == 0 {
		return nil, err
	}
	at := make(map[billKey]int, len(views))
	for i, v := range views {
		at[billKey{v.Scheme, v.BillID}] = i
	}
	return views, r.addBillDetail(ctx, views, at, billNo)
}

// Readings answers how old what the ledger knows is, of one scheme or, empty, of all that are in the loaded file.
func (r *Reader) Readings(ctx context.Context, scheme string) ([]ledger.ReadingView, error) {
	return ledger.ReadAll[ledger.ReadingView](ctx, r.pool, "read how reading stands", `
select scheme, as_of, stands_still, stands_still_since, standing, standing_en
from reporting.reading
where case when @scheme = '' then active else scheme = @scheme end
order by scheme`, pgx.StrictNamedArgs{"scheme": scheme})
}

// addBillDetail puts cancellations and work items into the bills that they belong to.
func (r *Reader) addBillDetail(ctx context.Context, views []ledger.BillView, at map[billKey]int, billNo string) error {
	schemes, ids := make([]string, len(views)), make([]int64, len(views))
	for i, v := range views {
		schemes[i], ids[i] = v.Scheme, v.BillID
	}
	keys := pgx.StrictNamedArgs{"schemes": schemes, "ids": ids}
	cancellations, err := ledger.ReadAll[ledger.CancellationView](ctx, r.pool,
		"read cancellations of bills", cancellationColumns+`
join unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id) on c.scheme = k.scheme and c.bill_id = k.bill_id
order by c.cancellation_id desc`, keys)
	if err != nil {
		return err
	}
	for _, d := range cancellations {
		bill := &views[at[billKey{d.Scheme, d.BillID}]]
		bill.Cancellations = append(bill.Cancellations, d)
	}
	work, err := ledger.ReadAll[ledger.WorkView](ctx, r.pool, "read work items of bills", workColumns+`
join unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id) on w.scheme = k.scheme and w.bill_id = k.bill_id
where w.bill_id <> 0 or w.bill_no = @bill_no
union all`+sharedWork+`
join unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id) on l.scheme = k.scheme and l.bill_id = k.bill_id
order by work_item_id desc`, pgx.StrictNamedArgs{"schemes": schemes, "ids": ids, "bill_no": billNo})
	if err != nil {
		return err
	}
	for _, w := range work {
		bill := &views[at[billKey{w.Scheme, w.BillID}]]
		bill.Work = append(bill.Work, w)
	}
	return r.addHistory(ctx, views, at, keys)
}

// maxHistory bounds how much of a bill's history is shown: the newest.
const maxHistory = 1000

// addHistory puts what happened to bills into them, the oldest first.
func (r *Reader) addHistory(
	ctx context.Context, views []ledger.BillView, at map[billKey]int, keys pgx.StrictNamedArgs,
) error {
	type entry struct {
		Scheme string
		BillID int64
		ledger.HistoryView
	}
	args := maps.Clone(keys)
	args["limit"] = maxHistory
	entries, err := ledger.ReadAll[entry](ctx, r.pool, "read the history of bills", BillHistory, args)
	for _, e := range entries {
		bill := &views[at[billKey{e.Scheme, e.BillID}]]
		bill.History = append(bill.History, e.HistoryView)
	}
	return err
}

// BillHistory is what happened to bills, the newest of each, in order.
const BillHistory = `
select k.scheme, k.bill_id, h.event_time, h.event, h.event_text, h.event_text_en, h.detail, h.detail_en,
       h.cancellation_id, h.attempt
from unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id)
cross join lateral (
    select h.event_time, h.step, h.event, h.event_zh as event_text, h.event_en as event_text_en, h.detail, h.detail_en,
           coalesce(h.cancellation_id, 0) as cancellation_id, h.attempt
    from reporting.bill_history h
    where h.scheme = k.scheme and h.bill_id = k.bill_id
    order by h.event_time desc, h.step desc
    limit @limit
) h
order by h.event_time, h.step`

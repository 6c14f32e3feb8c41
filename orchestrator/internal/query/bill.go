package query

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// maxBills bounds how many bills one number may answer: Kingdee gives a number again only after a delete.
const maxBills = 100

// BillsByNumber enters the verdict view by numbers only, which is what it has an index for: bills that held one of them
// once are found by the number they hold now. numbers are those of the asked ones that led to the bill.
const BillsByNumber = `
with former as materialized (
    select c.scheme, c.bill_id, array_agg(distinct c.bill_no) as numbers
    from cancellation c
    where c.bill_no = any(@bill_nos)
    group by c.scheme, c.bill_id
)
select v.scheme, v.bill_id, v.bill_no, v.verdict, v.verdict_code, v.reason, v.stock_org_number as org,
       coalesce((select o.organisation_name from scheme_organisation o
           where o.scheme = v.scheme and o.organisation = v.stock_org_number), '') as org_name, v.bill_kind,
       v.document_status,
       v.cancel_status, v.modify_time, v.approve_time, v.cancel_time, v.read_time, v.generation, v.class,
       v.as_of, v.reading_stands_still, v.standing,
       array_remove(f.numbers, v.bill_no) || case when v.bill_no = any(@bill_nos) then array[v.bill_no] else '{}' end
           as numbers
from reporting.bill_verdict v
left join former f on f.scheme = v.scheme and f.bill_id = v.bill_id
where v.bill_no = any(array(
          select unnest(@bill_nos::text[])
          union
          select b.bill_no from former f join bill b using (scheme, bill_id)))
  and (v.bill_no = any(@bill_nos) or f.bill_id is not null)
  and (@scheme = '' or v.scheme = @scheme)
order by v.bill_id desc, v.scheme
limit @limit`

// billKey is a bill; what only a work item knows, without an id, is its number.
type billKey struct {
	scheme string
	id     int64
	no     string
}

func keyOf(scheme string, id int64, no string) billKey {
	if id != 0 {
		no = ""
	}
	return billKey{scheme, id, no}
}

// billSet is bills that are shown, with where each stands among them.
type billSet struct {
	views   []ledger.BillView
	at      map[billKey]int
	schemes []string
	ids     []int64
}

func setOf(views []ledger.BillView) billSet {
	s := billSet{
		views: views, at: make(map[billKey]int, len(views)), schemes: make([]string, len(views)),
		ids: make([]int64, len(views)),
	}
	for i, v := range views {
		s.at[keyOf(v.Scheme, v.BillID, v.BillNo)] = i
		s.schemes[i], s.ids[i] = v.Scheme, v.BillID
	}
	return s
}

// of is the bill with this key; nil where it is not among those that are shown.
func (s billSet) of(scheme string, id int64, no string) *ledger.BillView {
	if i, ok := s.at[keyOf(scheme, id, no)]; ok {
		return &s.views[i]
	}
	return nil
}

// BillViews answers every bill that holds this number, or held it when a cancellation was written, with its
// verdict, cancellations, open and closed work items, and history; newest first, at most 100. An empty scheme means
// all. None seen: an empty list.
func (r *Reader) BillViews(ctx context.Context, billNo, scheme string) ([]ledger.BillView, error) {
	views, err := r.BatchBillViews(ctx, []string{billNo}, scheme)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	return views, r.addHistory(ctx, setOf(views))
}

// BatchBillViews answers the bills of several numbers as BillViews does that of one, without their history: each bill
// once, with those of the numbers that it holds or held; newest first, at most 100 for each number on average.
func (r *Reader) BatchBillViews(ctx context.Context, billNos []string, scheme string) ([]ledger.BillView, error) {
	views, err := ledger.ReadAll[ledger.BillView](ctx, r.pool, "read bills", BillsByNumber, pgx.StrictNamedArgs{
		"bill_nos": billNos, "scheme": scheme, "limit": maxBills * len(billNos),
	})
	if err != nil || len(views) == 0 {
		return nil, err
	}
	return views, r.addBillDetail(ctx, setOf(views), billNos)
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
func (r *Reader) addBillDetail(ctx context.Context, bills billSet, billNos []string) error {
	cancellations, err := ledger.ReadAll[ledger.CancellationView](ctx, r.pool,
		"read cancellations of bills", cancellationColumns+`
join unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id) on c.scheme = k.scheme and c.bill_id = k.bill_id
order by c.cancellation_id desc`, pgx.StrictNamedArgs{"schemes": bills.schemes, "ids": bills.ids})
	if err != nil {
		return err
	}
	for _, d := range cancellations {
		if bill := bills.of(d.Scheme, d.BillID, ""); bill != nil {
			bill.Cancellations = append(bill.Cancellations, d)
		}
	}
	work, err := ledger.ReadAll[ledger.WorkView](ctx, r.pool, "read work items of bills", WorkOfBills,
		pgx.StrictNamedArgs{"schemes": bills.schemes, "ids": bills.ids, "bill_nos": billNos})
	if err != nil {
		return err
	}
	for _, w := range work {
		if bill := bills.of(w.Scheme, w.BillID, w.BillNo); bill != nil {
			bill.Work = append(bill.Work, w)
		}
	}
	return nil
}

// WorkOfBills are the work items of bills, also of those that only their number names.
const WorkOfBills = workColumns + `
join (select distinct * from unnest(@schemes::text[], @ids::bigint[])) as k (scheme, bill_id)
    on w.scheme = k.scheme and w.bill_id = k.bill_id
where w.bill_id <> 0 or w.bill_no = any(@bill_nos)
union all` + sharedWork + `
join unnest(@schemes::text[], @ids::bigint[]) as k (scheme, bill_id) on l.scheme = k.scheme and l.bill_id = k.bill_id
order by work_item_id desc`

// maxHistory bounds how much of a bill's history is shown: the newest.
const maxHistory = 1000

// addHistory puts what happened to bills into them, the oldest first.
func (r *Reader) addHistory(ctx context.Context, bills billSet) error {
	type entry struct {
		Scheme string
		BillID int64
		ledger.HistoryView
	}
	entries, err := ledger.ReadAll[entry](ctx, r.pool, "read the history of bills", BillHistory,
		pgx.StrictNamedArgs{"schemes": bills.schemes, "ids": bills.ids, "limit": maxHistory})
	for _, e := range entries {
		if bill := bills.of(e.Scheme, e.BillID, ""); bill != nil {
			bill.History = append(bill.History, e.HistoryView)
		}
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

package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// revise loads a file whose one scheme has this document, as the orchestrator does at its start, and answers
// the cutovers.
func (w *writer) revise(document string) map[string]string {
	w.Helper()
	file := rowtestFile()[:1]
	parts, err := scheme.PartsOf(document)
	require.NoError(w, err)
	file[0].Document, file[0].Hash, file[0].Parts, file[0].PartsOf = document, document, parts, scheme.PartsOf
	_, err = w.acts().ApplySchemes(w.Context(), file...)
	require.NoError(w, err)
	w.rows.Exec(`update watermark set header_time = coalesce(header_time, now())`)
	standing, err := w.store.Scheme(w.Context(), file[0].Scheme)
	require.NoError(w, err)
	cutovers := map[string]string{}
	for part, at := range standing.Cutovers {
		name := string(part.Kind) + " " + part.Name
		switch {
		case at.IsZero():
			cutovers[name] = "the beginning"
		case time.Since(at) < time.Hour:
			cutovers[name] = "now"
		default:
			cutovers[name] = "long ago"
		}
	}
	return cutovers
}

func TestWhatALaterRevisionAddsHasACutoverOfItsOwn(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	const warehouses = "warehouses: {CK001: {account: default, code: W1}, CK009: {outside: true}}\n"
	first := "organisations: ['100']\norders: {Assembly.in: {}}\n" + warehouses
	w.revise(first)
	// rowtest's own document names nothing, so all of that was added. A scheme that began with this revision
	// has none of it.
	w.rows.Exec(`delete from scheme_cutover`)
	w.forgetFirst()
	w.longAgo()

	require.Empty(t, w.revise("# a remark\n"+first))
	require.Equal(t,
		map[string]string{"trigger un_audited": "now", "order_kind Assembly.out": "now", "warehouse CK009": "now"},
		w.revise(`
organisations: ['100']
triggers: [voided, un_audited]
orders: {Assembly.in: {}, Assembly.out: {}}
warehouses: {CK001: {account: default, code: W1}, CK009: {account: default, code: W9}}`))

	w.rows.Exec(`delete from scheme_cutover`)
	require.Empty(t, w.revise(first), "what is taken out needs none")
	w.longAgo()
	require.Equal(t, map[string]string{"organisation 200": "now"},
		w.revise("organisations: ['100', '200']\norders: {Assembly.in: {}}\n"+warehouses))
	all := w.revise("orders: {Assembly.in: {}}\n" + warehouses)
	require.Equal(t,
		map[string]string{"organisation *": "now", "organisation 100": "the beginning", "organisation 200": "now"}, all,
		"those that were named before keep what they had")
	require.Equal(t, all, w.revise("organisations: ['100', '300']\norders: {Assembly.in: {}}\n"+warehouses),
		"300 was among all")

	standing, err := w.store.Scheme(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Contains(t, standing.Cutovers, rule.Part{Kind: rule.PartOrganisation, Name: rule.Everything})
}

// Rule 17 (docs/rules.md): a part that is back within 24 hours keeps its own cutover; later, too, but what happened
// meanwhile is held.
func TestAPartThatIsBackWithinADayKeepsItsOwnCutover(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "not_selected"})
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A2"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "A2", State: "done"})
	both, one := "organisations: ['100', '200']\n", "organisations: ['100']\n"
	w.revise(both)
	w.longAgo()
	w.rows.Exec(`delete from scheme_cutover`)
	require.Empty(t, w.revise(one))
	w.rows.Exec(`update bill set read_time = clock_timestamp()`)
	require.Empty(t, w.revise(both), "it had none")
	require.Equal(t, "1 2",
		w.text(`select string_agg(bill_id::text, ' ' order by bill_id) from bill where reread_time is not null`),
		"what was read meanwhile is decided again")
	w.rows.Exec(`insert into scheme_cutover (scheme, kind, name, cutover_time, revision)
values ('assembly', 'organisation', '200', now() - interval '9 days', 1)`)
	w.revise(one)
	require.Equal(t, map[string]string{"organisation 200": "long ago"}, w.revise(both))
	w.revise(one)
	require.Equal(t, 0, w.count(`select count(*) from scheme_cutover where gap_from is not null`))
	w.longAgo()
	require.Equal(t, map[string]string{"organisation 200": "long ago"}, w.revise(both))
	require.Equal(t, "25", w.text(`
select round(extract(epoch from gap_until - gap_from) / 3600)::text from scheme_cutover where name = '200'`))
}

// forgetFirst makes it so that there never was rowtest's own revision, which names nothing and so had every
// organisation.
func (w *writer) forgetFirst() { w.rows.Exec(`delete from scheme_revision where revision = 1`) }

// longAgo makes all revisions older than a day.
func (w *writer) longAgo() {
	w.rows.Exec(`update scheme_revision set create_time = create_time - interval '25 hours'`)
}

// Rule 17 (docs/rules.md): a cutover is a time by Kingdee's clock, the last header less 30 s.
func TestACutoverIsATimeByKingdeesClock(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	w.revise("organisations: ['100']\n")
	w.forgetFirst()
	w.longAgo()
	w.rows.Exec(`update watermark set header_time = now() - interval '3 minutes'`)
	w.revise("organisations: ['100', '200']\n")
	require.Equal(t, 1, w.count(`
select count(*) from scheme_cutover join watermark using (scheme)
where name = '200' and cutover_time = date_trunc('second', header_time - interval '30 seconds')`))
}

// Rule 17 (docs/rules.md): an order that waited as warehouse_not_mapped never falls before a cutover.
func TestAWarehouseThatIsMappedHasNoCutoverWhereBillsWaitForIt(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.revise("warehouses: {CK001: {account: default, code: W1}}\n")
	w.longAgo()
	w.rows.Exec(`
with item as (
    insert into work_item (scheme, kind, subject) values ('assembly', 'warehouse_not_mapped', 'CK009') returning *
)
insert into work_item_bill (work_item_id, scheme, bill_id, bill_no) select work_item_id, scheme, 1, 'A1' from item`)
	w.rows.Exec(`delete from scheme_cutover`)
	require.Equal(t, map[string]string{"warehouse CK009": "the beginning", "warehouse CK008": "now"}, w.revise(
		"warehouses: {CK001: {account: default, code: W1}, CK008: {account: default, code: W8}, "+
			"CK009: {account: default, code: W9}}\n"))
	require.Equal(t, 1, w.count(`select count(*) from bill where reread_time is not null`), "it is decided again")
}

// A bill was voided and deleted while its warehouse was not in the scheme. The warehouse came back, and the order
// stood.
// Found by the chaos test (seed 8).
func TestADeletedBillThatWaitsForAWarehouseIsDecidedAgainOnceItIsMapped(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A2"})
	w.rows.Exec(`update bill set class = 'deleted', gone_time = now(), absent_since = now() - interval '1 hour'`)
	w.revise("warehouses: {CK001: {account: default, code: W1}}\n")
	w.longAgo()
	w.rows.Exec(`
with item as (
    insert into work_item (scheme, kind, subject) values ('assembly', 'warehouse_not_mapped', 'CK009') returning *
)
insert into work_item_bill (work_item_id, scheme, bill_id, bill_no) select work_item_id, scheme, 1, 'A1' from item`)
	w.revise("warehouses: {CK001: {account: default, code: W1}, CK009: {account: default, code: W9}}\n")
	require.Equal(t, 1, w.count(`select bill_id from bill where reread_time is not null`),
		"what waits is proved gone once more, and what is only gone is left alone")
}

func TestTheFirstRevisionHasNoCutovers(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`delete from watermark`)
	require.Empty(t, w.revise("organisations: ['100']\n"))
	require.Empty(t, w.revise("organisations: ['100', '200']\n"), "nor has what is added before anything was read")
}

package syncrun_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// A baseline stores a bill live and does not end (a later page stops the scheme, or a process dies); the scheme file is
// corrected (a new revision), and the baseline begins anew an hour later. In between the bill was voided.
func TestABillSeenLiveByAFailedBaselineAndVoidedIsOwed(t *testing.T) {
	b := runtest.New(t)
	b.Books.Page = 1
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Books.Bills[2].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_UNSPECIFIED
	// The second page never comes: the stream breaks, so page 1 is committed and the baseline stays unfinished.
	broken := &runtest.BrokenAfter{Books: b.Books, Pages: 2}
	b.Job.Kingdee = broken
	b.Run()
	require.Equal(t, "1 live", b.Text(`select count(*) || ' ' || min(class) from bill`))

	b.Clock = b.Clock.Add(20 * time.Minute)
	b.Books.Void(1)
	b.Clock = b.Clock.Add(40 * time.Minute)
	delete(b.Books.Bills, 2)
	b.Load("h2")
	b.Run()
	for range 3 {
		b.Clock = b.Clock.Add(10 * time.Second)
		b.Run()
	}
	t.Log(b.Text(`select string_agg(kind || ' ' || state || ' ' || lower_edge::text, '; ' order by run_id) from run
join run_reading using (run_id)`))
	require.Equal(t, "voided", b.Text(`select class from bill where bill_id = 1`), "for the ledger it is live for ever")
	require.Equal(t, "1", b.Text(`select count(*)::text from cancellation_now`),
		"the cancellation is lost: no outcome, no reason, no work item")
}

// One of two kingdeesvc replicas is logged in to another data centre. Whole reads land there.
func TestAWholeReadFromOtherBooksStopsTheScheme(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Books.WholeCenter = "another-data-centre"
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "DATA_CENTER_DIFFERS", b.Text(`select reason from condition where end_time is null`))
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`))
}

// A light page may hold 2,000 changed bills. A vendor that cannot show them all in one job's time must delay a run, not
// keep it from ever getting on.
func TestASlowVendorStillMakesProgress(t *testing.T) {
	b := runtest.New(t)
	b.Books.Page = 2000
	for id := int64(1); id <= 1000; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	vendor := &runtest.Tiring{Books: b.Books}
	b.Job.Kingdee = vendor
	for _, want := range []string{"400", "800", "1000"} {
		vendor.Left = 2
		b.Run()
		require.Equal(t, want, b.Text(`select count(*)::text from bill`))
	}
	require.Equal(t, "1", b.Text(`select count(*)::text from watermark`))
	require.Equal(t, "1",
		b.Text(`select count(*)::text from run join run_reading using (run_id) where state = 'complete'`))
}

// A fresh read saw the bill restored, and a lagging replica or a second void under the same date-only stamp shows it
// voided as before.
func TestAWithdrawnCancellationIsLookedAtAgainOutsideTheOverlap(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	due, err := b.Store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	require.NoError(t, b.Store.StoreVerified(t.Context(), "assembly-void", 1,
		verifiedAs(due[0].ID, rule.NoTrigger, b.Clock), time.Second, time.Hour))
	require.Equal(t, "withdrawn", b.Text(`select state from cancellation_now`))
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Run()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`),
		"its trigger still holds, whatever its dates say")
}

// What could not be decoded is read again when it can be, also long after the overlap.
func TestABillThatCouldNotBeDecodedIsReadAgain(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Books.Bills[1].Kind = ""
	b.Run()
	require.Equal(t, "undecodable", b.Text(`select class from bill`))
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Books.Bills[1].Kind = form.Assembly
	_, err := b.Pool.Exec(t.Context(), `update bill set reread_time = now()`)
	require.NoError(t, err)
	b.Run()
	require.Equal(t, "voided", b.Text(`select class from bill`))
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item where close_time is null`))
}

const warehouseItems = `select coalesce(string_agg(message_en || ' ' || subject || ': ' || detail || case when open
	then '' else ' closed: ' || close_reason end, '; ' order by work_item_id), '') from reporting.work_item`

// A warehouse that nobody has mapped is one thing to do, however many bills wait for it.
func TestAWarehouseThatIsNotMappedIsOneWorkItemThatNamesItsBills(t *testing.T) {
	b := &living{runtest.New(t)}
	for id := int64(1); id <= 25; id++ {
		b.Books.Fresh(id, fmt.Sprintf("A%02d", id), "CK081")
	}
	b.Books.Fresh(30, "A30", "CK082")
	b.Books.Fresh(31, "A31", "CK001")
	b.Run()
	b.Later(time.Minute)
	for _, id := range []int64{1, 2, 30, 31} {
		b.Books.Void(id)
	}
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(3)
	b.Run()
	const first = "the warehouse is not in the scheme's table "
	require.Equal(t, first+"CK081: A01, A02, A03; "+first+"CK082: A30", b.Text(warehouseItems))
	require.Equal(t, "31 WH-HZ01 open voided", b.cancellations())
	require.Equal(t, "1 2 3 30", b.Text(`select string_agg(bill_id::text, ' ' order by bill_id)
		from reporting.bill_verdict where verdict = '需人工' and reason like '%不在方案的仓库对照表内%'`))
	require.Equal(t, "4", b.Text(`select count(*)::text from reporting.bill_history where event = 'work_item'`))
	views, err := b.Store.BillViews(t.Context(), "A02", "")
	require.NoError(t, err)
	require.Len(t, views[0].Work, 1)
	require.Equal(t, "A02", views[0].Work[0].BillNo)

	for id := int64(4); id <= 25; id++ {
		b.Books.Void(id)
	}
	b.Later(time.Minute)
	b.Run()
	require.Contains(t, b.Text(warehouseItems), "A19, A20, …; ", "no list without end")
	require.Equal(t, "26", b.Text(`select count(*)::text from reporting.work_item_bill where open`))
}

// The table says of some warehouses that the WMS does not run them.
func TestAWarehouseThatIsOutsideIsNobodysWork(t *testing.T) {
	b := setupWith(t, "CK005: {account: default, code: WH-TH01, name: 退货质检仓}", "CK005: {outside: true}")
	b.Books.Fresh(1, "A1", "CK005")
	b.Books.Fresh(2, "A2", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "2 WH-HZ01 open voided", b.cancellations())
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`))
	require.Equal(t, "1", b.Text(`select sum((run_counts->>'orders_not_in_scheme')::integer)::text
		from run`))
}

func TestASchemeOnRealVendorsBeginsInDryRunAndOneOnSandboxesSends(t *testing.T) {
	mode := func(real bool) string {
		b := runtest.New(t)
		document := strings.Replace(string(scheme.ShippedDocument()), "    sandbox_only: true\n", "", 1)
		schemes, err := scheme.Load([]byte(document), "test.yaml")
		require.NoError(t, err)
		e, _ := b.Job.Registry.Entry("assembly-void")
		e.Scheme = schemes[0]
		b.Job.Registry.Put(e)
		b.Books.Real, b.Job.WMS = real, vendortest.WMS{Real: real}
		b.Run()
		require.Equal(t, "1", b.Text(`select count(*)::text from watermark`))
		return b.Text(`select mode from scheme`)
	}
	require.Equal(t, "dry_run", mode(true))
	require.Equal(t, "send", mode(false))
}

func TestARealVendorBesideASandboxStopsTheSchemeBeforeAnythingIsRead(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Job.WMS = vendortest.WMS{Real: true}
	b.Run()
	require.Equal(t, "scheme_stopped ENVIRONMENTS_MIXED", b.Text(suspected))
	require.Equal(t, "0", b.Text(`select count(*)::text from bill`))
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from bill`), "until a person has put it right")
}

func TestABillThatIsRestoredWaitsForNoWarehouseAnyMore(t *testing.T) {
	b := &living{runtest.New(t)}
	b.Books.Fresh(1, "A1", "CK081")
	b.Books.Fresh(2, "A2", "CK081")
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(1, "A1", "CK081")
	b.Run()
	const first = "the warehouse is not in the scheme's table CK081: "
	require.Equal(t, first+"A2", b.Text(warehouseItems))
	b.Later(time.Minute)
	b.Books.Fresh(2, "A2", "CK081")
	b.Run()
	require.Equal(t, first+" closed: no bill waits for it", b.Text(warehouseItems))
	b.Later(time.Minute)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, first+" closed: no bill waits for it; "+first+"A2", b.Text(warehouseItems))
}

// Two transactions find bills for one warehouse at once, while a third finds that nobody waits for it: no bill is left
// without an open item.
func TestWhoeverWaitsForAWarehouseIsOnTheListOfAnOpenItem(t *testing.T) {
	b := &living{runtest.New(t)}
	b.Books.Fresh(1, "A1", "CK081")
	b.Run()
	write := func(bill int64, waits bool) error {
		page := ledger.Page{Readable: []int64{bill}}
		if waits {
			page.Work = []ledger.Work{{
				Kind: rule.WorkNoWarehouse, BillID: bill, BillNo: fmt.Sprint("A", bill), Subject: "CK081",
			}}
		}
		return pgx.BeginFunc(t.Context(), b.Pool, func(tx pgx.Tx) error {
			return intake.WritePage(t.Context(), tx, &ledger.Run{Scheme: "assembly-void", Revision: 1}, &page)
		})
	}
	for range 20 {
		require.NoError(t, write(1, true))
		require.NoError(t, write(2, false))
		require.NoError(t, write(3, false))
		var group errgroup.Group
		group.Go(func() error { return write(1, false) })
		group.Go(func() error { return write(2, true) })
		group.Go(func() error { return write(3, true) })
		require.NoError(t, group.Wait())
		require.Equal(t, "2 3", b.Text(`select coalesce(string_agg(bill_id::text, ' ' order by bill_id), '')
			from reporting.work_item_bill where open`))
		require.Equal(t, "1", b.Text(`select count(*)::text from work_item where close_time is null`))
	}
}

func verifiedAs(id int64, outcome rule.Verification, at time.Time) []ledger.Verified {
	return []ledger.Verified{{ID: id, Outcome: outcome, ReadTime: at}}
}

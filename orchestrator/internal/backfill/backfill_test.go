package backfill_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// filling is a bench that also runs backfills.
type filling struct{ *runtest.Bench }

func setupFilling(t *testing.T) *filling {
	t.Helper()
	return &filling{runtest.New(t)}
}

const watched = "assembly-void"

// filler makes the orchestrator that runs backfills beside the bench's incremental runs.
func (b *filling) filler() *backfill.Backfiller {
	return &backfill.Backfiller{
		Store: b.Store, Kingdee: b.Job.Kingdee, Registry: b.Job.Registry, Insert: runtest.NoJobs{},
		Logger: b.Job.Logger, Now: b.Job.Now,
	}
}

// order starts a backfill, and works on it until its job has nothing more to do.
func (b *filling) order(order ledger.BackfillOrder) int64 {
	b.Helper()
	id, err := b.Acts().StartBackfill(b.Context(), ledger.Act{Scheme: watched, Actor: "li", Reason: "test"}, order)
	require.NoError(b, err)
	b.fill(id)
	return id
}

func (b *filling) fill(id int64) {
	b.Helper()
	require.NoError(b, b.filler().Run(b.Context(), queue.BackfillArgs{ID: id}))
}

// apply carries a plan out.
func (b *filling) apply(id int64) {
	b.Helper()
	require.NoError(b, b.Acts().ApplyBackfill(b.Context(), ledger.Act{Actor: "li", Reason: "as planned"}, id, 0))
	b.fill(id)
}

// since is a range from so long ago until now.
func (b *filling) since(d time.Duration) ledger.BackfillOrder {
	return ledger.BackfillOrder{From: b.Clock.Add(-d), To: b.Clock.Add(time.Second)}
}

// items prints what a backfill came to: number, state, order_kind, order, detail.
func (b *filling) items(id int64) string {
	b.Helper()
	return b.Text(fmt.Sprintf(`
select coalesce(string_agg(concat_ws(' ', bill_no, state, nullif(order_kind, ''), nullif(warehouse_code, ''),
       case when state in ('refused', 'held') then detail end), '; ' order by item), '')
from backfill_item where run_id = %d`, id))
}

func (b *filling) standingOf(id int64) string {
	b.Helper()
	return b.Text(fmt.Sprintf(`select state from run join run_backfill using (run_id) where run_id = %d`, id))
}

// ledgerSum is a picture of everything that a plan must leave alone.
func (b *filling) ledgerSum() string {
	b.Helper()
	return b.Text(`select md5((select coalesce(string_agg(x::text, ';' order by x::text), '') from bill x)
        || (select coalesce(string_agg(x::text, ';' order by x::text), '') from bill_snapshot x)
        || (select coalesce(string_agg(x::text, ';' order by x::text), '') from cancellation_now x)
        || (select coalesce(string_agg(x::text, ';' order by x::text), '') from work_item x)
        || (select coalesce(string_agg(x::text, ';' order by x::text), '') from watermark x))`)
}

// ancient makes a bill that was voided long before the scheme began.
func (b *filling) ancient(id int64, no, stock string) {
	at := b.Clock
	b.Clock = at.AddDate(0, 0, -30)
	b.Books.Live(id, no, stock)
	b.Clock = at.AddDate(0, 0, -29)
	b.Books.Void(id)
	b.Clock = at
}

func TestARangeOwesWhatNoRunHasSeen(t *testing.T) {
	b := setupFilling(t)
	b.Books.Page = 2
	b.Run()
	watermark := b.Text(`select watermark_time || ' ' || version from watermark`)
	// No run shows these: their dates lie behind the watermark's overlap.
	b.Clock = b.Clock.Add(-2 * time.Hour)
	for id := int64(1); id <= 5; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(2)
	b.Books.Void(4)
	b.Clock = b.Clock.Add(2 * time.Hour)

	id := b.order(b.since(12 * time.Hour))
	require.Equal(t, "complete", b.standingOf(id))
	require.Equal(t, "A2 new Assembly.in WH-HZ01; A4 new Assembly.in WH-HZ01", b.items(id))
	require.Equal(t, "2 open", b.Text(`select count(*) || ' ' || min(state) from cancellation_now`))
	require.Equal(t, "live live live voided voided", b.Text(`select string_agg(class, ' ' order by class) from bill`))
	require.Equal(t, "3 2 2 2", b.Text(`select concat_ws(' ', run_counts->>'live', run_counts->>'voided',
       run_counts->>'orders_new', counts->>'new')
from run join run_backfill using (run_id)`))
	require.Equal(t, watermark, b.Text(`select watermark_time || ' ' || version from watermark`),
		"a backfill moves no watermark")

	again := b.order(b.since(12 * time.Hour))
	require.Equal(t, "A2 already_owed Assembly.in WH-HZ01; A4 already_owed Assembly.in WH-HZ01", b.items(again),
		"what was done already is shown")
	require.Equal(t, "2", b.Text(`select count(*)::text from cancellation_now`))
}

func TestARangeHasAnUpperEdge(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	b.Books.Live(1, "A1", "CK001")
	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Void(1)
	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Live(2, "A2", "CK001")
	b.Books.Void(2)
	b.Clock = b.Clock.Add(time.Hour)
	for _, bill := range []int64{1, 2} {
		b.Books.Bills[bill].CreateTime, b.Books.Bills[bill].ApproveTime = nil, nil
	}
	order := b.since(4 * time.Hour)
	order.To = b.Clock.Add(-90 * time.Minute)
	id := b.order(order)
	require.Equal(t, "A1 new Assembly.in WH-HZ01", b.items(id))
	require.Equal(t, "1 1",
		b.Text(`select rows_outside || ' ' || (run_counts->>'bills') from run join run_backfill using (run_id)`),
		"what was read beside is counted")
}

func TestAListShowsEveryNumber(t *testing.T) {
	b := setupFilling(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Books.Live(3, "A3", "CK404")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(2)
	b.Books.Void(3)
	b.Run()
	rowtest.New(t, b.Pool).Exec(
		`update cancellation_now set state = 'done', outcome = 'cancelled', outcome_time = now()`)

	id := b.order(ledger.BackfillOrder{Numbers: []string{"A3", "nope", "A1", "A2"}})
	require.Equal(t, "A1 nothing_owed; A2 settled Assembly.in WH-HZ01; A3 undecodable; nope undecodable", b.items(id))
	require.Equal(t, "{nope}", b.Text(`select numbers_not_found::text from run join run_backfill using (run_id)`))
	require.Equal(t, "live", b.Text(`select class from backfill_item where bill_no = 'A1'`))
	items, err := b.Store.ItemViews(t.Context(), id, nil, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "done", items[1].CancellationState, "with its outcome")
}

func TestOnlyABackfillBeforeTheCutoverOwesWhatWasVoidedBefore(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	b.ancient(1, "OLD", "CK001")
	id := b.order(b.since(60 * 24 * time.Hour))
	require.Equal(t, "", b.items(id))
	require.Equal(t, "before_cutover", b.Text(`select class from bill`))

	order := b.since(60 * 24 * time.Hour)
	order.BeforeCutover = true
	id = b.order(order)
	require.Equal(t, "OLD new Assembly.in WH-HZ01", b.items(id))
	require.Equal(t, "voided open",
		b.Text(`select b.class || ' ' || c.state from bill b join cancellation_now c using (scheme, bill_id)`))

	// Somebody writes a remark: the next run decides the bill by the cutover again, which must not take back what a
	// person asked for.
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Bills[1].ModifyTime = timestamppb.New(b.Clock)
	b.Run()
	require.Equal(t, "voided open",
		b.Text(`select b.class || ' ' || c.state from bill b join cancellation_now c using (scheme, bill_id)`))
}

func TestOnlyABackfillBeforeTheCutoverSendsWhatWasDecidedInDryRun(t *testing.T) {
	b := setupFilling(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	act := ledger.Act{Scheme: watched, Actor: "li", Reason: "test"}
	_, err := b.Acts().SetMode(t.Context(), act, false)
	require.NoError(t, err)
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "dry_run", b.Text(`select state from cancellation_now`))
	below := b.since(12 * time.Hour)
	below.BeforeCutover = true
	require.Equal(t, "A1 settled Assembly.in WH-HZ01", b.items(b.order(below)), "a scheme in dry run stays in dry run")

	_, err = b.Acts().SetMode(t.Context(), act, true)
	require.NoError(t, err)
	require.Equal(t, "A1 settled Assembly.in WH-HZ01", b.items(b.order(b.since(12*time.Hour))))
	require.Equal(t, "dry_run", b.Text(`select state from cancellation_now`))
	require.Equal(t, "A1 new Assembly.in WH-HZ01", b.items(b.order(below)))
	require.Equal(t, "open 1970",
		b.Text(`select state || ' ' || extract(year from verified_time) from cancellation_now`),
		"its bill is read again before anything is sent")
}

func TestABackfillGoesOnWhereItWasKilled(t *testing.T) {
	b := setupFilling(t)
	b.Books.Page = 1
	b.Run()
	for id := int64(1); id <= 6; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(3 * time.Hour)
	vendor := &runtest.Tiring{Books: b.Books, Left: 2}
	b.Job.Kingdee = vendor
	id := b.order(b.since(12 * time.Hour))
	require.Equal(t, "running 2 1",
		b.Text(`select state || ' ' || cursor_id || ' ' || failures from run join run_backfill using (run_id)`))
	require.Contains(t, b.Text(`select error from run join run_backfill using (run_id)`), "too slow")
	due, err := b.Store.DueBackfills(t.Context())
	require.NoError(t, err)
	require.Empty(t, due, "it waits after a fault")

	_, err = b.Pool.Exec(t.Context(), `update run_backfill set not_before = now() - interval '1 day'`)
	require.NoError(t, err)
	due, err = b.Store.DueBackfills(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{id}, due, "the rows say what is due, whatever became of its job")
	vendor.Left = 100
	b.fill(id)
	require.Equal(t, "complete 6 6 6", b.Text(`select concat_ws(' ', state, counts->>'new', run_counts->>'bills',
       (select count(*) from backfill_item))
from run join run_backfill using (run_id)`))
	require.Equal(t, "6", b.Text(`select count(*)::text from cancellation_now`))
}

func TestSafetyLimitsHoldALargeBackfill(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	for id := int64(1); id <= 150; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(3 * time.Hour)
	id := b.order(b.since(12 * time.Hour))
	require.Equal(t, "complete", b.standingOf(id))
	require.Equal(t, "150 held safety_limit_hour",
		b.Text(`select count(*) || ' ' || min(state) || ' ' || min(hold_reason) from cancellation_now`))
	require.Equal(t, "100 50",
		b.Text(`select (counts->>'new') || ' ' || (counts->>'held') from run join run_backfill using (run_id)`),
		"those of the first page were open for a moment")
	require.Equal(t, "1", b.Text(`select count(*)::text from condition where kind = 'safety_limit'`))
}

func TestACancelledBackfillEndsAtItsNextPage(t *testing.T) {
	b := setupFilling(t)
	b.Books.Page = 1
	b.Run()
	for id := int64(1); id <= 4; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Job.Kingdee = &meddling{Books: b.Books, at: 2, do: func() {
		var id int64
		require.NoError(t, b.Pool.QueryRow(t.Context(), `select run_id from run where kind = 'backfill'`).Scan(&id))
		require.NoError(t, b.Acts().CancelBackfill(t.Context(), ledger.Act{Actor: "li", Reason: "wrong range"}, id))
	}}
	id := b.order(b.since(12 * time.Hour))
	require.Equal(t, "cancelled", b.standingOf(id))
	require.Equal(t, "1", b.Text(`select count(*)::text from cancellation_now`), "what it owed by then stays owed")
	var unfit *ledger.StateError
	require.ErrorAs(t, b.Acts().CancelBackfill(t.Context(), ledger.Act{Actor: "li", Reason: "again"}, id), &unfit)
}

// An incremental run decides the same bill between the backfill's read of it and its write: nothing may be decided from
// what is older.
func TestABackfillReadsAgainWhatARunHasReadMeanwhile(t *testing.T) {
	b := setupFilling(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	plain := b.Job.Kingdee
	b.Job.Kingdee = &meddling{Books: b.Books, at: 1, do: func() {
		b.Clock = b.Clock.Add(time.Second)
		b.Job.Kingdee = plain
		b.Run()
	}}
	id := b.order(b.since(12 * time.Hour))
	require.Equal(t, "complete", b.standingOf(id))
	require.Equal(t, "A1 already_owed Assembly.in WH-HZ01; A2 already_owed Assembly.in WH-HZ01", b.items(id))
	require.Equal(t, "2 open", b.Text(`select count(*) || ' ' || min(state) from cancellation_now`))
}

func TestABackfillWaitsWhileItsSchemeIsStopped(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	b.Books.Live(1, "A1", "CK001")
	b.Books.Void(1)
	b.Clock = b.Clock.Add(2 * time.Hour)
	id, err := b.Acts().StartBackfill(t.Context(), ledger.Act{Scheme: watched, Actor: "li", Reason: "test"},
		b.since(12*time.Hour))
	require.NoError(t, err)
	require.NoError(t, b.Store.StopScheme(t.Context(), watched, "DATA_CENTER_DIFFERS", "test"))
	b.fill(id)
	require.Contains(t, b.Text(`select state || ' ' || error from run join run_backfill using (run_id)`),
		"running waits: the scheme is stopped")
	_, err = b.Acts().StartBackfill(t.Context(), ledger.Act{Scheme: watched, Actor: "li", Reason: "test"},
		b.since(time.Hour))
	require.ErrorIs(t, err, ledger.ErrStopped)
	require.NoError(t, b.Acts().Resume(t.Context(), ledger.Act{Scheme: watched, Actor: "li", Reason: "test"}))
	b.fill(id)
	require.Equal(t, "complete", b.standingOf(id))
}

// It went on, and what it would have owed was owed by a scheme that nobody reads for any more.
func TestABackfillEndsWithItsScheme(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	b.Books.Live(1, "A1", "CK001")
	b.Books.Void(1)
	b.Clock = b.Clock.Add(2 * time.Hour)
	act := ledger.Act{Scheme: watched, Actor: "li", Reason: "test"}
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	planned, err := b.Acts().StartBackfill(t.Context(), act, order)
	require.NoError(t, err)
	b.fill(planned)
	require.Equal(t, "planned", b.standingOf(planned))
	_, err = b.Acts().Retire(t.Context(), act, false)
	require.NoError(t, err)
	require.Equal(t, "failed", b.standingOf(planned))
	require.Error(t, b.Acts().ApplyBackfill(t.Context(), ledger.Act{Actor: "li", Reason: "as planned"}, planned, 0))
	_, err = b.Acts().StartBackfill(t.Context(), act, b.since(12*time.Hour))
	require.ErrorIs(t, err, ledger.ErrStopped)
	require.Equal(t, "0", b.Text(`select count(*) from unsettled_cancellation`))
}

// meddling does something while the whole read with this number is on its way.
type meddling struct {
	*vendortest.Books
	at int
	do func()
}

func (m *meddling) StreamBills(
	ctx context.Context, in *kingdeev1.StreamBillsRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	answer, err := m.Books.StreamBills(ctx, in, o...)
	if m.at--; m.at == 0 {
		m.do()
	}
	return answer, err
}

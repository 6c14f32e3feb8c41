package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// rereading is a bench that also rechecks and reconciles.
type rereading struct{ *bench }

func setupRereading(t *testing.T) *rereading {
	t.Helper()
	return &rereading{setup(t)}
}

func (b *rereading) rereader() *rereader {
	return &rereader{
		store: b.store, kingdee: b.p.kingdee, registry: b.p.registry, insert: b.p.insert, logger: b.p.logger, now: b.p.now, stopping: b.p.stopping,
	}
}

// reread runs a recheck or a reconcile run that a person asked for.
func (b *rereading) reread(what ledger.RunKind) {
	b.Helper()
	args := queue.ReconcileArgs{Scheme: "assembly-void", What: what, Asked: true}
	require.NoError(b, (&reconciler{rereader: b.rereader(), ledger: b.store}).run(b.Context(), args))
}

func (b *rereading) recheck() {
	b.Helper()
	b.reread(ledger.Recheck)
}

func (b *rereading) reconcile() {
	b.Helper()
	b.reread(ledger.Reconcile)
}

func (b *rereading) unAudit(id int64) {
	b.books.Bills[id].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT
}

// record is what the newest reconcile run says of itself.
func (b *rereading) record() string {
	b.Helper()
	return b.text(`select format('%s: %s hours, %s differ, %s bills, %s read, %s repaired, %s missing, %s gone', state, hours, hours_differing,
		bills_read, bills_reread, bills_repaired, bills_missing, bills_gone) from run join run_comparison using (run_id) where kind = 'reconcile' order by run_id desc limit 1`)
}

// Un-audit may move no date at all.
func TestAnUnAuditThatMovesNoDateIsNoticedByTheRecheck(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.unAudit(2)
	b.run()
	require.Equal(t, "live", b.text(`select class from bill where bill_id = 2`), "no run can see it")
	b.recheck()
	require.Equal(t, "un_audited", b.text(`select class from bill where bill_id = 2`))
	require.Equal(t, "3 1 complete", b.text(`select bills_read || ' ' || bills_repaired || ' ' || state from run join run_comparison using (run_id)`))
	require.Equal(t, "1", b.text(`select count(*)::text from bill_snapshot where bill_id = 2`), "its snapshot stays")
}

// A void under a stamp that no run reads (date-only, or a server whose void moves nothing) is owed all the same, behind
// the safety limits.
func TestAVoidThatMovesNoDateIsOwedByTheRecheck(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	b.run()
	b.recheck()
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	require.Equal(t, "true", b.text(`select (run_id is null)::text from cancellation_now`))
}

// A recheck reads the bills that it knows: that the number was given to another was not seen, and for a minute its
// order would have been cancelled for it.
func TestWhatTheRecheckOwesIsLookedAtByNumberBeforeItIsSent(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.books.Void(1)
	b.books.Fresh(2, "A1", "CK001")
	b.recheck()
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	due, err := b.store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	s := &push.Batcher{Now: b.p.now}
	require.False(t, s.Sendable(b.p.registry.Entries["assembly-void"], due[0]))
	require.Empty(t, b.verify())
	require.Equal(t, "withdrawn number_live", b.text(`select state || ' ' || outcome from cancellation_now`))
}

func TestTheRecheckGoesBehindTheSafetyLimits(t *testing.T) {
	b := setupRereading(t)
	const bills = 101
	for id := int64(1); id <= bills; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	for id := int64(1); id <= bills; id++ {
		b.books.Bills[id].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	}
	b.recheck()
	require.Equal(t, "held 101", b.text(`select string_agg(distinct state, ',') || ' ' || count(*) from cancellation_now`))
	require.Equal(t, "1", b.text(`select count(*)::text from work_item where kind = 'safety_limit_reached' and close_time is null`))
}

// A round reads by key; one that was killed in the middle goes on from its cursor.
func TestARecheckThatWasKilledGoesOnFromItsCursor(t *testing.T) {
	b := setupRereading(t)
	b.books.Page = 1
	for id := int64(1); id <= 4; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.unAudit(1)
	b.unAudit(4)
	b.p.kingdee = &brokenAfter{Books: b.books, pages: 2}
	b.recheck()
	require.Equal(t, "un_audited live", b.text(`select string_agg(class, ' ' order by bill_id) from bill where bill_id in (1, 4)`))
	require.Equal(t, "running 1", b.text(`select state || ' ' || cursor_id from run join run_comparison using (run_id)`))
	b.p.kingdee, b.books.Asked = b.books, nil
	b.recheck()
	require.Equal(t, "un_audited", b.text(`select class from bill where bill_id = 4`))
	require.Equal(t, "1 4 2", b.text(`select count(*) over () || ' ' || bills_read || ' ' || bills_repaired from run join run_comparison using (run_id)`))
}

// hook runs something when the first light read by id has been answered and nothing is decided yet.
type hook struct {
	*vendortest.Books
	then func()
}

func (h *hook) StreamBillStates(ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	s, err := h.Books.StreamBillStates(ctx, in, o...)
	if then := h.then; then != nil && in.GetIds() != nil {
		h.then = nil
		then()
	}
	return s, err
}

// The recheck read a bill live; before it decided, it was voided and a run wrote that. What the recheck saw is older.
func TestAStaleReadOfTheRecheckChangesNothing(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.unAudit(2)
	b.p.kingdee = &hook{Books: b.books, then: func() {
		kingdee := b.p.kingdee
		b.p.kingdee = b.books
		b.clock = b.clock.Add(time.Minute)
		b.books.Void(1)
		b.run()
		b.p.kingdee = kingdee
	}}
	b.recheck()
	require.Equal(t, "voided", b.text(`select class from bill where bill_id = 1`))
	require.Equal(t, "open", b.text(`select state from cancellation_now where bill_id = 1`))
	require.Equal(t, "0", b.text(`select count(*)::text from work_item`))
}

// A page was decided, and before it was written a run wrote one of its bills anew.
func TestAPageOfTheRecheckThatIsOvertakenIsDecidedAgain(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.unAudit(1)
	b.unAudit(2)
	l := b.rereader()
	l.store = &overtaken{rereadStore: b.store, before: func() {
		b.clock = b.clock.Add(time.Minute)
		b.books.Void(1)
		b.run()
	}}
	require.NoError(t, (&reconciler{rereader: l, ledger: b.store}).run(t.Context(),
		queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Recheck}))
	require.Equal(t, "voided un_audited", b.text(`select string_agg(class, ' ' order by bill_id) from bill`))
	require.Equal(t, "open", b.text(`select state from cancellation_now where bill_id = 1`))
}

// overtaken lets something happen before the first page is stored.
type overtaken struct {
	rereadStore
	before func()
}

func (o *overtaken) CommitDecided(ctx context.Context, basis ledger.Basis, page ledger.Page, then func(pgx.Tx, ledger.Committed) error) (ledger.Committed, error) {
	if before := o.before; before != nil {
		o.before = nil
		before()
	}
	return o.rereadStore.CommitDecided(ctx, basis, page, then)
}

// An hour that agrees is not read again, and a reconcile run that finds nothing leaves a record.
func TestAReconcileThatFindsNothingReadsNothingAgainAndLeavesARecord(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.books.Asked = nil
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 0 differ, 3 bills, 0 read, 0 repaired, 0 missing, 0 gone", b.record())
	require.Empty(t, b.books.Asked)
}

// A bill committed late: its stamp lies hours behind, where no run looks any more. Only its hour is read again.
func TestABillThatCameToLightLateIsFoundByTheReconcile(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.books.Hidden[2] = true
	b.run()
	b.clock = b.clock.Add(90 * time.Minute)
	b.books.Live(3, "A3", "CK001")
	b.run()
	b.books.Void(2)
	voided := b.books.Bills[2]
	voided.ModifyTime, voided.CancelTime, voided.ApproveTime = voided.GetCreateTime(), voided.GetCreateTime(), voided.GetCreateTime()
	b.clock = b.clock.Add(time.Hour)
	b.run()
	b.books.Hidden[2] = false
	b.run()
	require.Equal(t, "0", b.text(`select count(*)::text from bill where bill_id = 2`), "its stamps lie below every lower edge")
	b.books.Asked = nil
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 1 differ, 3 bills, 2 read, 1 repaired, 0 missing, 0 gone", b.record())
	require.NotContains(t, b.books.Asked[:2], int64(3), "its hour agreed")
	require.Equal(t, "before_cutover", b.text(`select class from bill where bill_id = 2`), "it is decided by the same rules as in a run")
	b.reconcile()
	require.Contains(t, b.record(), " 0 differ,")
}

// A void whose stamps moved nothing is owed by the reconcile run, too: the states of its hour differ.
func TestAVoidThatNoRunSawIsOwedByTheReconcile(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	b.run()
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 1 differ, 2 bills, 2 read, 1 repaired, 0 missing, 0 gone", b.record())
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	require.Equal(t, "1", b.text(`select run_counts->>'voided' from run join run_comparison using (run_id)`))
}

// Killed while it gathered, and again while it repaired: each time it goes on from where it was, and counts nothing
// twice.
func TestAReconcileThatWasKilledGoesOn(t *testing.T) {
	b := setupRereading(t)
	b.books.Page = 1
	for id := int64(1); id <= 4; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	for id := int64(1); id <= 4; id++ {
		b.books.Bills[id].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	}
	inserted := &kept{}
	b.p.insert, b.p.kingdee = inserted, slow{b.books}
	l := b.rereader()
	run := func(args queue.ReconcileArgs) error {
		return (&reconciler{rereader: l, ledger: b.store}).run(t.Context(), args)
	}
	require.NoError(t, run(queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Reconcile, Asked: true}))
	require.Equal(t, "running gather", b.text(`select state || ' ' || phase from run join run_comparison using (run_id)`))
	require.Len(t, inserted.args, 1)
	for range 40 {
		if b.text(`select state from run join run_comparison using (run_id)`) != "running" {
			break
		}
		require.NoError(t, run(queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Reconcile, Follows: true}))
	}
	require.Equal(t, "complete: 73 hours, 1 differ, 4 bills, 4 read, 4 repaired, 0 missing, 0 gone", b.record())
	require.Equal(t, "1 4", b.text(`select (select count(*) from run join run_comparison using (run_id)) || ' ' || count(*) from cancellation_now where state = 'open'`))
}

// slow is a Kingdee that takes 25 s for each light page.
type slow struct{ *vendortest.Books }

func (v slow) StreamBillStates(ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	s, err := v.Books.StreamBillStates(ctx, in, o...)
	return slowFrames{s, v.Clock}, err
}

type slowFrames struct {
	grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse]
	clock *time.Time
}

func (f slowFrames) Recv() (*kingdeev1.StreamBillStatesResponse, error) {
	frame, err := f.ServerStreamingClient.Recv()
	if frame.GetPage() != nil {
		*f.clock = f.clock.Add(25 * time.Second)
	}
	return frame, err
}

package reconcile_test

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
	"github.com/voidrelay/voidrelay/orchestrator/internal/reconcile"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// rereading is a bench that also rechecks and reconciles.
type rereading struct{ *runtest.Bench }

func setupRereading(t *testing.T) *rereading {
	t.Helper()
	return &rereading{runtest.New(t)}
}

func (b *rereading) rereader() *reconcile.Rereader {
	return &reconcile.Rereader{
		Store: b.Store, Kingdee: b.Job.Kingdee, Registry: b.Job.Registry, Insert: b.Job.Insert, Logger: b.Job.Logger,
		Now: b.Job.Now, Stopping: b.Job.Stopping,
	}
}

// reread runs a recheck or a reconcile run that a person asked for.
func (b *rereading) reread(what ledger.RunKind) {
	b.Helper()
	args := queue.ReconcileArgs{Scheme: "assembly-void", What: what, Asked: true}
	require.NoError(b, (&reconcile.Reconciler{Rereader: b.rereader(), Ledger: b.Store}).Run(b.Context(), args))
}

func (b *rereading) recheck() {
	b.Helper()
	b.reread(ledger.Recheck)
}

func (b *rereading) reconcile() {
	b.Helper()
	b.reread(ledger.Reconcile)
}

// resume is what a person does who has seen to a condition.
func (b *rereading) resume() {
	b.Helper()
	require.NoError(b, b.Acts().Resume(b.Context(), ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "permissions are right again",
	}))
}

func (b *rereading) unAudit(id int64) {
	b.Books.Bills[id].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT
}

// record is what the newest reconcile run says of itself.
func (b *rereading) record() string {
	b.Helper()
	return b.Text(`select format('%s: %s hours, %s differ, %s bills, %s read, %s repaired, %s missing, %s gone',
		state, hours, hours_differing, bills_read, bills_reread, bills_repaired, bills_missing, bills_gone)
from run join run_comparison using (run_id) where kind = 'reconcile' order by run_id desc limit 1`)
}

// Un-audit may move no date at all.
func TestAnUnAuditThatMovesNoDateIsNoticedByTheRecheck(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.unAudit(2)
	b.Run()
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 2`), "no run can see it")
	b.recheck()
	require.Equal(t, "un_audited", b.Text(`select class from bill where bill_id = 2`))
	require.Equal(t, "3 1 complete", b.Text(
		`select bills_read || ' ' || bills_repaired || ' ' || state from run join run_comparison using (run_id)`,
	))
	require.Equal(t, "1", b.Text(`select count(*)::text from bill_snapshot where bill_id = 2`), "its snapshot stays")
}

// A void under a stamp that no run reads (date-only, or a server whose void moves nothing) is owed all the same, behind
// the safety limits.
func TestAVoidThatMovesNoDateIsOwedByTheRecheck(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	b.Run()
	b.recheck()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	require.Equal(t, "true", b.Text(`select (run_id is null)::text from cancellation_now`))
}

// A recheck reads the bills that it knows: that the number was given to another was not seen, and for a minute its
// order would have been cancelled for it.
func TestWhatTheRecheckOwesIsLookedAtByNumberBeforeItIsSent(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Books.Void(1)
	b.Books.Fresh(2, "A1", "CK001")
	b.recheck()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	due, err := b.Store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	s := &push.Batcher{Now: b.Job.Now}
	e, _ := b.Job.Registry.Entry("assembly-void")
	require.False(t, s.Sendable(e, due[0]))
	require.Empty(t, b.Verify())
	require.Equal(t, "withdrawn order_claimed", b.Text(`select state || ' ' || outcome from cancellation_now`))
}

func TestTheRecheckGoesBehindTheSafetyLimits(t *testing.T) {
	b := setupRereading(t)
	const bills = 101
	for id := int64(1); id <= bills; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	for id := int64(1); id <= bills; id++ {
		b.Books.Bills[id].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	}
	b.recheck()
	require.Equal(t, "held 101",
		b.Text(`select string_agg(distinct state, ',') || ' ' || count(*) from cancellation_now`))
	require.Equal(t, "1",
		b.Text(`select count(*)::text from condition where kind = 'safety_limit' and end_time is null`))
}

// A round reads by key; one that was killed in the middle goes on from its cursor.
func TestARecheckThatWasKilledGoesOnFromItsCursor(t *testing.T) {
	b := setupRereading(t)
	b.Books.Page = 1
	for id := int64(1); id <= 4; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.unAudit(1)
	b.unAudit(4)
	b.Job.Kingdee = &runtest.BrokenAfter{Books: b.Books, Pages: 2}
	b.recheck()
	require.Equal(t, "un_audited live",
		b.Text(`select string_agg(class, ' ' order by bill_id) from bill where bill_id in (1, 4)`))
	require.Equal(t, "running 1",
		b.Text(`select state || ' ' || cursor_id from run join run_comparison using (run_id)`))
	b.Job.Kingdee, b.Books.Asked = b.Books, nil
	b.recheck()
	require.Equal(t, "un_audited", b.Text(`select class from bill where bill_id = 4`))
	require.Equal(t, "1 4 2", b.Text(`select count(*) over () || ' ' || bills_read || ' ' || bills_repaired from run
join run_comparison using (run_id)`))
}

// hook runs something when the first light read by id has been answered and nothing is decided yet.
type hook struct {
	*vendortest.Books
	then func()
}

func (h *hook) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
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
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.unAudit(2)
	b.Job.Kingdee = &hook{Books: b.Books, then: func() {
		kingdee := b.Job.Kingdee
		b.Job.Kingdee = b.Books
		b.Clock = b.Clock.Add(time.Minute)
		b.Books.Void(1)
		b.Run()
		b.Job.Kingdee = kingdee
	}}
	b.recheck()
	require.Equal(t, "voided", b.Text(`select class from bill where bill_id = 1`))
	require.Equal(t, "open", b.Text(`select state from cancellation_now where bill_id = 1`))
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`))
}

// A page was decided, and before it was written a run wrote one of its bills anew.
func TestAPageOfTheRecheckThatIsOvertakenIsDecidedAgain(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.unAudit(1)
	b.unAudit(2)
	l := b.rereader()
	l.Store = &overtaken{RereadStore: b.Store, before: func() {
		b.Clock = b.Clock.Add(time.Minute)
		b.Books.Void(1)
		b.Run()
	}}
	require.NoError(t, (&reconcile.Reconciler{Rereader: l, Ledger: b.Store}).Run(t.Context(),
		queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Recheck}))
	require.Equal(t, "voided un_audited", b.Text(`select string_agg(class, ' ' order by bill_id) from bill`))
	require.Equal(t, "open", b.Text(`select state from cancellation_now where bill_id = 1`))
}

// overtaken lets something happen before the first page is stored.
type overtaken struct {
	reconcile.RereadStore
	before func()
}

func (o *overtaken) CommitDecided(
	ctx context.Context, basis ledger.Basis, page ledger.Page, then func(pgx.Tx, ledger.Committed) error,
) (ledger.Committed, error) {
	if before := o.before; before != nil {
		o.before = nil
		before()
	}
	return o.RereadStore.CommitDecided(ctx, basis, page, then)
}

// An hour that agrees is not read again, and a reconcile run that finds nothing leaves a record.
func TestAReconcileThatFindsNothingReadsNothingAgainAndLeavesARecord(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Books.Asked = nil
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 0 differ, 3 bills, 0 read, 0 repaired, 0 missing, 0 gone", b.record())
	require.Empty(t, b.Books.Asked)
}

// A bill committed late: its stamp lies hours behind, where no run looks any more. Only its hour is read again.
func TestABillThatCameToLightLateIsFoundByTheReconcile(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Books.Hidden[2] = true
	b.Run()
	b.Clock = b.Clock.Add(90 * time.Minute)
	b.Books.Live(3, "A3", "CK001")
	b.Run()
	b.Books.Void(2)
	voided := b.Books.Bills[2]
	voided.ModifyTime, voided.CancelTime, voided.ApproveTime = voided.GetCreateTime(),
		voided.GetCreateTime(), voided.GetCreateTime()
	b.Clock = b.Clock.Add(time.Hour)
	b.Run()
	b.Books.Hidden[2] = false
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from bill where bill_id = 2`),
		"its stamps lie below every lower edge")
	b.Books.Asked = nil
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 1 differ, 3 bills, 2 read, 1 repaired, 0 missing, 0 gone", b.record())
	require.NotContains(t, b.Books.Asked[:2], int64(3), "its hour agreed")
	require.Equal(t, "before_cutover", b.Text(`select class from bill where bill_id = 2`),
		"it is decided by the same rules as in a run")
	b.reconcile()
	require.Contains(t, b.record(), " 0 differ,")
}

// A void whose stamps moved nothing is owed by the reconcile run, too: the states of its hour differ.
func TestAVoidThatNoRunSawIsOwedByTheReconcile(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	b.Run()
	b.reconcile()
	require.Equal(t, "complete: 73 hours, 1 differ, 2 bills, 2 read, 1 repaired, 0 missing, 0 gone", b.record())
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	require.Equal(t, "1", b.Text(`select run_counts->>'voided' from run join run_comparison using (run_id)`))
}

// Killed while it gathered, and again while it repaired: each time it goes on from where it was, and counts nothing
// twice.
func TestAReconcileThatWasKilledGoesOn(t *testing.T) {
	b := setupRereading(t)
	b.Books.Page = 1
	for id := int64(1); id <= 4; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	for id := int64(1); id <= 4; id++ {
		b.Books.Bills[id].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	}
	inserted := &runtest.Kept{}
	b.Job.Insert, b.Job.Kingdee = inserted, slow{b.Books}
	l := b.rereader()
	run := func(args queue.ReconcileArgs) error {
		return (&reconcile.Reconciler{Rereader: l, Ledger: b.Store}).Run(t.Context(), args)
	}
	require.NoError(t, run(queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Reconcile, Asked: true}))
	require.Equal(t, "running gather",
		b.Text(`select state || ' ' || phase from run join run_comparison using (run_id)`))
	require.Len(t, inserted.Args, 1)
	for range 40 {
		if b.Text(`select state from run join run_comparison using (run_id)`) != "running" {
			break
		}
		require.NoError(t, run(queue.ReconcileArgs{Scheme: "assembly-void", What: ledger.Reconcile, Follows: true}))
	}
	require.Equal(t, "complete: 73 hours, 1 differ, 4 bills, 4 read, 4 repaired, 0 missing, 0 gone", b.record())
	require.Equal(t, "1 4", b.Text(`select (select count(*) from run join run_comparison using (run_id)) || ' ' ||
       count(*) from cancellation_now
where state = 'open'`))
}

// slow is a Kingdee that takes 25 s for each light page.
type slow struct{ *vendortest.Books }

func (v slow) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
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

// A bill was un-audited long ago and still has its order. Once a day it is looked for, with the others of its age that
// claim orders; those that claim none are left alone.
func TestUnAuditedBillsOlderThan90DaysThatClaimOrdersAreReadAgainDaily(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 4; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	for _, id := range []int64{1, 2} {
		b.unAudit(id)
	}
	b.recheck()
	_, err := b.Pool.Exec(t.Context(), `delete from claim where bill_id = 2`)
	require.NoError(t, err)
	b.Clock = b.Clock.Add(100 * 24 * time.Hour)
	b.Books.Live(5, "A5", "CK001")
	b.Run()
	read := func() string {
		b.recheck()
		return b.Text(`select bills_read::text from run join run_comparison using (run_id)
			where kind = 'recheck' order by run_id desc limit 1`)
	}
	require.Equal(t, "1", read(), "a recheck has read the old ones today already")
	_, err = b.Pool.Exec(t.Context(), `update watermark set old_read_time = old_read_time - interval '1 day'`)
	require.NoError(t, err)
	b.Books.Audit(1)
	b.Books.Bills[1].ModifyTime, b.Books.Bills[1].ApproveTime = nil, nil
	require.Equal(t, "2", read(), "the new one, and of the old ones the one that claims an order")
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 1`))
	require.Equal(t, "1", read(), "not again today")
}

package syncrun_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// between lets something happen after a light read and before the whole one that follows it.
type between struct {
	*vendortest.Books
	then func()
}

func (b *between) StreamBills(
	ctx context.Context, in *kingdeev1.StreamBillsRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	if then := b.then; then != nil {
		b.then = nil
		then()
	}
	return b.Books.StreamBills(ctx, in, o...)
}

// deleteInBetween does a run in which bill 1 is deleted between the light read and the whole one.
func deleteInBetween(b *living) {
	b.Helper()
	b.Job.Kingdee = &between{Books: b.Books, then: func() {
		b.Clock = b.Clock.Add(time.Second)
		delete(b.Books.Bills, 1)
	}}
	b.Run()
	b.Job.Kingdee = b.Books
}

const absentAndItems = `
select class || ' ' || (absent_since is not null)::text || ' ' || (select count(*) from work_item) from bill
where bill_id = 1`

// It used to be put aside as undecodable, with a work item that nobody could close.
func TestABillDeletedBetweenTheLightAndTheWholeReadIsAbsentAndNotUndecodable(t *testing.T) {
	b := setupLiving(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.UnAudit(1)
	b.Books.Void(2)
	deleteInBetween(b)
	require.Equal(t, "live true 0", b.Text(absentAndItems), "what it was last known as, and missing since")
	require.Equal(t, "voided open",
		b.Text(`select class || ' ' || state from bill join cancellation_now using (bill_id)`),
		"the other is decided as in any run")
	require.Equal(t, "complete 2 1 1", b.Text(`select state || ' ' || (run_counts->>'bills') || ' ' ||
    (run_counts->>'voided') || ' ' || (run_counts->>'stale') from run order by run_id desc limit 1`),
		"the counts of the run add up")
}

// The light read showed that it was voided: that is known, whatever became of the bill a second later.
func TestABillVoidedAndDeletedBeforeItsWholeReadOwesWhatItsSnapshotHas(t *testing.T) {
	b := setupLiving(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	deleteInBetween(b)
	require.Equal(t, "voided true 0", b.Text(absentAndItems))
	require.Equal(t, "open {voided} snapshot",
		b.Text(`select state || ' ' || triggers::text || ' ' || orders_from from cancellation_now`))
}

// Nothing shows which orders an audited bill had that nobody read in time: a person must look.
func TestAnAuditedBillDeletedBeforeAnybodyReadItIsToldOf(t *testing.T) {
	b := setupLiving(t)
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Fresh(1, "A1", "CK001")
	deleteInBetween(b)
	require.Equal(t, "bill_undecodable A1 deleted before its content could be read",
		b.Text(`select kind || ' ' || bill_no || ' ' || detail from work_item`))
}

// A bill that is still listed is there: it is this user who is not shown all of it.
func TestABillThatIsListedWithoutItsContentIsUndecodable(t *testing.T) {
	b := setupLiving(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	bill := b.Books.Bills[1]
	delete(b.Books.Bills, 1)
	b.Job.Kingdee = &listing{Books: b.Books, bill: bill}
	b.Run()
	require.Equal(t, "false the bill is listed, but its content is not shown",
		b.Text(`select (absent_since is not null)::text || ' ' || detail from bill join work_item using (bill_id)`))
}

// listing shows a bill in light reads that whole reads do not show.
type listing struct {
	*vendortest.Books
	bill *kingdeev1.Bill
}

func (l *listing) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	l.Bills[l.bill.GetId()] = l.bill
	defer delete(l.Bills, l.bill.GetId())
	return l.Books.StreamBillStates(ctx, in, o...)
}

package syncrun_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// stuck is a Kingdee whose whole reads hang from the given one on, until they are given up.
type stuck struct {
	*vendortest.Books
	from    int
	reached chan struct{}
}

func (s *stuck) StreamBills(
	ctx context.Context, in *kingdeev1.StreamBillsRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	if s.from--; s.from > 0 {
		return s.Books.StreamBills(ctx, in, o...)
	}
	close(s.reached)
	<-ctx.Done()
	return nil, status.FromContextError(ctx.Err()).Err()
}

// SIGTERM came while a vendor took its time: the process waited for it, and its run with it.
func TestARunIsLeftToAnotherProcessWhenThisOneStops(t *testing.T) {
	b := runtest.New(t)
	b.Books.Page = 1
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, "A", "CK001")
	}
	vendor := &stuck{Books: b.Books, from: 3, reached: make(chan struct{})}
	stopping, inserted := make(chan struct{}), &runtest.Kept{}
	b.Job.Kingdee, b.Job.Stopping, b.Job.Insert = vendor, stopping, inserted
	ended := make(chan error, 1)
	go func() { ended <- b.Job.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void"}) }()
	<-vendor.reached
	close(stopping)
	require.NoError(t, <-ended)

	require.Equal(t, []river.JobArgs{queue.RunArgs{Scheme: "assembly-void", Follows: true}}, inserted.Args,
		"somebody else goes on at once")
	require.Equal(t, "running 2", b.Text(`select state || ' ' || cursor_id from run`),
		"behind the last page that is written")
	require.Equal(t, "0", b.Text(`select count(*)::text from run_failure`), "nobody failed")

	b.Job.Kingdee, b.Job.Stopping = b.Books, nil
	require.NoError(t, b.Job.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void", Follows: true}))
	require.Equal(t, "1 complete 3",
		b.Text(`select count(*) || ' ' || min(state) || ' ' || (select count(*) from bill) from run`))
}

// weary is a Kingdee that gives so many more whole bills and then answers nobody in time.
type weary struct {
	*vendortest.Books
	left, asked int
}

func (w *weary) StreamBills(
	ctx context.Context, in *kingdeev1.StreamBillsRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	if w.left--; w.left < 0 {
		return nil, status.Error(codes.DeadlineExceeded, "no answer yet")
	}
	w.asked++
	return w.Books.StreamBills(ctx, in, o...)
}

// However little a baseline gets at a time, it gets to its end, and asks for nothing twice.
func TestWhatWasReadOfASlowKingdeeIsKept(t *testing.T) {
	b := runtest.New(t)
	b.Books.Page = 1
	const bills = 4
	for id := int64(1); id <= bills; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	vendor := &weary{Books: b.Books}
	b.Job.Kingdee = vendor
	for kept := 1; kept <= bills; kept++ {
		vendor.left = 1
		require.NoError(t, b.Job.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void", Asked: true}))
		require.Equal(t, fmt.Sprint(kept), b.Text(`select count(*)::text from bill`))
	}
	require.Equal(t, "complete", b.Text(`select string_agg(state, ' ') from run`), "it is one run all the time")
	require.Equal(t, bills, vendor.asked)
}

// A successor is in the queue before its predecessor has let go of the lock; another process is at it in no time. It
// found the lock taken and gave up, and a long run lay still until the next incremental run.
func TestASuccessorWaitsForTheLockOfTheChunkBeforeIt(t *testing.T) {
	b := runtest.New(t)
	unlock, ours, err := b.Store.TryLockRun(t.Context(), "assembly-void")
	require.NoError(t, err)
	require.True(t, ours)
	time.AfterFunc(50*time.Millisecond, unlock)
	require.NoError(t, b.Job.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void", Follows: true}))
	require.Equal(t, "1", b.Text(`select count(*)::text from watermark`))
}

// Somebody asked for a run while the one before was letting go of its lock: nothing was read until the next incremental
// run.
func TestARunThatIsAskedForWaitsForTheLockOfTheOneBefore(t *testing.T) {
	b := runtest.New(t)
	unlock, ours, err := b.Store.TryLockRun(t.Context(), "assembly-void")
	require.NoError(t, err)
	require.True(t, ours)
	time.AfterFunc(50*time.Millisecond, unlock)
	require.NoError(t, b.Job.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void", Asked: true}))
	require.Equal(t, "1", b.Text(`select count(*)::text from watermark`))
}

// Two orchestrators read at the same moment: one reads, the other does nothing at all.
func TestOnlyOneOfTwoStartsARun(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	vendor := &stuck{Books: b.Books, from: 1, reached: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := *b.Job
	first.Kingdee = vendor
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx, queue.RunArgs{Scheme: "assembly-void"}) }()
	<-vendor.reached
	other := *b.Job
	other.Kingdee = untouched{}
	require.NoError(t, other.Run(t.Context(), queue.RunArgs{Scheme: "assembly-void"}))
	require.Equal(t, "0", b.Text(`select ((select count(*) from run) + (select count(*) from run_failure))::text`))
	cancel()
	<-ended //nolint:errcheck // it was cut off
}

// untouched must not be asked.
type untouched struct{ kingdeev1.BillServiceClient }

func (untouched) StreamBillStates(
	context.Context, *kingdeev1.StreamBillStatesRequest, ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	return nil, errors.New("asked by a second run")
}

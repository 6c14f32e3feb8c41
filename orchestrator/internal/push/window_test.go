package push

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Four batches once took the account's whole window each, so that four times as many intents as requests in flight were
// unknown after a kill.
func TestTheBatchesOfAProcessShareAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size, each = 8, 100
		var all Windows
		var mu sync.Mutex
		held, most, got := 0, 0, map[int]int{}
		var senders, answers sync.WaitGroup
		for batch := range 4 {
			senders.Go(func() {
				w := all.of("default", size)
				for left := each; left > 0; {
					n := w.take(t.Context(), left, nil, nil)
					mu.Lock()
					held += n
					most = max(most, held)
					got[batch] += n
					mu.Unlock()
					left -= n
					answers.Go(func() {
						<-time.After(time.Second)
						for range n {
							mu.Lock()
							held--
							mu.Unlock()
							w.give(1)
						}
					})
				}
			})
		}
		senders.Wait()
		require.Equal(t, size+size/2, most, "the window, and the half that is being written or waits for its turn")
		require.Equal(t, map[int]int{0: each, 1: each, 2: each, 3: each}, got)
		answers.Wait()
		require.Zero(t, all.accounts["default"].taken)
	})
}

// An account that comes back from a pause at one request a second once got a window of 96 attempts, nearly all of which
// came back unsent.
func TestAWindowIsNoLargerThanWhatThePaceStartsSoon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		inFlight  int32
		perSecond float64
		want      int
	}{{8, 10, 8}, {64, 0, 64}, {64, 1, 2}, {64, 4, 8}, {8, 0.2, 1}, {0, 0, 1}, {10_000, 0, maxInFlight}} {
		require.Equal(t, c.want, sizeOf(&wmsv1.Window{InFlight: c.inFlight, PerSecond: c.perSecond}), "%+v", c)
	}
}

func TestAWindowOfOneLetsOneAfterTheOtherThrough(t *testing.T) {
	t.Parallel()
	w := (&Windows{}).of("default", 1)
	require.Equal(t, 1, w.take(t.Context(), 500, nil, nil))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.Zero(t, w.take(over, 500, nil, nil))
	w.give(1)
	require.Equal(t, 1, w.take(t.Context(), 500, nil, nil))
}

func TestNobodyWaitsForAPlaceOnceSendingIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := (&Windows{}).of("default", 1)
		require.Equal(t, 1, w.take(t.Context(), 1, nil, nil))
		off, taken := make(chan struct{}), make(chan int)
		go func() { taken <- w.take(t.Context(), 1, nil, off) }()
		synctest.Wait()
		close(off)
		require.Zero(t, <-taken)
	})
}

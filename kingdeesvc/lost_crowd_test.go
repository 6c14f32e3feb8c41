package kingdeesvc_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// A crowd of callers hears that all sessions have ended, half of them leave in the middle: all who stayed are answered,
// each session is opened again at most once, and none is left behind at the vendor's.
func TestACrowdOnLostSessionsOpensEachOnceMore(t *testing.T) {
	for _, sessions := range []int{1, 3, 10} {
		for _, name := range []string{"200 unknown error fr", "200 row of nothing", "200 errcode"} {
			t.Run(strconv.Itoa(sessions)+" "+name, func(t *testing.T) {
				t.Parallel()
				way := furtherWaysToSayLost()[name]
				b := setup(t, map[string]string{"KINGDEE_SESSIONS": strconv.Itoa(sessions)}, func(c *sandbox.Config) {
					c.Seed, c.Personality.LostAnswer, c.Personality.LatencyMillis = sandbox.DefaultSeed, way, 20
				})
				crowd := func(leaving bool) {
					var callers sync.WaitGroup
					var failed atomic.Int64
					for i := range 4 * sessions {
						callers.Go(func() {
							patience := time.Minute
							if leaving && i%2 == 1 {
								patience = time.Duration(5+5*i) * time.Millisecond
							}
							ctx, cancel := context.WithTimeout(t.Context(), patience)
							defer cancel()
							if _, err := b.client.ExecuteBillQuery(ctx, everyBill); err != nil && i%2 == 0 {
								failed.Add(1)
							}
						})
					}
					callers.Wait()
					require.Zero(t, failed.Load())
				}
				crowd(false)
				for range 3 {
					b.vendor.ExpireSessions()
					_, logins := b.counted(func() { crowd(true) })
					require.LessOrEqual(t, logins, sessions)
				}
				for b.vendor.Sessions() < sessions {
					crowd(false)
				}
				require.NoError(t, b.vendor.AddFault(sandbox.Fault{Answer: way, Count: 100000}))
				_, logins := b.counted(func() {
					var callers sync.WaitGroup
					for range 4 * sessions {
						callers.Go(func() { _, _ = b.client.ExecuteBillQuery(t.Context(), everyBill) })
					}
					callers.Wait()
				})
				require.LessOrEqual(t, logins, 1)
				b.vendor.ClearFaults()
				crowd(false)
				require.NoError(t, b.server.Stop(t.Context()))
				require.Zero(t, b.vendor.Sessions(), "none is left behind")
			})
		}
	}
}

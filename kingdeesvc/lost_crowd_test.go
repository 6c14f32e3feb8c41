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
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

// crowd is a test with many callers on several sessions.
type crowd struct {
	*bundle
	sessions int
}

func eachCrowd(t *testing.T, test func(t *testing.T, c crowd, way string)) {
	for _, sessions := range []int{1, 3, 10} {
		for _, name := range []string{"200 unknown error fr", "200 row of nothing", "200 errcode"} {
			t.Run(strconv.Itoa(sessions)+" "+name, func(t *testing.T) {
				t.Parallel()
				way := furtherWaysToSayLost()[name]
				b := setup(t, map[string]string{"KINGDEE_SESSIONS": strconv.Itoa(sessions)}, func(c *sandbox.Config) {
					c.Seed, c.Personality.LostAnswer, c.Personality.LatencyMillis = sample.DefaultSeed, way, 20
				})
				c := crowd{b, sessions}
				for b.vendor.Sessions() < sessions {
					require.Zero(t, c.ask(t, time.Minute))
				}
				test(t, c, way)
			})
		}
	}
}

// ask lets four callers a session ask at once, of whom every second leaves when his patience is over or a little later,
// and says how many of those who stayed failed.
func (c crowd) ask(t *testing.T, patience time.Duration) int64 {
	var callers sync.WaitGroup
	var failed atomic.Int64
	for i := range 4 * c.sessions {
		callers.Go(func() {
			stays := time.Minute
			if i%2 == 1 {
				stays = patience + time.Duration(5*i)*time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), stays)
			defer cancel()
			if _, err := c.client.ExecuteBillQuery(ctx, everyBill); err != nil && i%2 == 0 {
				failed.Add(1)
			}
		})
	}
	callers.Wait()
	return failed.Load()
}

// All sessions end under a crowd: whoever asks is answered, and each session is opened again at most once.
func TestACrowdOnLostSessionsOpensEachOnceMore(t *testing.T) {
	eachCrowd(t, func(t *testing.T, c crowd, _ string) {
		for range 3 {
			c.vendor.ExpireSessions()
			_, logins := c.counted(func() { require.Zero(t, c.ask(t, time.Minute)) })
			require.LessOrEqual(t, logins, c.sessions)
		}
	})
}

// Half of the crowd leaves in the middle: the others are answered, and no session is left behind at the vendor's.
func TestWhoeverLeavesInTheMiddleLeavesNoSessionBehind(t *testing.T) {
	eachCrowd(t, func(t *testing.T, c crowd, _ string) {
		c.vendor.ExpireSessions()
		_, logins := c.counted(func() { require.Zero(t, c.ask(t, time.Millisecond)) })
		require.LessOrEqual(t, logins, c.sessions)
		require.NoError(t, c.server.Stop(t.Context()))
		require.Zero(t, c.vendor.Sessions())
	})
}

// What the new session hears as well costs the crowd one login, and the session that was given up for it is logged out.
// A session that had been opened while another's loss was found out used to be taken for lost, too, at its next odd
// answer.
func TestACrowdSpendsOneLoginOnWhatIsNoLoss(t *testing.T) {
	eachCrowd(t, func(t *testing.T, c crowd, way string) {
		c.vendor.ExpireSessions()
		require.Zero(t, c.ask(t, time.Minute))
		for c.vendor.Sessions() < c.sessions {
			require.Zero(t, c.ask(t, time.Minute))
		}
		require.NoError(t, c.vendor.AddFault(behaviour.Fault{Answer: way, Count: 100000}))
		_, logins := c.counted(func() { require.EqualValues(t, 2*c.sessions, c.ask(t, time.Minute)) })
		require.Equal(t, 1, logins)
		c.vendor.ClearFaults()
		require.Zero(t, c.ask(t, time.Minute))
		require.NoError(t, c.server.Stop(t.Context()))
		require.Zero(t, c.vendor.Sessions())
	})
}

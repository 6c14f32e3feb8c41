package kingdeesvc_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

var everyBill = &kingdeev1.ExecuteBillQueryRequest{
	FormId: "STK_AssembledApp", FieldKeys: []string{"FID", "FBillNo"}, FilterString: "FID > 0",
}

// waysToSayLost are whole answers that servers, proxies and single sign-ons give to a session that has ended.
func waysToSayLost(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/lost-session/*.http")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	ways := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		ways[strings.TrimSuffix(filepath.Base(file), ".http")] = string(text)
	}
	return ways
}

// counted is what a piece of work cost at the vendor's.
func (b *bundle) counted(work func()) (queries, logins int) {
	before := b.vendor.Calls()
	work()
	after := b.vendor.Calls()
	return after["executebillquery"] - before["executebillquery"], after["loginbysign"] - before["loginbysign"]
}

// Nearly all of these stopped reading, silently and until a restart, because only MsgCode 1 and two sentences were
// known.
func TestHoweverAServerSaysThatASessionHasEnded(t *testing.T) {
	for name, way := range waysToSayLost(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, func(c *sandbox.Config) { c.Seed, c.Personality.LostAnswer = sample.DefaultSeed, way })
			ask := func() *kingdeev1.ExecuteBillQueryResponse {
				got, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
				require.NoError(t, err)
				return got
			}
			before := ask()
			require.NotEmpty(t, before.GetRows())
			b.vendor.ExpireSessions()
			queries, logins := b.counted(func() {
				require.Len(t, ask().GetRows(),
					len(before.GetRows()), "as if nothing had been")
			})
			require.Equal(t, 2, queries)
			require.Equal(t, 1, logins)
		})
	}
}

func TestViewHearsOfALostSessionToo(t *testing.T) {
	for _, name := range []string{"200-empty-object", "302-login", "200-ctx-null"} {
		b := setup(t, nil, func(c *sandbox.Config) {
			c.Seed, c.Personality.LostAnswer = sample.DefaultSeed, waysToSayLost(t)[name]
		})
		got, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
		require.NoError(t, err)
		require.NotEmpty(t, got.GetRows())
		first := b.vendor.Truth().Bills[0].BillID
		b.vendor.ExpireSessions()
		bill, err := b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: first})
		require.NoError(t, err, name)
		require.Equal(t, first, bill.GetBill().GetId())
	}
}

// What the new session hears as well is what Kingdee has to say; nobody logs in again and again for it.
func TestWhatANewSessionHearsAsWellIsNoLostSession(t *testing.T) {
	for name, way := range waysToSayLost(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, map[string]string{"KINGDEE_SESSIONS": "3"}, nil)
			require.NoError(t, b.vendor.AddFault(behaviour.Fault{Answer: way, Count: 1000}))
			_, logins := b.counted(func() {
				for range 3 {
					_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
					require.Error(t, err)
					require.NotNil(t, apierr.Info(err, apierr.Kingdee))
				}
			})
			require.Equal(t, 1, logins)
			b.vendor.ClearFaults()
		})
	}
}

// Three sessions hear an odd answer at the same moment: one login is tried, and its answer is good for all three.
func TestOneFreshLoginAnswersForAllSessions(t *testing.T) {
	way := waysToSayLost(t)["401-empty"]
	b := setup(t, map[string]string{"KINGDEE_SESSIONS": "3"},
		func(c *sandbox.Config) { c.Personality.LatencyMillis = 50 })
	together := func() (failed int) {
		var callers sync.WaitGroup
		errs := make(chan error, 3)
		for range 3 {
			callers.Go(func() {
				_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
				errs <- err
			})
		}
		callers.Wait()
		for range 3 {
			if <-errs != nil {
				failed++
			}
		}
		return failed
	}
	require.Zero(t, together())
	require.Equal(t, 3, b.vendor.Sessions())
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Answer: way, Count: 1000}))
	_, logins := b.counted(func() { require.Equal(t, 3, together()) })
	require.Equal(t, 1, logins)
}

// A network that cuts and a server that stumbles say nothing about the session.
func TestTroubleOnTheWayCostsNoLogin(t *testing.T) {
	for name, fault := range map[string]behaviour.Fault{
		"502": {Status: 502}, "503": {Status: 503}, "504": {Status: 504},
		"429": {Status: 429}, "cut": {Drop: behaviour.DropBefore},
		"half": {Drop: behaviour.DropHalf}, "inside": {Drop: behaviour.DropInside}, "request filter": {Shape: "F8"},
		"permission": {Shape: "F1", MsgCode: 2}, "conflict": {Shape: "F1", MsgCode: 13},
		"parameter": {Shape: "F1", MsgCode: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
			fault.Count = 2
			require.NoError(t, b.vendor.AddFault(fault))
			_, logins := b.counted(func() {
				for range 2 {
					_, _ = b.client.ExecuteBillQuery(t.Context(), everyBill)
				}
			})
			require.Zero(t, logins)
		})
	}
}

// stepClock goes on by half a second whenever somebody looks at it.
type stepClock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *stepClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.time.IsZero() {
		c.time = time.Now()
	}
	c.time = c.time.Add(500 * time.Millisecond)
	return c.time
}

// Sessions that the server ends after three seconds, and a server that loses one in sixty: every read is answered.
func TestReadingGoesOnWhereSessionsAreLostAllTheTime(t *testing.T) {
	for name, p := range map[string]behaviour.Personality{
		"one in sixty is lost": {SessionLossRate: 0.015, Seed: 1},
		"sessions live 3 s":    {SessionLifeSeconds: 3, SignatureMinutes: -1},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &stepClock{}
			b := setup(t, nil,
				func(c *sandbox.Config) { c.Seed, c.Personality, c.Now = sample.DefaultSeed, p, clock.now })
			_, logins := b.counted(func() {
				for range 200 {
					_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
					require.NoError(t, err)
				}
			})
			require.Positive(t, logins)
			awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_SERVING)
		})
	}
}

func TestASessionThatIsLostAgainRightAfterItsLoginIsContended(t *testing.T) {
	b := setup(t, nil, nil)
	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Shape: "F1", MsgCode: behaviour.MsgSessionLost, Count: 2}))
	ask := func() error {
		_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
		return err
	}
	err := ask()
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_SESSION_LOST)
	require.InDelta(t, 10, apierr.RetryAfter(err).Seconds(), 1)
	_, logins := b.counted(func() {
		for range 3 {
			err := ask()
			requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_SESSION_CONTENDED)
			require.InDelta(t, 10, apierr.RetryAfter(err).Seconds(), 5)
		}
	})
	require.Zero(t, logins, "nobody is thrown out in turn")
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
}

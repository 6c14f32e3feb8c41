package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// guarded is a door with a clock of its own, which only waiting moves.
type guarded struct {
	*Door

	mu     sync.Mutex
	now    time.Time
	waited time.Duration
	log    bytes.Buffer
	counts map[Cause]int
}

const right, second = "0123456789abcdef", "fedcba9876543210"

func guard(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{now: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC), counts: map[Cause]int{}}
	r := NewRefusals(t.Context(), slog.New(slog.NewJSONHandler(&g.log, nil)), Slowing{}, func(cause Cause) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.counts[cause]++
	})
	r.now = func() time.Time {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.now
	}
	r.wait = func(long time.Duration) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.now, g.waited = g.now.Add(long), g.waited+long
	}
	callers := &Callers{tokens: map[[sha256.Size]byte]listed{
		sha256.Sum256([]byte(right)):           {Identity: Identity{Name: "wang", Role: Viewer}},
		sha256.Sum256([]byte(second)):          {Identity: Identity{Name: "zhang", Role: Viewer}},
		sha256.Sum256([]byte("expired-token")): {Identity: Identity{Name: "li", Role: Viewer}, until: g.now},
	}}
	g.Door = NewDoor(callers, nil, r)
	g.Door.now = r.now
	return g
}

// ask makes a request from an address with a token.
func (g *guarded) ask(addr, token string) error {
	request := httptest.NewRequest(http.MethodGet, "/v1/bills/ZZCX000154", nil)
	request.RemoteAddr = addr
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", len(token)))
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	_, err := g.EnterHTTP(request)
	return err
}

// told are the lines of the log, and how many refusals they tell of.
func (g *guarded) told(t *testing.T) (lines []map[string]any, refusals int) {
	t.Helper()
	for text := range strings.Lines(g.log.String()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		count, ok := line["count"].(float64)
		require.True(t, ok)
		lines, refusals = append(lines, line), refusals+int(count)
	}
	return lines, refusals
}

// The failure: 2,000 wrong tokens in 1.9 s, without a line, a figure or a pause.
func TestTwoThousandWrongTokensTakeLongAndLeaveLinesAndACount(t *testing.T) {
	g := guard(t)
	for i := range 2000 {
		require.Error(t, g.ask("198.51.100.7:4711", fmt.Sprintf("guess-%d", i)))
		if i == 0 {
			lines, _ := g.told(t)
			require.Len(t, lines, 1, "the first at once")
			require.Equal(t, "198.51.100.7", lines[0]["from"], "the connection's address, not a header's")
			require.Equal(t, "wrong_token", lines[0]["cause"])
		}
		if i == 9 {
			require.Zero(t, g.waited, "whoever mistypes is not slowed")
		}
	}
	require.Greater(t, g.waited, 90*time.Minute)
	require.Equal(t, map[Cause]int{WrongToken: 2000}, g.counts)
	g.refusals.Close()
	lines, refusals := g.told(t)
	require.Equal(t, 2000, refusals)
	require.LessOrEqual(t, len(lines), int(g.waited.Minutes())+2, "a line a minute")
	require.NotContains(t, g.log.String(), "guess-")
}

func TestARightTokenGoesThroughAtOnceWhereOthersAreSlowed(t *testing.T) {
	g := guard(t)
	const addr = "198.51.100.7:4711"
	holding, release := make(chan struct{}, 100), make(chan struct{})
	for range 10 {
		require.Error(t, g.ask(addr, "guess"))
	}
	g.refusals.wait = func(time.Duration) {
		holding <- struct{}{}
		<-release
	}
	var guesses sync.WaitGroup
	for range 20 {
		guesses.Go(func() { _ = g.ask(addr, "guess") })
	}
	for range 20 {
		<-holding
	}
	require.NoError(t, g.ask(addr, right), "behind one address there are several people")
	require.Error(t, g.ask("203.0.113.9:1", "guess"), "another address is another's")
	close(release)
	guesses.Wait()
	require.Zero(t, g.refusals.waiting)
}

// The failure: what was asked beyond 128 at a time was answered at once, right or wrong.
func TestOfManyGuessesAtOnceThoseBeyondWhatIsHeldBackAreNotLookedAt(t *testing.T) {
	g := guard(t)
	const addr, other = "198.51.100.7:4711", "203.0.113.9:1"
	require.NoError(t, g.ask(addr, right))
	holding, release := make(chan struct{}, 2000), make(chan struct{})
	g.refusals.wait = func(time.Duration) {
		holding <- struct{}{}
		<-release
	}
	for range 10 {
		require.Error(t, g.ask(addr, "guess"))
	}
	var guesses sync.WaitGroup
	for range 128 {
		guesses.Go(func() { _ = g.ask(addr, "guess") })
	}
	for range 128 {
		<-holding
	}
	looked := g.counts[WrongToken]
	for range 1000 {
		var held *HeldBackError
		require.ErrorAs(t, g.ask(addr, "guess"), &held)
		require.Equal(t, 3*time.Second, held.RetryAfter)
		require.ErrorAs(t, g.ask(addr, second), &held, "a right one that never was here looks no different")
	}
	require.Equal(t, looked, g.counts[WrongToken])
	require.Equal(t, 2000, g.counts[HeldBack])
	require.NoError(t, g.ask(addr, right), "who was here before goes on, and does not wait")
	require.NoError(t, g.ask(other, second), "another address is another's")
	close(release)
	guesses.Wait()
	require.NoError(t, g.ask(addr, second), "as soon as they have their answers")
}

func TestWhoStopsGuessingIsNotSlowedForLong(t *testing.T) {
	g := guard(t)
	for range 100 {
		require.Error(t, g.ask("198.51.100.7:4711", "guess"))
	}
	require.NotZero(t, g.waited)
	g.now, g.waited = g.now.Add(2*time.Minute), 0
	require.Error(t, g.ask("198.51.100.7:4711", "guess"))
	require.Zero(t, g.waited)
}

func TestWhatIsKeptAndWrittenOfRefusalsIsBounded(t *testing.T) {
	g := guard(t)
	for i := range 10_000 {
		require.Error(t, g.ask(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256), ""))
	}
	require.LessOrEqual(t, len(g.refusals.addresses), mostAddresses)
	lines, _ := g.told(t)
	require.LessOrEqual(t, len(lines), mostLines, "within a minute, from wherever")
	g.refusals.Close()
	lines, refusals := g.told(t)
	require.Equal(t, 10_000, refusals, "none is lost")
	require.LessOrEqual(t, len(lines), 2*mostLines+2)
	require.Empty(t, g.refusals.addresses)
	// A host has as many addresses of IPv6 as it likes.
	for i := range 30 {
		require.Error(t, g.ask(fmt.Sprintf("[2001:db8::%x]:1", i), "guess"))
	}
	require.NotZero(t, g.waited)
}

func TestEachCauseIsToldByItsName(t *testing.T) {
	g := guard(t)
	for token, cause := range map[string]string{
		"": "nothing_shown", "guess": "wrong_token", "expired-token": "expired_token",
	} {
		g.log.Reset()
		require.Error(t, g.ask("198.51.100.7:4711", token))
		lines, _ := g.told(t)
		require.Len(t, lines, 1)
		require.Equal(t, cause, lines[0]["cause"])
		require.NotContains(t, g.log.String(), "expired-token")
		if token == "expired-token" {
			require.Equal(t, "li", lines[0]["caller"])
		}
	}
}

package kingdee

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// queue lets waiters come in one after the other and tells in what order they were served.
type queue struct {
	gate   *gate
	served chan string
	held   *session
	// answer is how long the vendor takes for each.
	answer time.Duration
}

func newQueue(t *testing.T) *queue {
	q := &queue{gate: newGate(rate.NewLimiter(rate.Inf, 1), 1), served: make(chan string, 100)}
	var err error
	q.held, err = q.gate.enter(t.Context(), &Flow{})
	require.NoError(t, err)
	return q
}

func (q *queue) ask(t *testing.T, name string, flow *Flow) {
	before := q.gate.queued()
	go func() {
		s, err := q.gate.enter(t.Context(), flow)
		if err == nil {
			q.served <- name
			<-time.After(q.answer)
			q.gate.leave(s)
		}
	}()
	require.Eventually(t, func() bool { return q.gate.queued() > before }, 10*time.Second, time.Millisecond)
}

func (q *queue) order(n int) []string {
	q.gate.leave(q.held)
	names := make([]string, n)
	for i := range names {
		names[i] = <-q.served
	}
	return names
}

func longFlow() *Flow {
	flow := &Flow{}
	flow.served.Store(shortFlow)
	return flow
}

func TestAShortFlowWaitsForOnePageOfALongOne(t *testing.T) {
	q := newQueue(t) // the page that is under way
	q.ask(t, "backfill 1", longFlow())
	q.ask(t, "backfill 2", longFlow())
	q.ask(t, "poll", &Flow{})
	q.ask(t, "verification", &Flow{})
	require.Equal(t, []string{"poll", "verification", "backfill 1", "backfill 2"}, q.order(4))
}

func TestALongFlowIsNotStarvedByShortOnes(t *testing.T) {
	q := newQueue(t)
	q.ask(t, "backfill", longFlow())
	for range mostBypasses + 3 {
		q.ask(t, "poll", &Flow{})
	}
	order := q.order(mostBypasses + 4)
	require.Equal(t, "backfill", order[mostBypasses])
}

// At 7 s an answer a baseline's page waited for eight answers to others, a minute, and one scheme's polls kept
// another's baseline from ending in a quarter of an hour. A poll still waits for one page only.
func TestShortAndLongFlowsTakeTurnsWhereTheVendorIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t)
		for i := range 3 {
			q.ask(t, fmt.Sprint("page ", i+1), longFlow())
		}
		for i := range 6 {
			q.ask(t, fmt.Sprint("poll ", i+1), &Flow{})
		}
		q.answer = 7 * time.Second
		<-time.After(q.answer) // the answer that all of them wait for
		require.Equal(t, []string{
			"poll 1", "page 1", "poll 2", "page 2", "poll 3", "page 3", "poll 4", "poll 5", "poll 6",
		}, q.order(9))
		<-time.After(q.answer) // the last one's
	})
}

func TestAFlowTurnsLongByBeingServed(t *testing.T) {
	g := newGate(rate.NewLimiter(rate.Inf, 1), 1)
	flow := flowOf(WithFlow(t.Context()))
	for range shortFlow {
		s, err := g.enter(t.Context(), flow)
		require.NoError(t, err)
		g.leave(s)
	}
	require.EqualValues(t, shortFlow, flow.served.Load())
	require.NotSame(t, flowOf(t.Context()), flowOf(t.Context()), "who names no flow is alone")
}

func TestWhoeverWaitsCanLeaveAndTakesNothingAlong(t *testing.T) {
	g := newGate(rate.NewLimiter(rate.Inf, 1), 1)
	s, err := g.enter(t.Context(), &Flow{})
	require.NoError(t, err)
	leaving, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = g.enter(leaving, &Flow{})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, g.queued())
	g.leave(s)
	_, err = g.enter(t.Context(), &Flow{})
	require.NoError(t, err)
}

func TestThePaceHoldsAndSaysSo(t *testing.T) {
	g := newGate(rate.NewLimiter(rate.Every(time.Hour), 1), 2)
	_, err := g.enter(t.Context(), &Flow{})
	require.NoError(t, err)
	hurried, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond,
		fmt.Errorf("the caller's limit: %w", context.DeadlineExceeded))
	defer cancel()
	_, err = g.enter(hurried, &Flow{})
	require.Equal(t, Throttled, ClassOf(err))
	require.ErrorContains(t, err, "KINGDEE_RATE")
	require.False(t, errors.Is(err, context.DeadlineExceeded))
	g.close()

	g = newGate(rate.NewLimiter(rate.Every(5*time.Millisecond), 1), 2)
	for range 5 {
		s, err := g.enter(t.Context(), &Flow{})
		require.NoError(t, err)
		g.leave(s)
	}
	g.close()
}

// The same over HTTP: three backfills, one page under way, and a poll that comes last and is served next.
func TestAPollWaitsForThePageUnderWayOnly(t *testing.T) {
	entered, leave := make(chan string), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "AuthService") {
			_, _ = io.WriteString(w, goodLogin)
			return
		}
		var asked struct{ Data struct{ FilterString string } }
		_ = json.Unmarshal(body, &asked)
		entered <- asked.Data.FilterString
		<-leave
		_, _ = io.WriteString(w, `[]`)
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: SignAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	var callers sync.WaitGroup
	ask := func(ctx context.Context, name string) {
		callers.Go(func() { _, _ = client.Query(ctx, Query{FormID: "F", FieldKeys: []string{"FID"}, Filter: name}) })
	}
	serve := func() string {
		name := <-entered
		leave <- struct{}{}
		return name
	}
	backfills := map[string]context.Context{}
	for _, name := range []string{"backfill 1", "backfill 2", "backfill 3"} {
		backfills[name] = WithFlow(t.Context())
		for range shortFlow {
			ask(backfills[name], name)
			require.Equal(t, name, serve())
		}
	}
	ask(backfills["backfill 1"], "backfill 1")
	underWay := <-entered
	for waiting, name := range []string{"backfill 2", "backfill 3", "poll"} {
		ctx, known := backfills[name]
		if !known {
			ctx = t.Context()
		}
		ask(ctx, name)
		require.Eventually(t, func() bool { return client.Stats().Queued == waiting+1 },
			10*time.Second, time.Millisecond)
	}
	leave <- struct{}{}
	require.Equal(t, []string{"backfill 1", "poll", "backfill 2", "backfill 3"},
		[]string{underWay, serve(), serve(), serve()})
	callers.Wait()
}

package event_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// host is an orchestrator's gRPC with its sequencer.
type host struct {
	orchestratorv1.EventServiceClient
	server *serve.GRPC
	stop   func()
}

// serveEvents begins one on a ledger; a watch there says something every beat.
func serveEvents(t *testing.T, pool *pgxpool.Pool, beat time.Duration) *host {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	server, err := serve.NewGRPC(serve.GRPCOptions{Chain: rpc.Chain(logger)})
	require.NoError(t, err)
	rpc.Register(server, rpc.Deps{Reader: query.New(pool), Events: event.NewReader(pool), WatchBeat: beat})
	require.NoError(t, server.Listen(t.Context(), "TEST_ADDR", "127.0.0.1:0"))
	var parts sync.WaitGroup
	stopping := make(chan struct{})
	parts.Go(func() { _ = server.Serve() })
	parts.Go(func() { event.NewSequencer(pool, logger).Run(stopping) })
	conn, err := serve.Dial(server.Addr(), serve.DialOptions{})
	require.NoError(t, err)
	h := &host{EventServiceClient: orchestratorv1.NewEventServiceClient(conn), server: server}
	h.stop = sync.OnceFunc(func() {
		close(stopping)
		server.Drain(context.Background())
		parts.Wait()
		_ = conn.Close()
	})
	t.Cleanup(h.stop)
	return h
}

// watcher is a program that keeps the token of what it has seen.
type watcher struct {
	token string
	seen  []int64
}

// visit watches until some messages came, or nothing more does, and goes.
func (w *watcher) visit(ctx context.Context, h *host, messages int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch, err := h.WatchEvents(ctx, &orchestratorv1.WatchEventsRequest{
		SinceToken: w.token, FromOldest: w.token == "",
	})
	for ; err == nil && messages > 0; messages-- {
		var page *orchestratorv1.WatchEventsResponse
		if page, err = watch.Recv(); err == nil {
			for _, e := range page.GetEvents() {
				w.seen = append(w.seen, e.GetWorkItemId())
			}
			w.token = page.GetToken()
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Eight writers commit late and in any order, some take everything back, one transaction stays open all the while, two
// hosts number, and one of them goes. Three watchers come and go. Each sees what was committed, once, in one order.
func TestWatchersMissNothingAndSeeNothingTwice(t *testing.T) {
	w := setup(t)
	long, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = long.Exec(t.Context(), `set local idle_in_transaction_session_timeout = 0`)
	require.NoError(t, err)
	require.NoError(t, open(t.Context(), long, "long"))

	stays := serveEvents(t, w.pool, 100*time.Millisecond)
	goes := serveEvents(t, openPool(t, w.pool.Config().ConnString()), 100*time.Millisecond)
	const writers, each = 8, 60
	var writing, watching sync.WaitGroup
	errBack := errors.New("taken back")
	for i := range writers {
		writing.Go(func() {
			for n := range each {
				err := ledger.InTx(t.Context(), w.pool, func(tx pgx.Tx) error {
					for part := range 1 + rand.IntN(3) {
						if err := open(t.Context(), tx, fmt.Sprintf("%d/%d/%d", i, n, part)); err != nil {
							return err
						}
					}
					// The server is late with the commit.
					if _, err := tx.Exec(t.Context(), `select pg_sleep($1)`, rand.Float64()/20); err != nil {
						return err
					}
					if n%7 == 3 {
						return errBack
					}
					return nil
				})
				if err != nil && !errors.Is(err, errBack) {
					t.Error(err)
				}
			}
		})
	}
	over := make(chan struct{})
	watchers := make([]*watcher, 3)
	for i := range watchers {
		watchers[i] = &watcher{}
		watching.Go(func() {
			for rested := false; !rested; {
				select {
				case <-over:
					rested = true // once more, to the end
				default:
				}
				h := []*host{stays, goes}[rand.IntN(2)]
				if rested {
					h = stays
				}
				messages := 1 + rand.IntN(6)
				if rested {
					messages = 20
				}
				if err := watchers[i].visit(t.Context(), h, messages); err != nil &&
					(h != goes || status.Code(err) != codes.Unavailable && status.Code(err) != codes.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	goes.stop()
	// All that has committed has its number.
	numbered := func() {
		require.Eventually(t, func() bool {
			return w.rows.Text(`
select (count(*) = (select newest_number from ledger_identity))::text from work_item`) == "true"
		}, 10*time.Second, 20*time.Millisecond)
	}
	numbered()
	require.NoError(t, long.Commit(t.Context()))
	numbered()
	close(over)
	watching.Wait()

	committed := strings.Fields(w.rows.Text(`
select string_agg(work_item_id::text, ' ' order by work_item_id) from work_item`))
	require.Greater(t, len(committed), writers*each/2)
	for _, one := range watchers {
		require.Equal(t, watchers[0].seen, one.seen, "in one order")
		seen := slices.Sorted(slices.Values(one.seen))
		require.Equal(t, committed, strings.Fields(strings.Trim(fmt.Sprint(seen), "[]")))
	}
	require.Equal(t, w.rows.Text(`select work_item_id::text from work_item where subject = 'long'`),
		fmt.Sprint(watchers[0].seen[len(committed)-1]), "what committed last is seen last")
}

// While nothing happens a watcher hears that, with the place where to go on; and the watch ends without an error when
// the orchestrator stops, so that he can go on elsewhere.
func TestAQuietWatchGoesOnAndEndsInOrder(t *testing.T) {
	w := setup(t)
	h := serveEvents(t, w.pool, 50*time.Millisecond)
	w.change("before")
	require.Eventually(t, func() bool { return w.identity().Newest == 1 }, 10*time.Second, 10*time.Millisecond)
	watch, err := h.WatchEvents(t.Context(), &orchestratorv1.WatchEventsRequest{Scheme: "assembly",
		Kinds: []orchestratorv1.EventKind{orchestratorv1.EventKind_EVENT_KIND_RUN_ENDED}})
	require.NoError(t, err)
	first, err := watch.Recv()
	require.NoError(t, err)
	require.Empty(t, first.GetEvents(), "from now on")
	require.Equal(t, event.Newest(w.identity()).String(), first.GetToken())
	w.change("of another kind")
	require.Eventually(t, func() bool {
		beat, err := watch.Recv()
		require.NoError(t, err)
		require.Empty(t, beat.GetEvents())
		return beat.GetToken() == event.Newest(w.identity()).String() && w.identity().Newest == 2
	}, 10*time.Second, time.Millisecond, "its place moves along, whatever it selects")

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.stop()
	}()
	for err == nil {
		_, err = watch.Recv()
	}
	require.ErrorIs(t, err, io.EOF)
	<-stopped
}

// A database that was restored elsewhere has other events from there on. A watcher with a token from before is told
// where to begin; so is one whose place was dropped while he watched.
func TestAfterARestoreAWatcherIsToldWhereToBegin(t *testing.T) {
	w := setup(t)
	h := serveEvents(t, w.pool, time.Minute)
	w.change("a", "b")
	require.Eventually(t, func() bool { return w.identity().Newest == 2 }, 10*time.Second, 10*time.Millisecond)
	one := &watcher{}
	require.NoError(t, one.visit(t.Context(), h, 1))
	require.Len(t, one.seen, 2)
	h.stop()
	w.pool.Close()

	copied := openPool(t, restored(t, w.pool.Config().ConnString()))
	h = serveEvents(t, copied, time.Minute)
	info := refusal(t, one.visit(t.Context(), h, 1))
	fresh := &watcher{token: info["oldest_token"]}
	require.NoError(t, fresh.visit(t.Context(), h, 1))
	require.Equal(t, one.seen, fresh.seen)
	require.Equal(t, info["newest_token"], fresh.token)

	watch, err := h.WatchEvents(t.Context(), &orchestratorv1.WatchEventsRequest{SinceToken: info["oldest_token"]})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), copied, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `update ledger_identity set dropped_number = 3, newest_number = 3`)
		return err
	}))
	_, err = watch.Recv()
	info = refusal(t, err)
	require.Equal(t, info["oldest_token"], info["newest_token"])
}

// refusal is what an error says that refuses a token as stale.
func refusal(t *testing.T, err error) map[string]string {
	t.Helper()
	require.Equal(t, codes.OutOfRange, status.Code(err), "%v", err)
	info := apierr.Info(err, apierr.Orchestrator)
	require.Equal(t, "EVENT_TOKEN_STALE", info.GetReason())
	return info.GetMetadata()
}

// restored copies a database that nobody is connected to into another one, which has all of its rows and its identity.
func restored(t *testing.T, address string) string {
	t.Helper()
	source, err := url.Parse(address)
	require.NoError(t, err)
	name := strings.TrimPrefix(source.Path, "/")
	admin := openPool(t, storetest.EmptyURL(t))
	_, err = admin.Exec(t.Context(), fmt.Sprintf(`create database %[1]s_restored template %[1]s`, name))
	require.NoError(t, err)
	t.Cleanup(func() {
		_, _ = admin.Exec(context.WithoutCancel(t.Context()),
			fmt.Sprintf(`drop database %s_restored with (force)`, name))
	})
	source.Path += "_restored"
	return source.String()
}

package startup

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
)

// One service ended with the context of its start, the others did not.
func TestTheContextOfTheStartBoundsTheStartOnly(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := s.start(ctx, s.getenv(s.ready(t, nil)), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		cancel()
		require.NoError(t, s.call(t.Context(), dial(t, r.addr, serve.DialOptions{})))
		require.NoError(t, r.Stop(t.Context()))
		require.NoError(t, r.Wait())
	})
}

func TestStopMayBeCalledByManyAndAgain(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		for range 3 {
			r, err := s.start(t.Context(), s.getenv(s.ready(t, nil)), slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			var callers sync.WaitGroup
			for range 4 {
				callers.Go(func() { _ = r.Stop(context.Background()) })
			}
			callers.Wait()
			require.NoError(t, r.Stop(context.Background()))
			require.NoError(t, r.Wait(), "a stop is no fault")
		}
	})
}

func TestAServiceServesUntilItsContextEnds(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r, err := s.start(t.Context(), s.getenv(s.ready(t, nil)), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- serve.UntilDone(ctx, r) }()
		require.NoError(t, s.call(t.Context(), dial(t, r.addr, serve.DialOptions{})))
		cancel()
		require.NoError(t, <-ended)
	})
}

// Whoever watches our health, or keeps reflection open, would otherwise hold up every stop for as long as it may take.
func TestAHealthWatchDoesNotHoldUpTheStop(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r := s.run(t, nil)
		conn := dial(t, r.addr, serve.DialOptions{})
		watch, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
		require.NoError(t, err)
		first, err := watch.Recv()
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, r.Stop(ctx))
		require.NoError(t, ctx.Err())
		for last := first.GetStatus(); ; {
			answer, err := watch.Recv()
			if err != nil {
				require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, last, "the last word before the end")
				return
			}
			last = answer.GetStatus()
		}
	})
}

func TestHealthIsToldByName(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		client := healthv1.NewHealthClient(dial(t, s.run(t, nil).addr, serve.DialOptions{}))
		whole, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{})
		require.NoError(t, err)
		for _, name := range s.names {
			one, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
			require.NoError(t, err)
			require.Equal(t, whole.GetStatus(), one.GetStatus(), name)
		}
		_, err = client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "nobody.v1.Nothing"})
		require.Equal(t, codes.NotFound, status.Code(err), "a service that there is not")
	})
}

// An orchestrator that could not take its port had begun to work already.
func TestATakenPortIsNamedByItsSetting(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = taken.Close() }()
		for _, setting := range append([]string{s.ops}, s.addrs...) {
			_, err := s.start(t.Context(), s.getenv(s.ready(t, map[string]string{setting: taken.Addr().String()})),
				slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, setting+": listen tcp "+taken.Addr().String())
		}
	})
}

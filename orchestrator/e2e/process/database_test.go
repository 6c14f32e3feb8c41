package process

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// The database is stopped at once (immediate: no goodbye, every connection cut) with requests in flight, stays away,
// and comes back. Nobody touches the orchestrators; health says what goes on.
func TestADatabaseThatGoesAndComesBackNeedsNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	server, err := privatepg.Start(ctx, privatepg.Options{Fsync: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	_, err = migrate.Up(ctx, server.URL())
	require.NoError(t, err)
	w := setup(t, map[string]string{"WMS_CONCURRENCY": "4"})
	w.database = server.URLAs(migrate.RunningRole)
	l := w.ledger()
	first, client := w.named("a", nil)
	second, _ := w.named("b", nil)
	require.NoError(t, client.Baseline(ctx))
	w.slow(time.Second)
	w.void(ctx, client, 12)
	await(t, time.Minute, "requests are in flight", func() bool { return l.is(inFlight) })

	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGQUIT))
	<-server.Done()
	for _, p := range []*install.Process{first, second} {
		await(t, time.Minute,
			"health is red", func() bool { return health(t, p) == healthv1.HealthCheckResponse_NOT_SERVING })
	}
	w.slow(0)
	require.NoError(t, server.Restart(ctx))
	for _, p := range []*install.Process{first, second} {
		await(t, time.Minute,
			"health is green", func() bool { return health(t, p) == healthv1.HealthCheckResponse_SERVING })
	}
	w.settled(ctx, client, l)
	w.answersKept(l)

	// Both still hear what is new.
	w.void(ctx, client, 2)
	w.settled(ctx, client, l)
	terminate(t, first)
	terminate(t, second)
}

// answersKept expects that what the WMS answered while the database was away was kept, and written when that could be.
// An intent that was stored in the moment the database went, and whose storing nobody was told, is rightly unknown: its
// request never came here.
func (w *town) answersKept(l kept) {
	w.t.Helper()
	for truth := range w.vendors.WMS.EachTruth(warehouse.Filter{}) {
		if truth.Requests == 0 || truth.Order == nil { // without an order: a check call's
			continue
		}
		const attempts = `select count(*) filter (where a.disposition not in ('unknown', 'not_sent')),
			string_agg(a.attempt || ' ' || a.disposition || ' ' || a.detail, ', ' order by a.attempt)
			from attempt a join cancellation_now c using (cancellation_id)
			where (c.warehouse_code, c.order_code, c.order_type) = ($1, $2, $3)`
		var answered int
		var all string
		require.NoError(w.t, l.pool.QueryRow(w.t.Context(), attempts, truth.WarehouseCode,
			truth.OrderCode, truth.OrderType).Scan(&answered, &all))
		require.Equal(w.t, truth.Requests, answered, "%v: %s", truth.Key, all)
	}
}

func health(t *testing.T, p *install.Process) healthv1.HealthCheckResponse_ServingStatus {
	t.Helper()
	conn, err := grpc.NewClient(p.Addrs[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	answer, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	return answer.GetStatus()
}

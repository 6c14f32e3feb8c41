package process

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// otherClock stands before a real wmssvc on a host of another time: it passes everything on, and moves what wmssvc says
// of its clock.
type otherClock struct {
	wmsv1.UnimplementedOrderServiceServer
	healthv1.UnimplementedHealthServer
	orders wmsv1.OrderServiceClient
	health healthv1.HealthClient
	// ahead is how much, in nanoseconds.
	ahead atomic.Int64
	// handed are the cancels that were handed over.
	handed atomic.Int64
}

// beforeWMS starts one before the wmssvc at an address, and answers its own address.
func beforeWMS(t *testing.T, addr string, ahead time.Duration) (*otherClock, string) {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c := &otherClock{orders: wmsv1.NewOrderServiceClient(conn), health: healthv1.NewHealthClient(conn)}
	c.ahead.Store(int64(ahead))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	wmsv1.RegisterOrderServiceServer(server, c)
	healthv1.RegisterHealthServer(server, c)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return c, listener.Addr().String()
}

func (c *otherClock) moved(at *timestamppb.Timestamp) *timestamppb.Timestamp {
	return timestamppb.New(at.AsTime().Add(time.Duration(c.ahead.Load())))
}

func (c *otherClock) Check(
	ctx context.Context, in *healthv1.HealthCheckRequest,
) (*healthv1.HealthCheckResponse, error) {
	return c.health.Check(ctx, in)
}

func (c *otherClock) CheckConnection(
	ctx context.Context, in *wmsv1.CheckConnectionRequest,
) (*wmsv1.CheckConnectionResponse, error) {
	out, err := c.orders.CheckConnection(ctx, in)
	if err == nil && out.GetServiceTime() != nil {
		out.ServiceTime = c.moved(out.GetServiceTime())
	}
	return out, err
}

func (c *otherClock) CancelOrders(
	in grpc.BidiStreamingServer[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse],
) error {
	behind, err := c.orders.CancelOrders(in.Context())
	if err != nil {
		return err
	}
	go func() {
		for {
			request, err := in.Recv()
			if err != nil {
				_ = behind.CloseSend()
				return
			}
			if request.GetOrder() != nil {
				c.handed.Add(1)
			}
			if behind.Send(request) != nil {
				return
			}
		}
	}()
	for {
		answer, err := behind.Recv()
		if err != nil {
			return nil //nolint:nilerr // it is over; both sides know why
		}
		if w := answer.GetWindow(); w != nil {
			w.ServiceTime = c.moved(w.GetServiceTime())
		}
		if err := in.Send(answer); err != nil {
			return err
		}
	}
}

// Rule 15 (docs/rules.md): the clock of a host and that of its wmssvc differ by more than 2 s. That host sends nothing,
// because the last moment of a request is set by one and read by the other; only its log said so, and each order waited
// for itself. Another host sends.
func TestClocksThatAreApartAreAConditionOfTheirHostAndTheOtherHostSends(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := setup(t)
	l := w.ledger()
	clock, addr := beforeWMS(t, w.wms.Addrs[0], -5*time.Second)
	_, client := w.named("late", map[string]string{
		"ORCHESTRATOR_HOST_NAME": "wms-01", "WMSSVC_TARGET": addr,
	})
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 4)
	require.NoError(t, client.Run(ctx))
	apart := func() string {
		return l.text(`select host || ' ' || account || ' ' || blocks_sending from condition
			where kind = 'clocks_apart' and end_time is null`)
	}
	await(t, 30*time.Second, "the condition", func() bool { return apart() == "wms-01 default true" })
	require.Zero(t, clock.handed.Load(), "nothing was handed over")
	require.True(t, l.is(`count(*) = 4 from cancellation_now where state = 'open' and attempt = 0`))

	_, whole := w.named("whole", map[string]string{"ORCHESTRATOR_HOST_NAME": "wms-02"})
	w.settled(ctx, whole, l)
	require.Equal(t, "wms-01 default true", apart(), "they are apart still")

	clock.ahead.Store(int64(time.Second))
	await(t, 90*time.Second, "it ends by itself", func() bool { return apart() == "" })
}

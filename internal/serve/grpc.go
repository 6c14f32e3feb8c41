package serve

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"time"

	"buf.build/go/protovalidate"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/watched"
)

// MaxMessage bounds one message of ours both ways: a page is 1 MiB unless one bill alone is larger.
const MaxMessage = 64 << 20

// What every server enforces; docs/grpc.md tells foreign clients.
const (
	maxStreams    = 256
	handshakeTime = 10 * time.Second
	pingAtMost    = 10 * time.Second
	idleUntilPing = time.Minute
	pingTime      = 20 * time.Second
	// connectionFor is how long a connection by TLS takes new calls: the next one shows the certificates of by then.
	connectionFor = time.Hour
	// unusedTime is how long a connection without a call stays. One with a stream, such as a watch, is in use.
	unusedTime = 10 * time.Minute
	// window is how much of requests may be under way, 64 KiB. They are small, and a window that grows as it is needed
	// costs pings all the time.
	window = 1 << 16
)

// GRPCOptions are what a gRPC server of ours is made of.
type GRPCOptions struct {
	Chain Chain
	Guard access.Guard
	// Telemetry measures and traces the calls; nil does neither.
	Telemetry *telemetry.Telemetry
	// MaxRequest bounds one request, in bytes; 0 = MaxMessage.
	MaxRequest int
	// Unused is how long a connection without a call stays; 0 = 10 min.
	Unused time.Duration
	// Files follows what the guard was read from; nil follows nothing.
	Files *watched.Files
	// Messages are those whose rules are compiled before the first call comes; others are compiled when they come.
	Messages []proto.Message
	// CallersChanged hears of each change of the file of callers, which the log tells, too; nil hears nothing.
	CallersChanged func(access.CallersChange)
}

// GRPC is a gRPC server with our chain, health and reflection. Services are registered on Server before Serve.
type GRPC struct {
	*grpc.Server
	// Door is what calls go through; another face of the process asks it who makes a request.
	Door *access.Door
	// Refusals are the door's.
	Refusals *access.Refusals

	own      *access.OwnWay
	checks   *pulse
	listener net.Listener
	crowd    *prometheus.CounterVec
	logger   *slog.Logger
	closing  context.Context // the server's life, not a call's
	close    context.CancelFunc
}

// NewGRPC makes a server. An error means that a rule of the .proto files does not compile.
func NewGRPC(o GRPCOptions) (*GRPC, error) {
	validator, err := protovalidate.New(protovalidate.WithMessages(o.Messages...))
	if err != nil {
		return nil, fmt.Errorf("validation rules: %w", err)
	}
	closing, closeIt := context.WithCancel(context.Background()) //nolint:gosec // Leave calls it
	needs := withForeign(o.Chain.Needs)
	refusals := access.NewRefusals(closing, o.Chain.Logger, o.Guard.Slowing, countRefusals(o.Telemetry))
	door := access.NewDoor(o.Guard.Callers, needs, refusals)
	c := &chain{Chain: o.Chain, door: door, validator: validator, closing: closing}
	c.Logger = telemetry.OnChange(o.Chain.Logger)
	maxRequest := o.MaxRequest
	if maxRequest == 0 {
		maxRequest = MaxMessage
	}
	alive := keepalive.ServerParameters{
		MaxConnectionIdle: cmp.Or(o.Unused, unusedTime), Time: idleUntilPing, Timeout: pingTime,
	}
	if o.Guard.TLS != nil {
		alive.MaxConnectionAge = connectionFor
	}
	options := append(c.options(),
		grpc.MaxRecvMsgSize(maxRequest), grpc.MaxSendMsgSize(MaxMessage), grpc.MaxConcurrentStreams(maxStreams),
		grpc.StaticStreamWindowSize(window), grpc.StaticConnWindowSize(window),
		grpc.WaitForHandlers(true), grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveParams(alive),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAtMost, PermitWithoutStream: true}),
	)
	options = append(options, grpc.Creds(access.ServerCredentials(o.Guard.TLS, refusals)))
	if o.Telemetry != nil {
		options = append(options, grpc.StatsHandler(o.Telemetry.ServerStats(func(method string) bool {
			_, ok := needs[method]
			return ok
		})))
	}
	if o.Files != nil {
		o.Guard.Changed = func(change access.CallersChange) {
			tellCallers(o.Chain.Logger, change)
			if o.CallersChanged != nil {
				o.CallersChanged(change)
			}
		}
		o.Guard.Follow(o.Files, door)
	}
	g := &GRPC{
		Server: grpc.NewServer(options...), checks: &pulse{Server: health.NewServer()}, closing: closing,
		close: closeIt, Door: door, Refusals: refusals, crowd: countCrowd(o.Telemetry), logger: c.Logger,
	}
	g.checks.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING) // until SetHealth says otherwise
	healthv1.RegisterHealthServer(g.Server, g.checks)
	reflection.Register(g.Server)
	return g, nil
}

// countRefusals counts refused logins by their cause, all of which are there from the beginning.
func countRefusals(t *telemetry.Telemetry) func(access.Cause) {
	if t == nil {
		return func(access.Cause) {}
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "voidrelay_logins_refused_total",
		Help: "Calls and handshakes of callers who were not known or might not do it, by the cause.",
	}, []string{"cause"})
	t.Registry.MustRegister(refused)
	for _, cause := range access.Causes() {
		refused.WithLabelValues(string(cause))
	}
	return func(cause access.Cause) { refused.WithLabelValues(string(cause)).Inc() }
}

// withForeign adds the methods that others register on our server. Load balancers ask for health, and it tells nothing
// worth hiding; what there is to call is for those who may call something.
func withForeign(needs map[string]access.Need) map[string]access.Need {
	all := maps.Clone(needs)
	if all == nil {
		all = map[string]access.Need{}
	}
	for _, method := range []string{
		healthv1.Health_Check_FullMethodName, healthv1.Health_List_FullMethodName, healthv1.Health_Watch_FullMethodName,
	} {
		all[method] = access.Need{Open: true}
	}
	all[reflectionv1.ServerReflection_ServerReflectionInfo_FullMethodName] = access.Need{Role: access.Viewer}
	all[reflectionv1alpha.ServerReflection_ServerReflectionInfo_FullMethodName] = access.Need{Role: access.Viewer}
	return all
}

// Listen takes the address; a fault names the setting that it comes from.
func (g *GRPC) Listen(ctx context.Context, setting, addr string) error {
	listener, err := g.ListenOn(ctx, setting, addr)
	g.listener = listener
	return err
}

// Addr is where the server listens, with the port that was chosen for port 0.
func (g *GRPC) Addr() string { return g.listener.Addr().String() }

// Own is the way in for other faces of this process. It is asked for before Serve.
func (g *GRPC) Own() *access.OwnWay {
	if g.own == nil {
		g.own = access.NewOwnWay()
	}
	return g.own
}

// Serve answers calls until the server is stopped. It fails at once where nothing says who may call a method.
func (g *GRPC) Serve() error {
	if err := g.Door.Lacking(g.GetServiceInfo()); err != nil {
		return fmt.Errorf("serve gRPC: %w", err)
	}
	go g.Refusals.Run() // until Leave
	go review(g.closing, g.Door)
	if g.own != nil {
		go func() { _ = g.Server.Serve(g.own.Listener()) }() // it ends with the server
	}
	if err := g.Server.Serve(g.listener); err != nil {
		return fmt.Errorf("serve gRPC: %w", err)
	}
	return nil
}

// SetHealth says of every service that is registered, and of the process as a whole (the empty name), whether it can do
// its work. Once the server is stopping nothing turns it green again.
func (g *GRPC) SetHealth(serving bool) {
	status := healthv1.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthv1.HealthCheckResponse_SERVING
	}
	g.checks.SetServingStatus("", status)
	for name := range g.GetServiceInfo() {
		if !foreign("/" + name) {
			g.checks.SetServingStatus(name, status)
		}
	}
}

// farewell is how long those who watch our health have to hear that we are leaving.
const farewell = 200 * time.Millisecond

// Leave turns health to NOT_SERVING, and soon after ends the streams that watch it, so that they hold up no draining.
func (g *GRPC) Leave() {
	g.checks.Shutdown()
	time.AfterFunc(farewell, g.close)
}

// Drain finishes the calls under way, accepts none, and cuts what is left when ctx ends. A server that never
// served is closed.
func (g *GRPC) Drain(ctx context.Context) {
	g.Leave()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		g.GracefulStop()
	}()
	select {
	case <-drained:
	case <-ctx.Done():
		g.Server.Stop()
		<-drained
	}
	g.Refusals.Close()
	if g.listener != nil {
		_ = g.listener.Close() // Serve closes it too, where it ran
	}
}

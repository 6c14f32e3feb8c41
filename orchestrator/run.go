package orchestrator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/orchestrator/internal/jobs"
	"github.com/voidrelay/voidrelay/orchestrator/internal/metrics"
	"github.com/voidrelay/voidrelay/orchestrator/internal/preview"
	"github.com/voidrelay/voidrelay/orchestrator/internal/replay"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// drainTime bounds a stop by signal: a slice that is under way ends within it.
const drainTime = 35 * time.Second

// Server is a running orchestrator.
type Server struct {
	grpcAddr, httpAddr string
	metricsAddr        string
	logger             *slog.Logger
	grpc               *grpc.Server
	http               *http.Server
	health             *health.Server
	jobs               *jobs.Runner
	// closers are closed last, in order.
	closers []io.Closer

	loops    sync.WaitGroup
	stopOnce sync.Once
	stopping chan struct{}
	failed   chan error
	stopped  chan struct{}
	stopErr  error
}

// Run serves until ctx ends, then drains and stops.
func Run(ctx context.Context, cfg Config, logger *slog.Logger) error {
	collectSeldom()
	server, err := Start(ctx, cfg, logger)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	select {
	case <-ctx.Done():
	case err := <-ended:
		return err
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return errors.Join(server.Stop(drain), <-ended)
}

// Start connects to a database that is new enough, loads the schemes, begins to work and serves gRPC and REST. ctx bounds the start
// only; Stop ends the server.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (_ *Server, err error) {
	s := &Server{logger: logger, stopping: make(chan struct{}), failed: make(chan error, 2), stopped: make(chan struct{})}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	if err := cfg.check(nil); err != nil {
		return nil, err
	}
	schemes, err := cfg.loadSchemes()
	if err != nil {
		return nil, err
	}
	transport, err := cfg.loadTLS()
	if err != nil {
		return nil, err
	}
	pool, err := store.Open(ctx, string(cfg.DatabaseURL))
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, closePool{pool})
	if err := store.CheckSchema(ctx, pool); err != nil {
		return nil, err
	}
	ledger := store.New(pool)
	figures := metrics.New(ledger)
	scrapes, err := s.listenMetrics(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if s.jobs, err = s.startJobs(ctx, cfg, pool, counted{ledger, figures}, schemes, transport); err != nil {
		return nil, err
	}
	if err := s.serveGRPC(ctx, cfg, ledger, schemes, transport); err != nil {
		return nil, err
	}
	if err := s.serveHTTP(ctx, cfg, transport); err != nil {
		return nil, err
	}
	s.serveMetrics(scrapes, figures)
	s.loops.Go(func() { s.watchDatabase(ledger) })
	logger.InfoContext(ctx, "orchestrator serves", slog.String("grpc", s.grpcAddr), slog.String("http", s.httpAddr), slog.Int("schemes", len(schemes)),
		slog.Bool("tls", transport != nil), slog.Bool("tokens", cfg.AuthTokensFile != ""))
	return s, nil
}

func (s *Server) startJobs(ctx context.Context, cfg Config, pool *pgxpool.Pool, ledger counted, schemes []*scheme.Scheme, transport *tls.Config) (*jobs.Runner, error) {
	file := make([]store.SchemeFile, len(schemes))
	for i, sc := range schemes {
		file[i] = store.SchemeFile{
			Scheme: sc.Name, Title: sc.Title, FormID: sc.Form, DataCenterID: sc.DataCenter, Accounts: sc.Accounts(),
			PollReal: sc.PollInterval(scheme.Real), PollSandbox: sc.PollInterval(scheme.Sandbox), Hash: sc.Hash(), Document: sc.Document(),
			PartsOf: scheme.PartsOf,
		}
		parts, err := scheme.PartsOf(file[i].Document)
		if err != nil {
			return nil, err
		}
		file[i].Parts = parts
	}
	revisions, err := ledger.SyncSchemes(ctx, file)
	if err != nil {
		return nil, err
	}
	kingdee, err := s.dial(cfg, cfg.KingdeeTarget, transport, kingdeeServiceConfig)
	if err != nil {
		return nil, fmt.Errorf("KINGDEESVC_TARGET: %w", err)
	}
	wms, err := s.dial(cfg, cfg.WMSTarget, transport, wmsServiceConfig)
	if err != nil {
		return nil, fmt.Errorf("WMSSVC_TARGET: %w", err)
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return jobs.Start(context.WithoutCancel(ctx), jobs.Config{
		Pool: pool, Schema: store.Schema, Store: ledger, Kingdee: kingdeev1.NewBillServiceClient(kingdee), WMS: wmsv1.NewOrderServiceClient(wms),
		Schemes: schemes, Revisions: revisions, PushWorkers: cfg.PushWorkers, Takeover: cfg.Takeover,
		KeepEvidence: time.Duration(cfg.EvidenceDays) * 24 * time.Hour, Logger: s.logger, Now: now,
	})
}

// Service configs: reads may be repeated, and only when nothing happened; cancels have no retry policy.
const (
	kingdeeServiceConfig = `{"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{
		"name": [{"service": "kingdee.v1.BillService"}],
		"retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	wmsServiceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`
)

// maxMessage is what both ends allow: pages are 1 MiB unless one bill alone is larger.
const maxMessage = 64 << 20

func (s *Server) dial(cfg Config, target string, transport *tls.Config, serviceConfig string) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if transport != nil && transport.RootCAs != nil {
		creds = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12, Certificates: transport.Certificates, RootCAs: transport.RootCAs})
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(creds), grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true}),
	}
	if cfg.AdapterToken != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(cfg.AdapterToken)))
	}
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, err
	}
	s.closers = append([]io.Closer{conn}, s.closers...)
	return conn, nil
}

// bearer shows our token to an adapter. Over plain text only loopback adapters can ask for one, so it is sent there too.
type bearer Secret

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

func (s *Server) serveGRPC(ctx context.Context, cfg Config, ledger *store.Store, schemes []*scheme.Scheme, transport *tls.Config) error {
	tokens, err := cfg.loadTokens()
	if err != nil {
		return err
	}
	chain := rpc.ChainConfig{Logger: s.logger}
	if tokens != nil {
		chain.Auth = tokens
	}
	options, err := rpc.ServerOptions(chain)
	if err != nil {
		return err
	}
	if transport != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(transport)))
	}
	s.grpc = grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(1<<20), grpc.MaxSendMsgSize(maxMessage), grpc.WaitForHandlers(true), grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)...)
	rpc.Register(s.grpc, rpc.Deps{Reader: ledger, Operator: ledger, Starter: s.jobs, Backfills: backfills{ledger, s.jobs}, Gate: gate{ledger, schemes}, Preview: preview.New(ledger), Replay: replay.New(ledger), Timing: timingOf(schemes)})
	s.health = health.NewServer()
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	listener, err := listen(ctx, "ORCHESTRATOR_GRPC_ADDR", cfg.GRPCAddr)
	if err != nil {
		return err
	}
	s.grpcAddr = listener.Addr().String()
	s.loops.Go(func() {
		if err := s.grpc.Serve(listener); err != nil {
			s.failed <- fmt.Errorf("serve gRPC: %w", err)
		}
	})
	return nil
}

func (s *Server) serveHTTP(ctx context.Context, cfg Config, transport *tls.Config) error {
	// Without tokens and client certificates the settings allow loopback only.
	local := cfg.AuthTokensFile == "" && cfg.TLSClientCAFile == ""
	handler, conn, err := gateway.New(ctx, s.grpcAddr, local, grpc.WithTransportCredentials(ownCredentials(transport)))
	if err != nil {
		return err
	}
	s.closers = append([]io.Closer{conn}, s.closers...)
	listener, err := listen(ctx, "ORCHESTRATOR_HTTP_ADDR", cfg.HTTPAddr)
	if err != nil {
		return err
	}
	s.httpAddr = listener.Addr().String()
	if transport != nil {
		listener = tls.NewListener(listener, transport)
	}
	s.http = gateway.Server(handler)
	s.loops.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve REST: %w", err)
		}
	})
	return nil
}

// ownCredentials let the gateway dial our own gRPC port: it must meet the very certificate that we serve with.
func ownCredentials(transport *tls.Config) credentials.TransportCredentials {
	if transport == nil {
		return insecure.NewCredentials()
	}
	own := transport.Certificates[0]
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: transport.Certificates,
		InsecureSkipVerify: true, //nolint:gosec // the certificate is compared with our own below; its name need not be this host's
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || string(state.PeerCertificates[0].Raw) != string(own.Certificate[0]) {
				return errors.New("the gRPC port answers with a certificate that is not ours")
			}
			return nil
		},
	})
}

// listen names the setting that a fault comes from.
func listen(ctx context.Context, setting, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return listener, nil
}

// watchDatabase keeps health true: without its ledger an orchestrator serves nobody.
func (s *Server) watchDatabase(ledger *store.Store) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		status := healthv1.HealthCheckResponse_SERVING
		if err := ledger.Ping(ctx); err != nil {
			status = healthv1.HealthCheckResponse_NOT_SERVING
		}
		cancel()
		s.health.SetServingStatus("", status)
		select {
		case <-s.stopping:
			return
		case <-tick.C:
		}
	}
}

// GRPCAddr and HTTPAddr are the addresses that are listened on, with the ports that were given.
func (s *Server) GRPCAddr() string { return s.grpcAddr }

// HTTPAddr is where REST is served.
func (s *Server) HTTPAddr() string { return s.httpAddr }

// Wait returns once the server has stopped, with the fault that ended it if it was not Stop.
func (s *Server) Wait() error {
	select {
	case err := <-s.failed:
		drain, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		return errors.Join(err, s.Stop(drain))
	case <-s.stopped:
		return nil
	}
}

// Stop drains: health says NOT_SERVING, no call is accepted, what is in flight to the WMS is finished and written. When ctx ends
// first, the rest is left to the rows. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		defer close(s.stopped)
		close(s.stopping)
		s.health.Shutdown()
		// A caller who takes his time must not use up that of the work in flight: both drain at once. REST goes through our own gRPC,
		// so that ends after it.
		var rest sync.WaitGroup
		rest.Go(func() {
			if err := s.http.Shutdown(ctx); err != nil {
				_ = s.http.Close()
			}
		})
		s.stopErr = s.jobs.Stop(ctx)
		rest.Wait()
		s.stopGRPC(ctx)
		s.loops.Wait()
		s.close()
	})
	<-s.stopped
	return s.stopErr
}

func (s *Server) stopGRPC(ctx context.Context) {
	graceful := make(chan struct{})
	go func() {
		defer close(graceful)
		s.grpc.GracefulStop()
	}()
	select {
	case <-graceful:
	case <-ctx.Done():
		s.grpc.Stop()
		<-graceful
	}
}

// abandon takes back what a start that failed had begun.
func (s *Server) abandon() {
	if s.jobs != nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		_ = s.jobs.Stop(ctx)
	}
	if s.grpc != nil {
		s.grpc.Stop()
	}
	s.loops.Wait()
	s.close()
}

func (s *Server) close() {
	for _, c := range s.closers {
		_ = c.Close()
	}
}

// closePool makes a Closer of a pool.
type closePool struct{ pool *pgxpool.Pool }

func (c closePool) Close() error {
	c.pool.Close()
	return nil
}

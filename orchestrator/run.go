package orchestrator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/metrics"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// drainTime bounds a stop: a batch that is under way ends within it.
const drainTime = 35 * time.Second

// Server is a running orchestrator.
type Server struct {
	*serve.Life

	grpc      *serve.GRPC
	ops       *serve.Ops
	telemetry *telemetry.Telemetry
	rest      *http.Server
	restAddr  string
	// jobs are nil until the ledger could be used for the first time; beginning lets one begin or end them.
	jobs      atomic.Pointer[worker.Runner]
	beginning sync.Mutex
	// host follows how this orchestrator stands; name is what it goes by in the ledger.
	host   *host.Host
	name   string
	logger *slog.Logger
	// files are followed while we run; ways are what we show the adapters by now.
	files *watched.Files
	// callers are changes of the file of callers that are to be written down.
	callers chan access.CallersChange
	ways    ways
	// conns lead to the adapters and to ourselves; close ends what is left once everything has stopped.
	conns []*grpc.ClientConn
	close []func()
}

// Start connects to a database that is new enough, follows the schemes of its ledger, begins to work and serves gRPC
// and REST. Where the database takes nothing, or the ledger went back, it serves and says so, and begins to work once
// that is over. ctx bounds the start only; Stop ends the server.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (_ *Server, err error) {
	s := &Server{
		logger: logger, files: watched.New(logger), callers: make(chan access.CallersChange, callersWaiting),
	}
	s.Life = serve.NewLife(drainTime, s.drain)
	defer func() {
		if err != nil {
			_ = s.Stop(context.WithoutCancel(ctx)) // the error that matters is the start's
		}
	}()
	if err := cfg.check(nothingTold); err != nil {
		return nil, err
	}
	file, err := cfg.loadSchemes()
	if err != nil {
		return nil, err
	}
	guard, err := cfg.Access.Open()
	if err != nil {
		return nil, err
	}
	if s.telemetry, err = telemetry.New(ctx, "orchestrator", cfg.Traces); err != nil {
		return nil, err
	}
	remembered, err := s.remember(ctx, cfg)
	if err != nil {
		return nil, err
	}
	login, err := ledger.NewLogin(cfg.DatabaseURL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	pool, err := ledger.OpenGuarded(ctx, cfg.DatabaseURL.Reveal(), statements(s.telemetry), login.Guard)
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, pool.Close)
	if err := migrate.Check(ctx, pool); err != nil {
		return nil, err
	}
	reader := query.New(pool)
	// Ports are taken before work begins: one that another process has is found before anything is sent.
	if err := s.listenGRPC(ctx, cfg, guard); err != nil {
		return nil, err
	}
	if err := s.appear(ctx, cfg, pool, reader, remembered); err != nil {
		return nil, err
	}
	w := &work{
		server: s, cfg: cfg, pool: pool, login: login, remembered: remembered, file: file,
		schemes: intake.FollowSchemes(ledger.NewSchemes(pool)),
		counts:  metrics.New(s.telemetry.Registry, reader, s.host),
	}
	if err := w.dial(); err != nil {
		return nil, err
	}
	w.refresh(ctx)
	if err := s.serveOps(ctx, cfg); err != nil {
		return nil, err
	}
	if err := w.beginOnce(ctx); err != nil {
		return nil, err
	}
	s.serveGRPC(pool, reader, w.schemes, remembered, w.kingdee)
	if err := s.serveREST(ctx, cfg, guard); err != nil {
		return nil, err
	}
	s.ways.follow(s.files, cfg)
	s.followLogin(login, cfg.databaseURLFile)
	s.Go(func() error { return s.recordCallers(pool) })
	serve.FollowFiles(s.Life, nil, s.telemetry.Registry, s.files)
	s.follow()
	s.Go(func() error {
		event.NewSequencer(pool, logger).Run(s.Stopping())
		return nil
	})
	s.Go(w.beginLater)
	logger.InfoContext(ctx, "orchestrator listens", slog.String("grpc", s.GRPCAddr()),
		slog.String("http", s.HTTPAddr()), slog.String("host", s.name),
		slog.Int("schemes", len(w.schemes.Entries())), slog.Bool("tls", guard.TLS != nil),
		slog.Bool("callers", guard.Callers != nil),
		slog.String("version", telemetry.ReadBuild().String()))
	return s, nil
}

func (s *Server) serveOps(ctx context.Context, cfg Config) (err error) {
	s.ops, err = serve.ListenOps(ctx, "ORCHESTRATOR_OPS_ADDR", cfg.OpsAddr, s.grpc, s.telemetry.Registry, s.logger)
	if err == nil {
		s.Go(s.ops.Serve)
	}
	return err
}

// listenGRPC takes the port of gRPC, which is part of the host's name. Calls wait until serveGRPC.
func (s *Server) listenGRPC(ctx context.Context, cfg Config, guard access.Guard) (err error) {
	s.grpc, err = serve.NewGRPC(serve.GRPCOptions{
		Chain: rpc.Chain(s.logger), Guard: guard, Telemetry: s.telemetry, MaxRequest: 1 << 20, Files: s.files,
		CallersChanged: s.callersChanged,
	})
	if err != nil {
		return err
	}
	s.grpc.Own() // REST comes this way
	return s.grpc.Listen(ctx, "ORCHESTRATOR_GRPC_ADDR", cfg.GRPCAddr)
}

func (s *Server) serveGRPC(
	pool *pgxpool.Pool, reader *query.Reader, schemes *intake.Registry, remembered *memory.Keeper,
	kingdee *grpc.ClientConn,
) {
	rpc.Register(s.grpc, rpc.Deps{
		Reader: reader, Host: s.host, Operator: operate.NewOperator(pool), Recorder: operate.NewRecorder(pool),
		Starter: starter{s}, Memory: remembered,
		Gate: gate{schemes}, Ledger: pool, Timing: timingOf(schemes),
		Events:     event.NewReader(pool),
		KingdeeNow: kingdeeNow{kingdee: kingdeev1.NewBillServiceClient(kingdee), schemes: schemes},
	})
	s.Go(s.grpc.Serve)
}

func (s *Server) serveREST(ctx context.Context, cfg Config, guard access.Guard) error {
	own, err := s.dialOwn()
	if err != nil {
		return err
	}
	streams, err := s.dialOwn()
	if err != nil {
		return err
	}
	// Without tokens and client certificates the settings allow loopback only.
	handler, err := gateway.New(ctx, gateway.Options{
		Conn: own, Streams: streams, Ready: s.grpc.Ready, Door: s.grpc.Door, Local: !cfg.Access.Guarded(),
		Tracers: s.telemetry.Tracers,
		Logger:  s.logger, Pace: gateway.Pace{PerSecond: cfg.HTTPRate, Burst: cfg.HTTPBurst}, Origins: cfg.HTTPOrigins,
	})
	if err != nil {
		return err
	}
	listener, err := s.grpc.ListenOn(ctx, "ORCHESTRATOR_HTTP_ADDR", cfg.HTTPAddr)
	if err != nil {
		return err
	}
	s.restAddr = listener.Addr().String()
	if guard.TLS != nil {
		listener = tls.NewListener(listener, guard.TLS)
	} else {
		listener = gateway.Listener(listener, s.logger)
	}
	s.rest = serve.HTTP(handler, s.logger)
	s.rest.DisableGeneralOptionsHandler = true // OPTIONS * is no other thing than what else is not there
	s.rest.ConnState = s.grpc.Refusals.ConnState
	s.Go(func() error {
		if err := s.rest.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve REST: %w", err)
		}
		return nil
	})
	return nil
}

// GRPCAddr is where gRPC is served, with the port that was chosen for port 0.
func (s *Server) GRPCAddr() string { return s.grpc.Addr() }

// HTTPAddr is where REST is served.
func (s *Server) HTTPAddr() string { return s.restAddr }

// OpsAddr is where probes and metrics are answered, with the port that was chosen for port 0; empty for nowhere.
func (s *Server) OpsAddr() string { return s.ops.Addr() }

// drain finishes and writes what is in flight to the WMS, while callers get their answers. When ctx ends first, the
// rest is left to the rows. A start that came half way is taken back.
func (s *Server) drain(ctx context.Context) error {
	if s.grpc != nil {
		s.grpc.Leave()
	}
	// A caller who takes his time must not use up that of the work in flight: both drain at once. REST goes through our
	// own gRPC, so that ends after it.
	var faces sync.WaitGroup
	faces.Go(func() {
		if s.rest != nil && s.rest.Shutdown(ctx) != nil {
			_ = s.rest.Close()
		}
		if s.grpc != nil {
			s.grpc.Drain(ctx)
		}
	})
	var err error
	if jobs := s.begun(); jobs != nil {
		err = jobs.Stop(ctx)
	}
	faces.Wait()
	s.ops.Close()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	if s.telemetry != nil {
		err = errors.Join(err, s.telemetry.Stop(ctx))
	}
	for _, end := range s.close {
		end()
	}
	return err
}

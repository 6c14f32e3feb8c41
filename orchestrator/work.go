package orchestrator

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/metrics"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// work is what an orchestrator does once the ledger can be used.
type work struct {
	server     *Server
	cfg        Config
	pool       *pgxpool.Pool
	login      *ledger.Login
	remembered *memory.Keeper
	file       []*scheme.Scheme
	schemes    *intake.Registry
	counts     *metrics.Metrics

	kingdee, wms *grpc.ClientConn
}

// dial connects to the adapters.
func (w *work) dial() (err error) {
	w.kingdee, err = w.server.adapter(w.cfg, host.Kingdee, w.cfg.KingdeeTarget, kingdeeServiceConfig)
	if err != nil {
		return fmt.Errorf("KINGDEESVC_TARGET: %w", err)
	}
	w.wms, err = w.server.adapter(w.cfg, host.WMS, w.cfg.WMSTarget, wmsServiceConfig)
	if err != nil {
		return fmt.Errorf("WMSSVC_TARGET: %w", err)
	}
	return nil
}

// refresh takes the newest revision of each scheme.
func (w *work) refresh(ctx context.Context) {
	if err := w.schemes.Refresh(ctx); err != nil {
		// One that cannot be read keeps nobody from working by the others.
		w.server.logger.ErrorContext(ctx, "not every scheme is at its newest revision", slog.Any("err", err))
	}
}

// beginOnce begins to work if the ledger can be used, and has not begun before.
func (w *work) beginOnce(ctx context.Context) error {
	select {
	case <-w.server.host.Usable():
	default:
		return nil
	}
	w.server.beginning.Lock()
	defer w.server.beginning.Unlock()
	select {
	case <-w.server.Stopping():
		return nil
	default:
	}
	if w.server.jobs.Load() != nil {
		return nil
	}
	return w.begin(ctx)
}

// beginEvery is how often a start is tried again that failed because the database went away once more.
const beginEvery = time.Second

// beginLater begins to work as soon as the ledger can be used.
func (w *work) beginLater() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-w.server.Stopping():
			cancel()
		case <-ctx.Done():
		}
	}()
	select {
	case <-ctx.Done():
		return nil
	case <-w.server.host.Usable():
	}
	tick := time.NewTicker(beginEvery)
	defer tick.Stop()
	for {
		err := w.beginOnce(ctx)
		if err == nil {
			return nil
		}
		w.server.logger.ErrorContext(ctx, "work has not begun", slog.Any("err", err))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// begin starts the jobs, on connections that a ledger which went back does not get.
func (w *work) begin(ctx context.Context) error {
	s := w.server
	if err := s.takeFirst(ctx, w.pool, w.file); err != nil {
		return err
	}
	w.refresh(ctx)
	pool := w.pool
	if w.remembered != nil {
		var err error
		if pool, err = ledger.OpenGuarded(
			ctx, w.cfg.DatabaseURL.Reveal(), statements(s.telemetry), func(cfg *pgxpool.Config) {
				w.remembered.Guard(cfg)
				w.login.Guard(cfg)
			}); err != nil {
			return err
		}
		s.close = append(s.close, pool.Close)
		w.remembered.Cut(pool)
	}
	now := w.cfg.Now
	if now == nil {
		now = time.Now
	}
	jobs, err := worker.Start(context.WithoutCancel(ctx), worker.Config{
		Pool: pool, Schema: ledger.Schema, Store: counted{rooms.New(pool), w.counts},
		Kingdee: kingdeev1.NewBillServiceClient(w.kingdee), WMS: wmsv1.NewOrderServiceClient(w.wms), Schemes: w.schemes,
		PushWorkers: w.cfg.PushWorkers, Takeover: w.cfg.Takeover,
		KeepEvidence: time.Duration(w.cfg.EvidenceDays) * 24 * time.Hour, Telemetry: s.telemetry,
		Host: s.name, Reaches: s.host.Reaches, LedgerAway: s.host.AwaySince, Logger: s.logger, Now: now,
	})
	if err != nil {
		return err
	}
	s.jobs.Store(jobs)
	s.tell(s.host.Ready())
	s.compareSchemes(w.cfg, w.pool, w.schemes)
	return nil
}

// begun answers the jobs to stop; none begin afterwards, since the server is stopping.
func (s *Server) begun() *worker.Runner {
	s.beginning.Lock()
	defer s.beginning.Unlock()
	return s.jobs.Load()
}

// counted is the ledger with what requests came to counted.
type counted struct {
	*rooms.All
	metrics *metrics.Metrics
}

// StoreResults counts what could be written.
func (c counted) StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error {
	err := c.All.StoreResults(ctx, results, bad)
	if err == nil {
		c.metrics.Stored(results)
	}
	return err
}

// starter asks the jobs for what a person asked for, once they have begun.
type starter struct{ server *Server }

// StartRun implements rpc.RunStarter.
func (s starter) StartRun(ctx context.Context, tx pgx.Tx, scheme string, kind ledger.RunKind) error {
	jobs := s.server.jobs.Load()
	if jobs == nil {
		return s.notYet()
	}
	return jobs.StartRun(ctx, tx, scheme, kind)
}

// InsertBackfill implements rpc.RunStarter.
func (s starter) InsertBackfill(ctx context.Context, tx pgx.Tx, id int64) error {
	jobs := s.server.jobs.Load()
	if jobs == nil {
		return s.notYet()
	}
	return jobs.InsertBackfill(ctx, tx, id)
}

func (s starter) notYet() error {
	if s.server.host.WentBack() {
		return ledger.ErrWentBack
	}
	return ledger.ErrUnavailable
}

// Service configs: reads may be repeated, and only when nothing happened; cancels have no retry policy.
const (
	kingdeeServiceConfig = `{"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{
		"name": [{"service": "kingdee.v1.BillService"}],
		"retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.2s", "maxBackoff": "2s",
			"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	wmsServiceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`
)

// adapter makes the connection for the calls to an adapter, and one by which it is watched.
func (s *Server) adapter(cfg Config, name, target, serviceConfig string) (*grpc.ClientConn, error) {
	way, err := cfg.AdapterWay(target)
	if err != nil {
		return nil, err
	}
	way.ServiceConfig = serviceConfig
	s.ways.hold(cfg, &way)
	work, err := s.dial(target, way)
	if err != nil {
		return nil, err
	}
	way.Telemetry = nil
	pulse, err := serve.Dial(target, way)
	if err != nil {
		return nil, err
	}
	s.conns = append(s.conns, pulse)
	s.host.Follow(name, pulse, work, admissions(pulse)[name])
	return work, nil
}

// dial makes a connection that lives as long as the server.
func (s *Server) dial(target string, way serve.DialOptions) (*grpc.ClientConn, error) {
	way.Telemetry = s.telemetry
	conn, err := serve.Dial(target, way)
	if err != nil {
		return nil, err
	}
	s.conns = append(s.conns, conn)
	return conn, nil
}

// dialOwn makes a connection to our own gRPC that lives as long as the server.
func (s *Server) dialOwn() (*grpc.ClientConn, error) {
	conn, err := serve.DialOwn(s.grpc.Own(), s.telemetry)
	if err != nil {
		return nil, err
	}
	s.conns = append(s.conns, conn)
	return conn, nil
}

// AdapterWay is how an adapter is reached at a target: for those who ask it what an orchestrator with these settings
// would ask. Beyond loopback that is TLS in any case, so that neither a token nor a bill is readable on the way.
func (c Config) AdapterWay(target string) (serve.DialOptions, error) {
	way := serve.DialOptions{Token: c.AdapterToken}
	if c.AdapterCA == "" && access.IsLocalTarget(target) {
		return way, nil
	}
	var err error
	way.TLS, err = c.adapterTLS()
	return way, err
}

// adapterTLS is what we show the adapters, and whom we trust as one.
func (c Config) adapterTLS() (credentials.TransportCredentials, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.AdapterCA != "" {
		pool, err := access.LoadPool(c.AdapterCA)
		if err != nil {
			return nil, fmt.Errorf("ADAPTER_CA_FILE: %w", err)
		}
		config.RootCAs = pool.Only()
	}
	if c.Access.Cert != "" {
		own, err := access.Pair("TLS_CERT_FILE", c.Access.Cert, "TLS_KEY_FILE", c.Access.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{own}
	}
	return credentials.NewTLS(config), nil
}

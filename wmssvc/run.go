package wmssvc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/watched"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/metrics"
	"github.com/voidrelay/voidrelay/wmssvc/internal/rpc"
)

// drainTime bounds a stop: what is in flight has its own time-out below it.
const drainTime = 30 * time.Second

// lingerTime is how long callers have to take their last answers and go, once all are given.
const lingerTime = 2 * time.Second

// Server is a running wmssvc.
type Server struct {
	*serve.Life

	grpc      *serve.GRPC
	ops       *serve.Ops
	telemetry *telemetry.Telemetry
	service   *rpc.Service
	reach     *reach
	logger    *slog.Logger

	// mu guards what files may change; words and accounts are changed by one goroutine.
	mu       sync.Mutex
	accounts []*served
	words    *dictionary.Dictionary
	stopped  bool

	// work is the life of exchanges with the WMS; abort cuts them off.
	work  context.Context
	abort context.CancelFunc
	// probing is ended by stopProbe, which ends probes.
	probing   sync.WaitGroup
	probes    context.Context
	stopProbe context.CancelFunc
}

// served is an account at work, and what ends the attention to it.
type served struct {
	*account.Account

	stopAttending context.CancelFunc
}

func (s *Server) newAccount(settings account.Settings) *served {
	return &served{account.New(s.work, settings, s.words, s.logger, time.Now), func() {}}
}

// served are the accounts as rpc has them.
func (s *Server) served() []*account.Account {
	all := make([]*account.Account, len(s.accounts))
	for i, a := range s.accounts {
		all[i] = a.Account
	}
	return all
}

// attend makes the harmless call of an account when it is needed.
func (s *Server) attend(a *served) {
	ctx, stop := context.WithCancel(s.probes)
	a.stopAttending = stop
	s.probing.Go(func() { s.reach.attend(ctx, a.Account) })
}

// learn reads the answers of every account by another dictionary.
func (s *Server) learn(words *dictionary.Dictionary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = words
	for _, a := range s.accounts {
		a.Learn(words)
	}
}

// Start listens and serves. It does not ask the WMS: health turns to NOT_SERVING once the WMS of every account is known
// not to answer. ctx bounds the start only; Stop ends the server.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (_ *Server, err error) {
	s := &Server{logger: logger}
	s.Life = serve.NewLife(drainTime, s.drain)
	defer func() {
		if err != nil {
			_ = s.Stop(context.WithoutCancel(ctx)) // the error that matters is the start's
		}
	}()
	p, err := cfg.plan(nothingTold)
	if err != nil {
		return nil, err
	}
	if s.telemetry, err = telemetry.New(ctx, "wmssvc", cfg.Traces); err != nil {
		return nil, err
	}
	s.work, s.abort = context.WithCancel(context.WithoutCancel(ctx))
	s.words = p.words
	for _, settings := range p.accounts {
		s.accounts = append(s.accounts, s.newAccount(settings))
	}
	files := watched.New(logger)
	if err := s.build(cfg, p, files); err != nil {
		return nil, err
	}
	if err := s.listen(ctx, cfg); err != nil {
		return nil, err
	}
	s.probes, s.stopProbe = context.WithCancel(s.work)
	for _, a := range s.accounts {
		s.attend(a)
	}
	s.follow(files, cfg)
	s.Go(s.ops.Serve)
	s.Go(s.grpc.Serve)
	logger.InfoContext(ctx, "wmssvc listens", slog.String("addr", s.Addr()), slog.Int("accounts", len(p.accounts)),
		slog.String("dictionary", p.words.Version()), slog.Bool("tls", p.guard.TLS != nil),
		slog.Bool("callers", p.guard.Callers != nil),
		slog.String("version", telemetry.ReadBuild().String()))
	return s, nil
}

// build makes the gRPC server and what watches over it.
func (s *Server) build(cfg Config, p plan, files *watched.Files) error {
	counts, err := metrics.New(s.telemetry)
	if err != nil {
		return err
	}
	s.grpc, err = serve.NewGRPC(serve.GRPCOptions{
		Chain: rpc.Chain(s.logger, cfg.Callers), Guard: p.guard, Files: files, Telemetry: s.telemetry,
		MaxRequest: 1 << 20,
		Messages:   []proto.Message{&wmsv1.CancelOrderRequest{}, &wmsv1.CheckConnectionRequest{}},
	})
	if err != nil {
		return err
	}
	s.reach = newReach(s.served(), cfg.ProbeEvery, s.grpc.SetHealth, s.logger)
	if s.service, err = rpc.NewService(s.served(), observers{counts, s.reach}, s.logger, time.Now); err != nil {
		return err
	}
	wmsv1.RegisterOrderServiceServer(s.grpc, s.service)
	s.grpc.SetHealth(true)
	return nil
}

// observers are all told of each request.
type observers []rpc.Observer

// Asked implements rpc.Observer.
func (o observers) Asked(ctx context.Context, account string, result *account.Result) {
	for _, observer := range o {
		observer.Asked(ctx, account, result)
	}
}

func (s *Server) listen(ctx context.Context, cfg Config) (err error) {
	if err := s.grpc.Listen(ctx, "WMSSVC_ADDR", cfg.Addr); err != nil {
		return err
	}
	s.ops, err = serve.ListenOps(ctx, "WMSSVC_OPS_ADDR", cfg.OpsAddr, s.grpc, s.telemetry.Registry, s.logger)
	return err
}

// Addr is where gRPC is listened for, with the port that was chosen for port 0.
func (s *Server) Addr() string { return s.grpc.Addr() }

// OpsAddr is where probes and metrics are answered, with the port that was chosen for port 0; empty for nowhere.
func (s *Server) OpsAddr() string { return s.ops.Addr() }

// drain answers what waits NOT_SENT and finishes exchanges with the WMS. When ctx ends before that, they are cut
// and their outcome is unknown; drain still returns only when everything has ended. A start that came half way
// is taken back.
func (s *Server) drain(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	if s.stopProbe != nil {
		s.stopProbe()
	}
	if s.service != nil {
		s.finish(ctx)
	}
	if s.abort != nil {
		s.abort()
	}
	s.probing.Wait()
	for _, a := range s.accounts {
		a.Close()
	}
	s.ops.Close()
	if s.telemetry == nil {
		return nil
	}
	return s.telemetry.Stop(ctx)
}

// finish sees the calls out.
func (s *Server) finish(ctx context.Context) {
	s.grpc.Leave()
	s.service.Stop()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		s.service.Idle()
	}()
	linger, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		s.grpc.Drain(linger)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		s.logger.WarnContext(ctx, "stopped before everything in flight was finished")
		s.abort()
	}
	late := time.AfterFunc(lingerTime, cancel)
	defer late.Stop()
	<-drained
	<-idle
	s.service.Wait()
}

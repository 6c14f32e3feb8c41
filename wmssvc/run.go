package wmssvc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/rpc"
)

// drainTime bounds a stop by signal: what is in flight has its own time-out below it.
const drainTime = 30 * time.Second

// lingerTime is how long callers have to take their last answers and go, once all are given: a health watch, for one,
// would keep its connection for ever.
const lingerTime = 2 * time.Second

// Server is a running wmssvc.
type Server struct {
	addr     string
	grpc     *grpc.Server
	health   *health.Server
	service  *rpc.Service
	accounts []*account.Account
	abort    context.CancelFunc
	logger   *slog.Logger

	stopOnce sync.Once
	stopped  chan struct{}
	served   chan struct{}
	serveErr error
}

// Run serves until ctx ends, then drains and stops.
func Run(ctx context.Context, cfg Config, logger *slog.Logger) error {
	server, err := Start(ctx, cfg, logger)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-server.served:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Stop(drain); err != nil {
		return err
	}
	return server.Wait()
}

// Start listens and serves. ctx bounds the start only; Stop ends the server.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (*Server, error) {
	p, err := cfg.plan(nil)
	if err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("WMSSVC_ADDR: %w", err)
	}
	work, abort := context.WithCancel(context.WithoutCancel(ctx))
	accounts := make([]*account.Account, 0, len(p.accounts))
	for _, settings := range p.accounts {
		accounts = append(accounts, account.New(work, settings, p.words, logger, time.Now))
	}
	service, err := rpc.NewService(accounts, logger, time.Now)
	if err != nil {
		abort()
		_ = listener.Close()
		return nil, err
	}
	s := &Server{
		addr: listener.Addr().String(), grpc: newGRPC(p, logger), health: health.NewServer(), service: service,
		accounts: accounts, abort: abort, logger: logger, stopped: make(chan struct{}), served: make(chan struct{}),
	}
	wmsv1.RegisterOrderServiceServer(s.grpc, service)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	s.health.SetServingStatus(wmsv1.OrderService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	go func() {
		defer close(s.served)
		s.serveErr = s.grpc.Serve(listener)
	}()
	logger.InfoContext(ctx, "wmssvc serves", "addr", s.addr, "accounts", len(accounts), "dictionary", p.words.Version(), "tls", p.tls != nil, "tokens", p.tokens != nil)
	return s, nil
}

func newGRPC(p plan, logger *slog.Logger) *grpc.Server {
	// A nil *tokenList must not become a non-nil interface.
	var tokens rpc.Tokens
	if p.tokens != nil {
		tokens = p.tokens
	}
	options := append(rpc.Chain(logger, tokens),
		grpc.MaxConcurrentStreams(256),
		grpc.MaxRecvMsgSize(1<<20),
		grpc.WaitForHandlers(true),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	if p.tls != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(p.tls)))
	}
	return grpc.NewServer(options...)
}

// Addr is the address that is listened on, with the port that was given.
func (s *Server) Addr() string { return s.addr }

// Wait returns once the server has stopped, with the fault that ended it if it was not Stop.
func (s *Server) Wait() error {
	<-s.served
	select {
	case <-s.stopped:
		return nil
	default:
	}
	if s.serveErr != nil {
		return fmt.Errorf("serve: %w", s.serveErr)
	}
	<-s.stopped
	return nil
}

// Stop drains: health says NOT_SERVING, items that wait are answered NOT_SENT, exchanges with the WMS are finished and
// answered. When ctx ends before that, exchanges are cut and their outcome is unknown; Stop still returns only when
// everything has ended. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		defer close(s.stopped)
		s.health.Shutdown()
		s.service.Stop()
		drained, idle := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(drained)
			s.grpc.GracefulStop()
		}()
		go func() {
			defer close(idle)
			s.service.Idle()
		}()
		select {
		case <-idle:
		case <-ctx.Done():
			s.logger.WarnContext(ctx, "stopped before everything in flight was finished")
			s.abort()
		}
		linger := time.NewTimer(lingerTime)
		defer linger.Stop()
		select {
		case <-drained:
		case <-linger.C:
			s.grpc.Stop()
			<-drained
		}
		<-idle
		<-s.served
		s.service.Wait()
		s.abort()
		for _, a := range s.accounts {
			a.Close()
		}
	})
	<-s.stopped
	return nil
}

// Package kingdeesvc is the adapter between gRPC (kingdee.v1) and the WebAPI of 金蝶云星空 (Kingdee Cloud Galaxy).
//
// It exports what a composition root needs: Config, LoadConfig, Start, Run and Check. It remembers nothing between two starts.
package kingdeesvc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/checkup"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rpc"
)

// Server is a running kingdeesvc.
type Server struct {
	listener net.Listener
	grpc     *grpc.Server
	checks   *health.Server
	client   *kingdee.Client
	figures  *figures
	logger   *slog.Logger

	// closing ends the probe and the watches of health.
	closing  context.CancelFunc
	running  sync.WaitGroup
	probing  sync.WaitGroup
	stopOnce sync.Once
	done     chan struct{}
	err      error
}

// Start builds the service and listens. It does not wait for Kingdee: until a first login health says NOT_SERVING and calls
// say why. When ctx ends, the server stops as by Stop.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (*Server, error) {
	tokens, err := loadTokens(cfg.TokensFile)
	if err != nil {
		return nil, fmt.Errorf("AUTH_TOKENS_FILE: %w", err)
	}
	tlsConfig, err := loadTLS(cfg)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	life, closing := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{logger: logger, done: make(chan struct{}), closing: closing}
	if s.figures, err = newFigures(ctx, cfg.MetricsAddr, func() kingdee.Stats { return s.client.Stats() }); err != nil {
		closing()
		return nil, err
	}
	var service *rpc.Service
	s.client, service, err = build(cfg, logger, s.figures.observer(), s.tell)
	if err != nil {
		s.figures.close()
		closing()
		return nil, err
	}
	s.grpc, s.checks, err = rpc.NewServer(rpc.ServerOptions{
		Service: service, Tokens: tokens, TLS: tlsConfig, Logger: logger, Closing: life,
	})
	if err != nil {
		s.figures.close()
		closing()
		return nil, err
	}
	s.setHealth(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		s.figures.close()
		closing()
		return nil, fmt.Errorf("KINGDEESVC_ADDR: %w", err)
	}
	if len(tokens) > 0 && tlsConfig == nil {
		logger.WarnContext(ctx, "kingdeesvc: bearer tokens travel in plain text; set TLS_CERT_FILE and TLS_KEY_FILE", "addr", s.Addr())
	}
	if cfg.BaseURL.Scheme == "http" && !loopback(cfg.BaseURL.Hostname()) {
		logger.WarnContext(ctx, "kingdeesvc: secrets and bills travel to Kingdee in plain text; use https://", "vendor", cfg.BaseURL.Redacted())
	}
	s.probing.Go(func() { s.probe(life, cfg) })
	s.running.Go(s.probing.Wait)
	s.running.Go(func() { s.figures.serve(life) })
	s.running.Go(func() {
		defer closing()
		if err := s.grpc.Serve(s.listener); !errors.Is(err, grpc.ErrServerStopped) {
			s.err = err
		}
	})
	s.running.Go(func() {
		select {
		case <-ctx.Done():
			s.stop(context.WithoutCancel(ctx))
		case <-life.Done():
		}
	})
	go func() {
		s.running.Wait()
		close(s.done)
	}()
	logger.InfoContext(ctx, "kingdeesvc: listening", "addr", s.Addr(), "vendor", cfg.BaseURL.Redacted())
	return s, nil
}

// build makes the graph below gRPC.
func build(cfg Config, logger *slog.Logger, observer kingdee.Observer, tell func(bool, error)) (*kingdee.Client, *rpc.Service, error) {
	options := kingdee.Options{
		BaseURL: cfg.BaseURL, KeepOthers: !cfg.KickOff, Sessions: cfg.Sessions, Roots: cfg.Roots, Pins: cfg.Pins, Zone: cfg.Zone, Rate: cfg.Rate,
		Now: time.Now, Health: tell, Observer: observer, Logger: logger,
	}
	var err error
	if options.Auth, options.Header, err = cfg.auth(); err != nil {
		return nil, nil, err
	}
	client := kingdee.New(options)
	reader := assembled.NewReader(client, client.Zone, cfg.PageRows, logger)
	place := rpc.Place{DataCenterID: cfg.AcctID, UserName: cfg.Username, ZoneName: cfg.ZoneName, Zone: cfg.Zone}
	return client, rpc.NewService(client, reader, checkup.New(client, cfg.checkup()), place, time.Now), nil
}

func (cfg Config) account() kingdee.Account {
	return kingdee.Account{AcctID: cfg.AcctID, Username: cfg.Username, LCID: cfg.LCID}
}

// auth is the way in: a login, or a signature on every request.
func (cfg Config) auth() (kingdee.Auth, *kingdee.HeaderAuth, error) {
	switch cfg.Auth {
	case "header":
		header, err := kingdee.NewHeaderAuth(cfg.account(), cfg.OrgNum, cfg.AppID, cfg.AppSecret)
		if err != nil {
			return nil, nil, fmt.Errorf("KINGDEE_APP_ID: %w", err)
		}
		return nil, header, nil
	case "app_secret":
		return kingdee.AppSecretAuth{Account: cfg.account(), AppID: cfg.AppID, AppSecret: cfg.AppSecret}, nil, nil
	case "password":
		return kingdee.PasswordAuth{Account: cfg.account(), Password: cfg.Password}, nil, nil
	}
	return kingdee.SignAuth{Account: cfg.account(), AppID: cfg.AppID, AppSecret: cfg.AppSecret, SHA1: cfg.SignHash == "sha1"}, nil, nil
}

// Addr is where the server listens, with the port that was chosen for port 0.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Wait blocks until the server has stopped. It answers nil after a Stop.
func (s *Server) Wait() error {
	<-s.done
	if s.err != nil {
		return fmt.Errorf("serve: %w", s.err)
	}
	return nil
}

// Stop drains calls until ctx ends, then cuts them, and waits for everything that Start began. It may be called again.
func (s *Server) Stop(ctx context.Context) {
	s.stop(ctx)
	<-s.done
}

// drainTime bounds the draining when nobody else does.
const drainTime = 10 * time.Second

func (s *Server) stop(ctx context.Context) {
	s.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, drainTime)
		defer cancel()
		s.checks.Shutdown()
		s.closing()
		drained := make(chan struct{})
		go func() {
			s.grpc.GracefulStop()
			close(drained)
		}()
		select {
		case <-drained:
		case <-ctx.Done():
			s.grpc.Stop()
			<-drained
		}
		s.probing.Wait() // it holds a session
		s.client.Close(context.WithoutCancel(ctx))
	})
}

// Run is Start, then Wait.
func Run(ctx context.Context, cfg Config, logger *slog.Logger) error {
	server, err := Start(ctx, cfg, logger)
	if err != nil {
		return err
	}
	return server.Wait()
}

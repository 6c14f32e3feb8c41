// Package kingdeesvc is the adapter between gRPC (kingdee.v1) and the WebAPI of 金蝶云星空 (Kingdee Cloud Galaxy).
//
// It exports what a composition root needs: Config, LoadConfig, Start, Check and Examine. It remembers nothing
// between two starts.
package kingdeesvc

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/checkup"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/assembled"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form/returnapp"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/metrics"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rpc"
)

// drainTime bounds a stop: what is read can be read again.
const drainTime = 10 * time.Second

// maxRequest bounds one request, 4 MiB: 10,000 bill numbers of the longest fit.
const maxRequest = 4 << 20

// Server is a running kingdeesvc.
type Server struct {
	*serve.Life

	grpc      *serve.GRPC
	ops       *serve.Ops
	telemetry *telemetry.Telemetry
	client    *kingdee.Client
	logger    *slog.Logger

	// probing is ended by stopProbe, before the session that a probe holds is given back; wake lets it ask at once.
	probing   sync.WaitGroup
	stopProbe context.CancelFunc
	wake      chan struct{}
}

// Start builds the service and listens. It does not wait for Kingdee: until a first login health says NOT_SERVING and
// calls say why. ctx bounds the start only; Stop ends the server.
func Start(ctx context.Context, cfg Config, logger *slog.Logger) (_ *Server, err error) {
	s := &Server{logger: logger, wake: make(chan struct{}, 1)}
	s.Life = serve.NewLife(drainTime, s.drain)
	defer func() {
		if err != nil {
			_ = s.Stop(context.WithoutCancel(ctx)) // the error that matters is the start's
		}
	}()
	guard, err := cfg.Access.Open()
	if err != nil {
		return nil, err
	}
	if s.telemetry, err = telemetry.New(ctx, "kingdeesvc", cfg.Traces); err != nil {
		return nil, err
	}
	observer, err := metrics.New(s.telemetry, func() kingdee.Stats { return s.client.Stats() })
	if err != nil {
		return nil, err
	}
	client, service, err := build(cfg, logger, observer, s.tell)
	if err != nil {
		return nil, err
	}
	s.client = client
	files := watched.New(logger)
	if s.grpc, err =
		serve.NewGRPC(serve.GRPCOptions{
			Chain: rpc.Chain(logger), Guard: guard, Telemetry: s.telemetry, MaxRequest: maxRequest, Files: files,
		}); err != nil {
		return nil, err
	}
	kingdeev1.RegisterBillServiceServer(s.grpc, service)
	s.grpc.SetHealth(false)
	if err := s.listen(ctx, cfg); err != nil {
		return nil, err
	}
	if cfg.BaseURL.Scheme == "http" && !access.IsLoopback(cfg.BaseURL.Hostname()) {
		logger.WarnContext(ctx, "secrets and bills travel to Kingdee in plain text; use https://",
			slog.String("vendor", cfg.BaseURL.Redacted()))
	}
	life, stopProbe := context.WithCancel(context.WithoutCancel(ctx))
	s.stopProbe = stopProbe
	s.probing.Go(func() { s.probe(life) })
	s.follow(files, cfg)
	s.Go(s.ops.Serve)
	s.Go(s.grpc.Serve)
	logger.InfoContext(ctx, "kingdeesvc listens", slog.String("addr", s.Addr()),
		slog.String("vendor", cfg.BaseURL.Redacted()),
		slog.String("version", telemetry.ReadBuild().String()))
	return s, nil
}

func (s *Server) listen(ctx context.Context, cfg Config) (err error) {
	if err := s.grpc.Listen(ctx, "KINGDEESVC_ADDR", cfg.Addr); err != nil {
		return err
	}
	s.ops, err = serve.ListenOps(ctx, "KINGDEESVC_OPS_ADDR", cfg.OpsAddr, s.grpc, s.telemetry.Registry, s.logger)
	return err
}

// forms are those whose bills are read whole. The first is what a cheap call asks for.
var forms = []form.Form{assembled.Form, returnapp.Form}

// build makes the graph below gRPC.
func build(
	cfg Config, logger *slog.Logger, observer kingdee.Observer, tell func(bool, error),
) (*kingdee.Client, *rpc.Service, error) {
	options := kingdee.Options{
		BaseURL: cfg.BaseURL, KeepOthers: !cfg.KickOff, Sessions: cfg.Sessions, Roots: cfg.CA.Beside(), Pins: cfg.Pins,
		Zone: cfg.Zone, Rate: cfg.Rate,
		Now: time.Now, Health: tell, Observer: observer, Logger: logger,
	}
	var err error
	if options.Auth, options.Header, err = cfg.auth(); err != nil {
		return nil, nil, err
	}
	client := kingdee.New(options)
	readers, err := bills.Open(client, client.Zone, cfg.PageRows, logger, forms...)
	if err != nil {
		return nil, nil, err
	}
	place := rpc.Place{DataCenterID: cfg.AcctID, UserName: cfg.Username, ZoneName: cfg.ZoneName, Zone: cfg.Zone}
	doctor := checkup.New(client, cfg.checkup())
	return client, rpc.NewService(client, readers, doctor, place, forms[0].ID, time.Now), nil
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
	return kingdee.SignAuth{
		Account: cfg.account(), AppID: cfg.AppID, AppSecret: cfg.AppSecret, SHA1: cfg.SignHash == "sha1",
	}, nil, nil
}

// Addr is where the server listens, with the port that was chosen for port 0.
func (s *Server) Addr() string { return s.grpc.Addr() }

// OpsAddr is where probes and metrics are answered, with the port that was chosen for port 0; empty for nowhere.
func (s *Server) OpsAddr() string { return s.ops.Addr() }

// drain ends what Start began, also where that came half way only.
func (s *Server) drain(ctx context.Context) error {
	if s.stopProbe != nil {
		s.stopProbe()
	}
	if s.grpc != nil {
		s.grpc.Drain(ctx)
	}
	s.probing.Wait() // it holds a session
	if s.client != nil {
		s.client.Close(context.WithoutCancel(ctx))
	}
	s.ops.Close()
	if s.telemetry == nil {
		return nil
	}
	return s.telemetry.Stop(ctx)
}

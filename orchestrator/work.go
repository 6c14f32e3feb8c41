package orchestrator

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// startJobs connects to the adapters and begins to work.
func (s *Server) startJobs(ctx context.Context, cfg Config, pool *pgxpool.Pool, kept counted, schemes *intake.Registry,
	guard access.Guard) (*worker.Runner, error) {
	way := cfg.adapterWay(guard)
	way.ServiceConfig = kingdeeServiceConfig
	kingdee, err := s.adapter(host.Kingdee, cfg.KingdeeTarget, way)
	if err != nil {
		return nil, fmt.Errorf("KINGDEESVC_TARGET: %w", err)
	}
	way.ServiceConfig = wmsServiceConfig
	wms, err := s.adapter(host.WMS, cfg.WMSTarget, way)
	if err != nil {
		return nil, fmt.Errorf("WMSSVC_TARGET: %w", err)
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return worker.Start(context.WithoutCancel(ctx), worker.Config{
		Pool: pool, Schema: ledger.Schema, Store: kept, Kingdee: kingdeev1.NewBillServiceClient(kingdee),
		WMS: wmsv1.NewOrderServiceClient(wms), Schemes: schemes, PushWorkers: cfg.PushWorkers,
		Takeover: cfg.Takeover, KeepEvidence: time.Duration(cfg.EvidenceDays) * 24 * time.Hour, Telemetry: s.telemetry,
		Host: s.name, Reaches: s.host.Reaches, LedgerAway: s.host.AwaySince, Logger: s.logger, Now: now,
	})
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
func (s *Server) adapter(name, target string, way serve.DialOptions) (*grpc.ClientConn, error) {
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
	s.host.Follow(name, pulse, work)
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

// AdapterWay is how the adapters are reached at KingdeeTarget and WMSTarget: for those who ask them what an
// orchestrator with these settings would ask.
func (c Config) AdapterWay() (serve.DialOptions, error) {
	guard, err := c.Access.Open()
	if err != nil {
		return serve.DialOptions{}, err
	}
	return c.adapterWay(guard), nil
}

func (c Config) adapterWay(guard access.Guard) serve.DialOptions {
	return serve.DialOptions{TLS: adapterCredentials(guard.TLS), Token: c.AdapterToken}
}

// adapterCredentials are our own pair, with the adapters trusted by the authority that signs our callers; nil where
// there is none.
func adapterCredentials(own *tls.Config) credentials.TransportCredentials {
	if own == nil || own.ClientCAs == nil {
		return nil
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: own.Certificates, RootCAs: own.ClientCAs,
	})
}

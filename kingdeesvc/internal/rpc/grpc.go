package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// maxMessage bounds one message both ways: a bill alone may be larger than a page.
const maxMessage = 64 << 20

// ServerOptions are what the gRPC server is made of.
type ServerOptions struct {
	Service kingdeev1.BillServiceServer
	// Tokens, if any, are wanted of every caller.
	Tokens Tokens
	// TLS, if set, is what the server speaks.
	TLS    *tls.Config
	Logger *slog.Logger
	// Closing ends when the server begins to stop: watches of health end with it, so that they do not hold up the draining.
	Closing context.Context // the server's life, not a call's
}

// NewServer is the gRPC server with its whole chain, health and reflection. Tests use it too.
func NewServer(o ServerOptions) (*grpc.Server, *health.Server, error) {
	validator, err := protovalidate.New()
	if err != nil {
		return nil, nil, fmt.Errorf("validation rules: %w", err)
	}
	c := &chain{logger: o.Logger, validator: validator, tokens: o.Tokens, closing: o.Closing}
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(c.unary),
		grpc.StreamInterceptor(c.stream),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage),
		grpc.ConnectionTimeout(20 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	server := grpc.NewServer(options...)
	kingdeev1.RegisterBillServiceServer(server, o.Service)
	checks := health.NewServer()
	grpc_health_v1.RegisterHealthServer(server, checks)
	reflection.Register(server)
	return server, checks, nil
}

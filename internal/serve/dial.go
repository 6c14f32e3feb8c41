package serve

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// errInTheClear keeps a token from a network where everybody could read it.
var errInTheClear = errors.New("a token never leaves this machine without TLS (令牌只在 TLS 下发往其他主机)")

// DialOptions say how one of our programs reaches another.
type DialOptions struct {
	// TLS is nil for plain text.
	TLS credentials.TransportCredentials
	// Token is shown with each call where it is not empty. Current, where it is not nil, is what it is by now.
	Token   settings.Secret
	Current func() settings.Secret
	// ServiceConfig is gRPC's, as JSON; empty for none.
	ServiceConfig string
	// Telemetry measures and traces the calls; nil does neither.
	Telemetry *telemetry.Telemetry
}

// Dial makes a connection to another program of ours; it connects when the first call comes. It never goes through the
// proxy of HTTPS_PROXY, which is for the way out to the vendors. The id of the call that is being answered goes along.
func Dial(target string, o DialOptions) (*grpc.ClientConn, error) {
	if o.Token != "" && o.TLS == nil && !access.IsLocalTarget(target) {
		return nil, errInTheClear
	}
	transport := o.TLS
	if transport == nil {
		transport = insecure.NewCredentials()
	}
	options := append(common(), grpc.WithTransportCredentials(transport), grpc.WithNoProxy(),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}))
	if o.ServiceConfig != "" {
		options = append(options, grpc.WithDefaultServiceConfig(o.ServiceConfig))
	}
	if o.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer{o.current(), o.TLS != nil}))
	}
	if o.Telemetry != nil {
		options = append(options, grpc.WithStatsHandler(o.Telemetry.ClientStats()))
	}
	return grpc.NewClient(target, options...)
}

// common is what every connection of ours has.
func common() []grpc.DialOption {
	return []grpc.DialOption{
		// A name server has no say in how calls are repeated.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithChainUnaryInterceptor(unaryPassID), grpc.WithChainStreamInterceptor(streamPassID),
	}
}

// bearer shows a token with each call.
type bearer struct {
	token  func() settings.Secret
	secure bool
}

func (o DialOptions) current() func() settings.Secret {
	if o.Current != nil {
		return o.Current
	}
	return func() settings.Secret { return o.Token }
}

// GetRequestMetadata is the header of a call.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token().Reveal()}, nil
}

// RequireTransportSecurity keeps the token from plain text where TLS is there to be had.
func (b bearer) RequireTransportSecurity() bool { return b.secure }

// DialOwn makes a connection on a server's own way; the id of the call that is being answered goes along.
func DialOwn(way *access.OwnWay, t *telemetry.Telemetry) (*grpc.ClientConn, error) {
	options := common()
	if t != nil {
		options = append(options, grpc.WithStatsHandler(t.ClientStats()))
	}
	return way.Dial(options...)
}

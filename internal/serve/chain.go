package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"buf.build/go/protovalidate"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/access"
)

// ErrPanic is what a panic of ours becomes before the service makes a status of it; its cause stands in the log.
var ErrPanic = errors.New("panic")

// Chain is what every call of a service passes.
type Chain struct {
	Logger *slog.Logger
	// Needs say who may call each method of the service, by its full name. A method without one keeps the server from
	// starting.
	Needs map[string]access.Need
	// Status is the service's one switch from its errors to statuses. It also gets ErrPanic, *InvalidRequest,
	// access.ErrUnauthenticated, *access.Forbidden, *access.HeldBackError and the errors of the context. ours marks
	// what nobody foresaw, or what is the database's fault: the cause is logged here and does not go to the caller.
	Status func(ctx context.Context, err error) (status error, ours bool)
	// Check looks at a request beyond the rules of its .proto file; nil looks no further. Its errors go through Status.
	Check func(proto.Message) error
	// UnaryLimit and StreamLimit bound calls that come without a deadline or with a later one.
	UnaryLimit, StreamLimit time.Duration
	// Lasting are the full methods of streams that last as long as their caller wants, or until we stop.
	Lasting []string
}

// chain is a Chain at work.
type chain struct {
	Chain
	door      *access.Door
	validator protovalidate.Validator
	// closing ends health watches, reflection and lasting streams, which would else outlive every other call.
	closing context.Context // the server's life, not a call's
}

// options are the interceptors, outermost first: recover, id, deadline, log, recover again, errors, auth,
// validate. Errors stand outside of auth and validate, which answer with errors of their own kind. The inner
// recover turns a panic into a failed call with an id, which is logged as other calls are; the outer one is for
// panics on the way there.
func (c *chain) options() []grpc.ServerOption {
	crashed := recovery.WithRecoveryHandlerContext(c.crashed)
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			recovery.UnaryServerInterceptor(crashed), c.unaryID, c.unaryDeadline, c.unaryLog,
			recovery.UnaryServerInterceptor(crashed), c.unaryErrors,
			auth.UnaryServerInterceptor(c.door.Enter), c.unaryValid,
		),
		grpc.ChainStreamInterceptor(
			recovery.StreamServerInterceptor(crashed), c.streamID, c.streamDeadline, c.streamLog,
			recovery.StreamServerInterceptor(crashed), c.streamErrors,
			auth.StreamServerInterceptor(c.door.Enter), c.streamHold, c.streamValid,
		),
	}
}

func (c *chain) crashed(ctx context.Context, cause any) error {
	method, _ := grpc.Method(ctx)
	c.Logger.ErrorContext(ctx, "a call panicked", slog.String("method", method), slog.String("err", fmt.Sprint(cause)),
		slog.String("stack", string(debug.Stack())))
	status, _ := c.Status(ctx, ErrPanic)
	return status
}

func (c *chain) unaryErrors(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	answer, err := handler(ctx, req)
	if err != nil {
		return nil, c.mapped(ctx, info.FullMethod, err)
	}
	return answer, nil
}

func (c *chain) streamErrors(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	if err := handler(server, stream); err != nil {
		return c.mapped(stream.Context(), info.FullMethod, err)
	}
	return nil
}

// mapped turns an error into a status. Services that others register on our server, health and reflection, speak in
// statuses already.
func (c *chain) mapped(ctx context.Context, method string, err error) error {
	var forbidden *access.Forbidden
	var held *access.HeldBackError
	atTheDoor := errors.Is(err, access.ErrUnauthenticated) || errors.As(err, &forbidden) || errors.As(err, &held)
	if foreign(method) && !atTheDoor {
		return err
	}
	sent, ours := c.Status(ctx, err)
	if ours {
		c.Logger.ErrorContext(ctx, "a call failed by a fault of ours", slog.String("method", method),
			slog.Any("err", err))
	}
	return sent
}

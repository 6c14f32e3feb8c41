package rpc

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// ChainConfig is what the interceptors need.
type ChainConfig struct {
	Logger *slog.Logger
	// Auth knows the callers; nil lets everybody in.
	Auth Authenticator
	// Timeout bounds calls that come without a deadline, and those with a later one. 0 = 30 s.
	Timeout time.Duration
}

// requestIDKey is the metadata key, and HTTP header, of the id that ties a call to its log lines. It has nothing to do with the
// request_id field, which makes an act repeatable.
const requestIDKey = "x-request-id"

const ourMethods = "/orchestrator.v1."

// sliver is kept back from a caller's deadline, so that the cause is reported instead of a bare time-out.
const sliver = 50 * time.Millisecond

type chain struct {
	ChainConfig
	validator protovalidate.Validator
}

// ServerOptions are the interceptors of a server, in order: recover, request id, logging, deadline, authentication, validation,
// error mapping. Tests use them too. An error means that a rule of the .proto files does not compile.
func ServerOptions(config ChainConfig) ([]grpc.ServerOption, error) {
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("validator: %w", err)
	}
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	c := &chain{config, validator}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(c.recover, c.identifyRequest, c.log, c.limit, c.checkAndMap),
		grpc.ChainStreamInterceptor(c.stream),
	}, nil
}

func (c *chain) recover(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			answer, err = nil, c.panicked(ctx, info.FullMethod, cause)
		}
	}()
	return handler(ctx, req)
}

func (c *chain) panicked(ctx context.Context, method string, cause any) error {
	c.Logger.ErrorContext(ctx, "call panicked", "method", method, "err", fmt.Sprint(cause), "stack", string(debug.Stack()))
	sent, _ := wire(errPanic)
	return sent.Err()
}

type requestIDContext struct{}

// identifyRequest takes the caller's id, if it is a sane one, or makes one, and sends it back.
func (c *chain) identifyRequest(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	id := rand.Text()
	if given := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(given) == 1 && len(given[0]) > 0 && len(given[0]) <= 100 {
		id = given[0]
	}
	if err := grpc.SetHeader(ctx, metadata.Pairs(requestIDKey, id)); err != nil {
		c.Logger.DebugContext(ctx, "request id not sent", "request_id", id, "err", err)
	}
	return handler(context.WithValue(ctx, requestIDContext{}, id), req)
}

// log tells of each call at debug level; faults of ours are told where they are mapped.
func (c *chain) log(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	begun := time.Now()
	answer, err := handler(ctx, req)
	c.Logger.DebugContext(ctx, "call", "method", info.FullMethod, "code", status.Code(err).String(), "duration", time.Since(begun),
		"request_id", ctx.Value(requestIDContext{}))
	return answer, err
}

func (c *chain) limit(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	limit := c.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		limit = min(limit, left-min(sliver, left/10))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return handler(ctx, req)
}

// checkAndMap lets in who is known and what is valid, and turns every error into a status.
func (c *chain) checkAndMap(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := c.checked(ctx, req, info, handler)
	if err == nil {
		return answer, nil
	}
	return nil, c.mapped(ctx, info.FullMethod, err)
}

func (c *chain) checked(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, err := identify(ctx, c.Auth, info.FullMethod)
	if err != nil {
		return nil, err
	}
	if err := validate(c.validator, req); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func (c *chain) mapped(ctx context.Context, method string, err error) error {
	if !strings.HasPrefix(method, ourMethods) {
		// Services that others register here, such as health, speak in statuses already.
		if _, ok := status.FromError(err); ok {
			return err
		}
	}
	if ctx.Err() != nil {
		// Whatever it was, it came of the call being over.
		err = ctx.Err()
	}
	sent, ours := wire(err)
	if ours {
		c.Logger.ErrorContext(ctx, "call", "method", method, "err", err, "request_id", ctx.Value(requestIDContext{}))
	}
	return sent.Err()
}

// stream guards the streams that others register on our server, such as reflection: we have none of our own.
func (c *chain) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = c.panicked(stream.Context(), info.FullMethod, cause)
		}
	}()
	if _, err := identify(stream.Context(), c.Auth, info.FullMethod); err != nil {
		return c.mapped(stream.Context(), info.FullMethod, err)
	}
	return handler(server, stream)
}

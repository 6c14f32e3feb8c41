package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Tokens names the caller a bearer token belongs to; false for no one.
type Tokens interface {
	Caller(token string) (string, bool)
}

// Chain is the interceptors in order: faults of ours inside, then who may call. tokens is nil where none are configured.
func Chain(logger *slog.Logger, tokens Tokens) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(recoverUnary(logger), authUnary(tokens)),
		grpc.ChainStreamInterceptor(recoverStream(logger), authStream(tokens)),
	}
}

func recoverUnary(logger *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (response any, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				response, err = nil, crashed(ctx, logger, info.FullMethod, cause)
			}
		}()
		return next(ctx, request)
	}
}

func recoverStream(logger *slog.Logger) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		defer func() {
			if cause := recover(); cause != nil {
				err = crashed(stream.Context(), logger, info.FullMethod, cause)
			}
		}()
		return next(server, stream)
	}
}

// crashed answers a bare INTERNAL: with an ErrorInfo it would promise that nothing was sent, which is not known here.
func crashed(ctx context.Context, logger *slog.Logger, method string, cause any) error {
	logger.ErrorContext(ctx, "a call went wrong inside", "method", method, "trace_id", traceID(ctx), "err", cause, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "wmssvc failed inside")
}

func authUnary(tokens Tokens) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if err := authorise(ctx, tokens, info.FullMethod); err != nil {
			return nil, err
		}
		return next(ctx, request)
	}
}

func authStream(tokens Tokens) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		if err := authorise(stream.Context(), tokens, info.FullMethod); err != nil {
			return err
		}
		return next(server, stream)
	}
}

// authorise lets through whoever has a token, and everybody to the health service, which tells nothing worth hiding.
func authorise(ctx context.Context, tokens Tokens, method string) error {
	if tokens == nil || strings.HasPrefix(method, "/"+healthv1.Health_ServiceDesc.ServiceName+"/") {
		return nil
	}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		scheme, token, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		if _, ok := tokens.Caller(token); ok {
			return nil
		}
	}
	return (&fault{
		code: codes.Unauthenticated, reason: wmsv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
		message: "a bearer token is wanted in the authorization metadata",
	}).err()
}

package access

import (
	"context"
	"errors"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Nobody is the name of a caller of a service that asks for no token.
const Nobody = "unauthenticated"

// ErrUnauthenticated is a call without a token that this service knows. Services turn it into UNAUTHENTICATED with
// their own ErrorInfo.
var ErrUnauthenticated = errors.New("this service wants a token it knows: authorization: Bearer <token>")

// openMethods need no token: load balancers ask for health without one, and it tells nothing worth hiding.
const openMethods = "/grpc.health.v1.Health/"

type callerKey struct{}

// Caller is the name of who makes this call: what stands before the token in the file, or Nobody.
func Caller(ctx context.Context) string {
	if name, ok := ctx.Value(callerKey{}).(string); ok {
		return name
	}
	return Nobody
}

// Identify makes the function that puts the caller's name into the context, or refuses the call with
// ErrUnauthenticated. nil tokens let everybody in.
func Identify(tokens *Tokens) auth.AuthFunc {
	return func(ctx context.Context) (context.Context, error) {
		method, _ := grpc.Method(ctx)
		if tokens == nil || strings.HasPrefix(method, openMethods) {
			return ctx, nil
		}
		for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
			scheme, token, _ := strings.Cut(value, " ")
			if !strings.EqualFold(scheme, "bearer") {
				continue
			}
			if name, ok := tokens.Name(strings.TrimSpace(token)); ok {
				if record, ok := ctx.Value(recordKey{}).(*Record); ok {
					record.name = name
				}
				return context.WithValue(ctx, callerKey{}, name), nil
			}
		}
		return ctx, ErrUnauthenticated
	}
}

// Record tells an outer interceptor who the caller turned out to be.
type Record struct{ name string }

// Name is the caller's, Nobody until he is known.
func (r *Record) Name() string {
	if r.name == "" {
		return Nobody
	}
	return r.name
}

type recordKey struct{}

// WithRecord makes Identify note the caller's name.
func WithRecord(ctx context.Context) (context.Context, *Record) {
	record := &Record{}
	return context.WithValue(ctx, recordKey{}, record), record
}

package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc/metadata"
)

// Authenticator knows callers by their token.
type Authenticator interface {
	// Authenticate answers the name to record with what the caller does; false when nobody has this token.
	Authenticate(token string) (name string, ok bool)
}

type actorKey struct{}

// nobody is recorded for a caller of a service that asks for no token.
const nobody = "unauthenticated"

func actor(ctx context.Context) string {
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return nobody
}

// openMethods need no token: load balancers ask for health without one.
const openMethods = "/grpc.health.v1.Health/"

// identify puts the caller's name into the context, or refuses the call.
func identify(ctx context.Context, auth Authenticator, method string) (context.Context, error) {
	if auth == nil || strings.HasPrefix(method, openMethods) {
		return ctx, nil
	}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		scheme, token, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "bearer") {
			continue
		}
		if name, ok := auth.Authenticate(strings.TrimSpace(token)); ok {
			return context.WithValue(ctx, actorKey{}, name), nil
		}
	}
	return ctx, errUnauthenticated
}

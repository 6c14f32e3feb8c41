package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// sliver is the least that is kept of a caller's deadline so that our own cause still gets to it: a tenth of what is
// left, ten slivers at most. Of less than four slivers nothing is kept.
const sliver = 50 * time.Millisecond

// Inner is how long the work for a caller may take who waits this long.
func Inner(left time.Duration) time.Duration {
	if left <= 4*sliver {
		return left
	}
	return left - min(max(sliver, left/10), 10*sliver)
}

// foreign says that a method is one of gRPC's own services.
func foreign(method string) bool { return strings.HasPrefix(method, "/grpc.") }

// bounded is the time a call has. gRPC's own streams, and those that the service says, last as long as the caller
// wants, or until we stop.
func (c *chain) bounded(ctx context.Context, method string, limit time.Duration) (context.Context, context.CancelFunc) {
	if foreign(method) || slices.Contains(c.Lasting, method) {
		ctx, cancel := context.WithCancel(ctx)
		undo := context.AfterFunc(c.closing, cancel)
		return ctx, func() { undo(); cancel() }
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, Inner(time.Until(deadline)))
	}
	limit = limit.Round(time.Millisecond)
	return context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("%s: over its limit of %s: %w", method, limit, context.DeadlineExceeded))
}

func (c *chain) unaryDeadline(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	ctx, cancel := c.bounded(ctx, info.FullMethod, c.UnaryLimit)
	defer cancel()
	return handler(ctx, req)
}

func (c *chain) streamDeadline(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx, cancel := c.bounded(stream.Context(), info.FullMethod, c.StreamLimit)
	defer cancel()
	return handler(server, within(stream, ctx))
}

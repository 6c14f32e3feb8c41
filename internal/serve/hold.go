package serve

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/access"
)

// reviewEvery is how often the callers of streams that are open are looked at again; one who is revoked is found out at
// once.
const reviewEvery = 2 * time.Second

// review ends the streams that their callers may not have any more, until ctx ends.
func review(ctx context.Context, door *access.Door) {
	tick := time.NewTicker(reviewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			door.Review()
		}
	}
}

// streamHold ends a stream with its caller's right to it.
func (c *chain) streamHold(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx, release := c.door.Hold(stream.Context())
	defer release()
	held := within(stream, ctx)
	if foreign(info.FullMethod) {
		held = interruptible{held}
	}
	err := handler(server, held)
	if lost := access.Lost(ctx); lost != nil {
		return lost
	}
	return err
}

// interruptible is a stream whose reading ends with its context. The handlers that others wrote wait for nothing else.
type interruptible struct{ grpc.ServerStream }

// RecvMsg implements grpc.ServerStream.
func (s interruptible) RecvMsg(m any) error {
	read := make(chan error, 1)
	go func() { read <- s.ServerStream.RecvMsg(m) }() // it ends with the stream, which ends with its handler
	select {
	case err := <-read:
		return err
	case <-s.Context().Done():
		return context.Cause(s.Context())
	}
}

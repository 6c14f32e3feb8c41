package serve

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// RequestIDKey is the metadata key, and HTTP header, of the id that ties a call to its log lines here and in the
// services that it reaches. It has nothing to do with the request_id field, which makes an act repeatable.
const RequestIDKey = "x-request-id"

// longestID bounds an id that a caller chose.
const longestID = 100

// NewRequestID makes an id for a call that came without one.
func NewRequestID() string { return rand.Text() }

// SaneRequestID says whether an id that a caller chose is fit for headers and logs: 1 to 100 visible ASCII characters.
func SaneRequestID(id string) bool {
	return id != "" && len(id) <= longestID &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// named takes the caller's id, if it is a sane one, or makes one.
func (c *chain) named(ctx context.Context) (context.Context, metadata.MD) {
	id := ""
	if given := metadata.ValueFromIncomingContext(ctx, RequestIDKey); len(given) == 1 && SaneRequestID(given[0]) {
		id = given[0]
	} else {
		id = NewRequestID()
	}
	return telemetry.WithRequestID(ctx, id), metadata.Pairs(RequestIDKey, id)
}

func (c *chain) unaryID(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, header := c.named(ctx)
	if err := grpc.SetHeader(ctx, header); err != nil {
		c.Logger.DebugContext(ctx, "the request id was not sent back", slog.Any("err", err))
	}
	return handler(ctx, req)
}

func (c *chain) streamID(
	server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx, header := c.named(stream.Context())
	if err := stream.SetHeader(header); err != nil {
		c.Logger.DebugContext(ctx, "the request id was not sent back", slog.Any("err", err))
	}
	return handler(server, within(stream, ctx))
}

// within is the stream with another context. The stream itself keeps its own: whoever stands outside must not find that
// of somebody inside, which has ended by then.
//
//nolint:revive // the stream is what is changed
func within(stream grpc.ServerStream, ctx context.Context) grpc.ServerStream {
	return &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx}
}

// passRequestID shows the id of the call that is being answered to the services that it makes us ask.
func passRequestID(ctx context.Context) context.Context {
	if id := telemetry.RequestID(ctx); id != "" {
		return metadata.AppendToOutgoingContext(ctx, RequestIDKey, id)
	}
	return ctx
}

func unaryPassID(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
	call grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	return call(passRequestID(ctx), method, req, reply, conn, opts...)
}

func streamPassID(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return open(passRequestID(ctx), desc, conn, method, opts...)
}

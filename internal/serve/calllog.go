package serve

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/voidrelay/voidrelay/internal/access"
)

func (c *chain) unaryLog(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	// auth stands inside of us: who called is known to it alone.
	ctx, who := access.WithRecord(ctx)
	ctx, more := withLine(ctx)
	begun := time.Now()
	answer, err := handler(ctx, req)
	c.tell(ctx, info.FullMethod, who, req, err, time.Since(begun), *more...)
	return answer, err
}

func (c *chain) streamLog(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx, who := access.WithRecord(stream.Context())
	begun := time.Now()
	err := handler(server, within(stream, ctx))
	c.tell(ctx, info.FullMethod, who, nil, err, time.Since(begun))
	return err
}

// tell writes what says something about us or a vendor, refused callers, and every act of a person; steady success and
// callers' mistakes are for debugging. (A fault of ours was told with its cause where it was mapped.)
func (c *chain) tell(
	ctx context.Context, method string, who *access.Record, req any, err error, took time.Duration, more ...slog.Attr,
) {
	code := status.Code(err)
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("caller", who.Name()),
		slog.String("code", code.String()), slog.Duration("seconds", took),
	}
	if code == codes.Unauthenticated {
		attrs = append(attrs, slog.String("from", from(ctx)))
	}
	act := actOf(req)
	switch {
	case refusesTrouble[code] && !foreign(method), code == codes.Unauthenticated:
		level = slog.LevelWarn
	case act != nil:
		level = slog.LevelInfo
	}
	if err != nil {
		attrs = append(attrs, slog.String("err", status.Convert(err).Message()))
	}
	c.Logger.LogAttrs(ctx, level, "call", slices.Concat(attrs, act, more)...)
}

type lineKey struct{}

// withLine makes room for what Tell adds.
func withLine(ctx context.Context) (context.Context, *[]slog.Attr) {
	more := new([]slog.Attr)
	return context.WithValue(ctx, lineKey{}, more), more
}

// Tell adds to the log line of the unary call that is being answered, which is written at its end. It is for the
// goroutine that answers the call.
func Tell(ctx context.Context, more ...slog.Attr) {
	if line, ok := ctx.Value(lineKey{}).(*[]slog.Attr); ok {
		*line = append(*line, more...)
	}
}

// refusesTrouble are the codes that say something about us or a vendor, or about a caller who is not known.
var refusesTrouble = map[codes.Code]bool{
	codes.Unavailable: true, codes.FailedPrecondition: true, codes.ResourceExhausted: true, codes.Unauthenticated: true,
	codes.PermissionDenied: true,
}

// from is the host that a call comes from. What comes through our own REST face comes from the host that called there.
func from(ctx context.Context) string {
	caller, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	if forwarded := metadata.ValueFromIncomingContext(ctx, "x-forwarded-for"); access.IsOwn(caller.AuthInfo) &&
		len(forwarded) > 0 {
		// The last one is the gateway's word, those before it are the caller's.
		last := forwarded[len(forwarded)-1]
		if addr, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])); err == nil {
			return addr.String()
		}
	}
	host, _, err := net.SplitHostPort(caller.Addr.String())
	if err != nil {
		return caller.Addr.String()
	}
	return host
}

// longestTold bounds in bytes what a log line repeats of a request; the .proto files allow texts of an act less.
const longestTold = 2000

// actOf is what a log line says of an act: a request that has a request_id asks for one. nil for a question.
func actOf(req any) []slog.Attr {
	message, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	fields := message.ProtoReflect().Descriptor().Fields()
	if fields.ByName("request_id") == nil {
		return nil
	}
	attrs := []slog.Attr{slog.Bool("act", true)}
	for _, name := range []protoreflect.Name{"scheme", "reason", "request_id", "dry_run"} {
		field := fields.ByName(name)
		if field == nil || field.IsList() || field.Message() != nil || !message.ProtoReflect().Has(field) {
			continue
		}
		key := string(name)
		if name == "request_id" {
			// The id of the call has that name in the log.
			key = "act_request_id"
		}
		value := message.ProtoReflect().Get(field).Interface()
		if text, ok := value.(string); ok {
			// Nobody has looked at the request of a caller who was refused.
			value = text[:min(len(text), longestTold)]
		}
		attrs = append(attrs, slog.Any(key, value))
	}
	return attrs
}

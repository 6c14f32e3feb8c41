package serve

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
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

// tell writes what says something about us or a vendor, and every act of a person, also one that he may not do; steady
// success and callers' mistakes are for debugging. Of who is refused the door tells, and of a fault of ours whoever
// mapped it.
func (c *chain) tell(
	ctx context.Context, method string, who *access.Record, req any, err error, took time.Duration, more ...slog.Attr,
) {
	code := status.Code(err)
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("caller", who.Name()),
		slog.String("code", code.String()), slog.Duration("seconds", took),
	}
	act := actOf(req)
	switch {
	case who.Refused() && (act == nil || code == codes.Unauthenticated): // the door has told of it
	case refusesTrouble[code] && !foreign(method):
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

// refusesTrouble are the codes that say something about us or a vendor.
var refusesTrouble = map[codes.Code]bool{
	codes.Unavailable: true, codes.FailedPrecondition: true, codes.ResourceExhausted: true, codes.Unauthenticated: true,
	codes.PermissionDenied: true,
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

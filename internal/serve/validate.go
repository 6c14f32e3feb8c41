package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// InvalidRequest is a request that breaks a rule of its .proto file, or one that the file cannot state.
type InvalidRequest struct {
	// Field is its path, such as order.warehouse_code; empty where the message as a whole is wrong.
	Field string
	Text  string
}

// Error implements error.
func (e *InvalidRequest) Error() string { return strings.TrimPrefix(e.Field+": "+e.Text, ": ") }

// Invalid makes an InvalidRequest of what protovalidate found; another error stays what it is.
func Invalid(err error) error {
	broken, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok || len(broken.Violations) == 0 {
		return fmt.Errorf("validate: %w", err)
	}
	first := broken.Violations[0].Proto
	return &InvalidRequest{Field: protovalidate.FieldPathString(first.GetField()), Text: first.GetMessage()}
}

func (c *chain) valid(request any) error {
	message, ok := request.(proto.Message)
	if !ok {
		return nil
	}
	if err := c.validator.Validate(message); err != nil {
		return Invalid(err)
	}
	if c.Check == nil {
		return nil
	}
	return c.Check(message)
}

func (c *chain) unaryValid(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	if foreign(info.FullMethod) {
		return handler(ctx, req)
	}
	if err := c.valid(req); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// streamValid checks the one request of a stream of answers. Where requests stream too, one that is wrong must not end
// the others: the handler answers each by itself.
func (c *chain) streamValid(
	server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	if foreign(info.FullMethod) || info.IsClientStream {
		return handler(server, stream)
	}
	return handler(server, &checkedStream{ServerStream: stream, check: c.valid})
}

// checkedStream validates what arrives.
type checkedStream struct {
	grpc.ServerStream
	check func(any) error
}

// RecvMsg implements grpc.ServerStream.
func (s *checkedStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil {
		return err
	}
	return s.check(message)
}

package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// chain is what every call passes, outermost first: recover, request id, logging, error mapping, authentication, deadline,
// validation. Error mapping stands outside the rest so that each of them answers with its own typed error.
type chain struct {
	logger    *slog.Logger
	validator protovalidate.Validator
	tokens    Tokens
	// closing ends health watches and reflection, which would else outlive every other call.
	closing context.Context // the server's life, not a call's
}

// call is one RPC as the interceptors see it, unary or stream.
type call struct {
	method string
	stream bool
}

type step func(ctx context.Context, c call, next func(context.Context) error) error

func (c *chain) steps() []step {
	return []step{c.recover, c.requestID, c.log, c.mapErrors, c.authenticate, c.deadline}
}

func (c *chain) run(ctx context.Context, this call, handle func(context.Context) error) error {
	steps := c.steps()
	for i := len(steps) - 1; i >= 0; i-- {
		inner, outer := handle, steps[i]
		handle = func(ctx context.Context) error { return outer(ctx, this, inner) }
	}
	return handle(ctx)
}

func (c *chain) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	var resp any
	err := c.run(ctx, call{method: info.FullMethod}, func(ctx context.Context) error {
		if err := c.validate(req); err != nil {
			return err
		}
		var err error
		resp, err = handler(ctx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (c *chain) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return c.run(stream.Context(), call{method: info.FullMethod, stream: true}, func(ctx context.Context) error {
		return handler(srv, &checkedStream{ServerStream: stream, ctx: ctx, check: c.validate})
	})
}

// checkedStream carries the interceptors' context and validates what arrives.
type checkedStream struct {
	grpc.ServerStream
	ctx   context.Context // a ServerStream is where gRPC keeps it
	check func(any) error
}

func (s *checkedStream) Context() context.Context { return s.ctx }

func (s *checkedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.check(m)
}

func (c *chain) recover(ctx context.Context, this call, next func(context.Context) error) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			c.logger.ErrorContext(ctx, "rpc: panic", "method", this.method, "err", fmt.Sprint(caught), "stack", string(debug.Stack()))
			_, err = toError(errors.New("panic"))
		}
	}()
	return next(ctx)
}

const requestIDKey = "x-request-id"

type requestIDContext struct{}

func (c *chain) requestID(ctx context.Context, _ call, next func(context.Context) error) error {
	id := ""
	if given := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(given) > 0 && len(given[0]) <= 100 {
		id = given[0]
	}
	if id == "" {
		var random [8]byte
		_, _ = rand.Read(random[:])
		id = hex.EncodeToString(random[:])
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs(requestIDKey, id))
	return next(context.WithValue(ctx, requestIDContext{}, id))
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDContext{}).(string)
	return id
}

// log writes failures that say something about us or the vendor; steady success and callers' mistakes are for debugging.
func (c *chain) log(ctx context.Context, this call, next func(context.Context) error) error {
	start := time.Now()
	err := next(ctx)
	level, code := slog.LevelDebug, status.Code(err)
	switch code {
	case codes.Internal, codes.Unknown:
		level = slog.LevelError
	case codes.Unavailable, codes.FailedPrecondition, codes.ResourceExhausted, codes.Unauthenticated:
		level = slog.LevelWarn
	}
	attrs := []any{"method", this.method, "code", code.String(), "request_id", requestID(ctx), "took", time.Since(start)}
	if err != nil {
		attrs = append(attrs, "err", status.Convert(err).Message())
	}
	c.logger.Log(ctx, level, "rpc: answered", attrs...)
	return err
}

func (c *chain) mapErrors(ctx context.Context, this call, next func(context.Context) error) error {
	err := next(ctx)
	if err == nil {
		return nil
	}
	known, mapped := toError(err)
	if !known {
		c.logger.ErrorContext(ctx, "rpc: unforeseen error", "method", this.method, "request_id", requestID(ctx), "err", err)
	}
	return mapped
}

// authenticate wants a known bearer token where tokens are configured. Health stays open: whoever watches a process need
// not be able to read bills.
func (c *chain) authenticate(ctx context.Context, this call, next func(context.Context) error) error {
	if len(c.tokens) == 0 || strings.HasPrefix(this.method, "/grpc.health.v1.") {
		return next(ctx)
	}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		scheme, token, ok := strings.Cut(value, " ")
		if ok && strings.EqualFold(scheme, "bearer") && c.tokens.Name(strings.TrimSpace(token)) != "" {
			return next(ctx)
		}
	}
	return errUnauthenticated
}

const (
	// unaryLimit is for callers who set no deadline: one bill is up to eight answers of a server that may take two
	// minutes for each.
	unaryLimit  = 20 * time.Minute
	streamLimit = 2 * time.Hour
	// sliver is the least that is kept of a caller's deadline so that our own cause still gets to it: a tenth, ten slivers at most.
	sliver = 50 * time.Millisecond
)

func (c *chain) deadline(ctx context.Context, this call, next func(context.Context) error) error {
	if strings.HasPrefix(this.method, "/grpc.") {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(c.closing, cancel)()
		return next(ctx)
	}
	limit := unaryLimit
	if this.stream {
		limit = streamLimit
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left > 4*sliver {
			limit = min(limit, left-min(max(sliver, left/10), 10*sliver))
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s: over its limit of %s: %w", this.method, limit, context.DeadlineExceeded))
	defer cancel()
	return next(ctx)
}

func (c *chain) validate(req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	err := c.validator.Validate(message)
	if err == nil {
		return nil
	}
	broken, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok || len(broken.Violations) == 0 {
		return fmt.Errorf("validate: %w", err)
	}
	first := broken.Violations[0].Proto
	return &invalidRequest{field: protovalidate.FieldPathString(first.GetField()), reason: first.GetMessage()}
}

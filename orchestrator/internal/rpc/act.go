package rpc

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Recorder makes each write of a caller happen once.
type Recorder interface {
	Once(ctx context.Context, call ledger.Call, do func(tx pgx.Tx) (reply []byte, err error)) ([]byte, error)
}

// writing is a request to change something.
type writing interface {
	proto.Message
	GetRequestId() string
}

// act does a write and answers it, both in one transaction: do acts and makes the reply, by the act that the request
// asks for. A repeated call is answered by the first reply, and do is not called. A dry run is never kept.
func act[Reply proto.Message](
	ctx context.Context, recorder Recorder, req writing, do func(tx pgx.Tx, act ledger.Act) (Reply, error),
) (reply Reply, err error) {
	deed, call := actOf(ctx, req), ledger.Call{Caller: access.Caller(ctx), RequestID: req.GetRequestId()}
	call.Method, _ = grpc.Method(ctx)
	if trial, ok := req.(interface{ GetDryRun() bool }); ok && trial.GetDryRun() {
		call.RequestID = ""
	}
	if call.Request, err = (proto.MarshalOptions{Deterministic: true}).Marshal(req); err != nil {
		return reply, err
	}
	sent, err := recorder.Once(ctx, call, func(tx pgx.Tx) ([]byte, error) {
		made, err := do(tx, deed)
		if err != nil {
			return nil, err
		}
		return proto.Marshal(made)
	})
	if errors.Is(err, ledger.ErrRequestIDReused) || errors.Is(err, ledger.ErrFirstCallRuns) {
		err = about(err, "request_id", req.GetRequestId())
	}
	if err != nil {
		return reply, err
	}
	first := reply.ProtoReflect().Type().New().Interface().(Reply)
	return first, proto.Unmarshal(sent, first)
}

// actOf is the act that a request asks for, by whoever the caller is. Not every request names a scheme or a reason.
func actOf(ctx context.Context, req writing) ledger.Act {
	act := ledger.Act{Actor: access.Caller(ctx), RequestID: req.GetRequestId()}
	if named, ok := req.(interface{ GetScheme() string }); ok {
		act.Scheme = named.GetScheme()
	}
	if reasoned, ok := req.(interface{ GetReason() string }); ok {
		act.Reason = reasoned.GetReason()
	}
	return act
}

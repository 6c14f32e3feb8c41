package rpc

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
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
	var deeds []ledger.Deed
	repeated := true
	deed, call := actOf(ctx, req), ledger.Call{Caller: access.Caller(ctx), RequestID: req.GetRequestId()}
	call.Method, _ = grpc.Method(ctx)
	if trial, ok := req.(interface{ GetDryRun() bool }); ok && trial.GetDryRun() {
		call.RequestID = ""
	}
	deed.Deeds = &deeds
	if call.Request, err = (proto.MarshalOptions{Deterministic: true}).Marshal(req); err != nil {
		return reply, err
	}
	sent, err := recorder.Once(ctx, call, func(tx pgx.Tx) ([]byte, error) {
		deeds, repeated = nil, false
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
	serve.Tell(ctx, lineOf(deed.Scheme, deeds, repeated)...)
	first := reply.ProtoReflect().Type().New().Interface().(Reply)
	return first, proto.Unmarshal(sent, first)
}

// lineOf is what the log line of a call says of what was recorded. A call that was answered by the first reply recorded
// nothing, and says so; nor does one that found nothing to do. Schemes are named where the request named none.
func lineOf(scheme string, deeds []ledger.Deed, repeated bool) []slog.Attr {
	if repeated {
		return []slog.Attr{slog.Bool("first_reply", true)}
	}
	if len(deeds) == 0 {
		return nil
	}
	var ids []int64
	var count int64
	var schemes []string
	for _, d := range deeds {
		ids, count = append(ids, d.ID), count+d.Count
		if d.Scheme != scheme && !slices.Contains(schemes, d.Scheme) {
			schemes = append(schemes, d.Scheme)
		}
	}
	line := []slog.Attr{
		slog.String("verb", string(deeds[0].Verb)), slog.Int64("count", count), slog.Any("operator_action_ids", ids),
	}
	if len(schemes) > 0 {
		line = append(line, slog.Any("schemes", schemes))
	}
	return line
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

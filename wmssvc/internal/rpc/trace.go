package rpc

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// placeOf is where an order belongs in a trace: where it says itself, else where its call does.
func placeOf(call trace.SpanContext, order *wmsv1.Order) trace.SpanContext {
	if own := telemetry.Place(order.GetTraceparent()); own.IsValid() {
		return own
	}
	return call
}

// placeOfCall is where a call belongs in a trace. One that is not valid, or said twice, is none.
func placeOfCall(ctx context.Context) trace.SpanContext {
	said := metadata.ValueFromIncomingContext(ctx, "traceparent")
	if len(said) != 1 {
		return trace.SpanContext{}
	}
	return telemetry.Place(said[0])
}

// retryInfoKey is where grpc clients look for a RetryInfo beside a status: the message's name, as binary metadata.
const retryInfoKey = "google.rpc.retryinfo-bin"

// adviseRetry tells the caller of one when to come back, the way RetryInfo is told beside a result that is no error.
func adviseRetry(ctx context.Context, r *wmsv1.CancelResult) error {
	if r.GetRetryAfter() == nil {
		return nil
	}
	advice, err := proto.Marshal(&errdetails.RetryInfo{RetryDelay: r.GetRetryAfter()})
	if err != nil {
		return err
	}
	return grpc.SetTrailer(ctx, metadata.Pairs(retryInfoKey, string(advice)))
}

package rpc

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// traceID answers the trace-id of the call's traceparent (https://www.w3.org/TR/trace-context/#traceparent-header); empty
// when there is none, more than one, or one that is not valid.
func traceID(ctx context.Context) string {
	values := metadata.ValueFromIncomingContext(ctx, "traceparent")
	if len(values) != 1 {
		return ""
	}
	parts := strings.Split(values[0], "-")
	// Version 00 has exactly four parts; later ones may add more, ff is forbidden.
	if len(parts) < 4 || !isHex(parts[0], 2) || parts[0] == "ff" || parts[0] == "00" && len(parts) != 4 {
		return ""
	}
	trace, parent := parts[1], parts[2]
	if !isHex(trace, 32) || !isHex(parent, 16) || !isHex(parts[3], 2) || isZero(trace) || isZero(parent) {
		return ""
	}
	return trace
}

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

func isZero(s string) bool { return strings.Trim(s, "0") == "" }

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

package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// fault is a request that never became an RPC. The generated handlers flatten errors to text, so the field travels as
// the text's first words and is read back when the error is written.
type fault struct{ field, text string }

const faultPrefix = "field "

// pathFault is how the generated handlers begin what they say about a parameter in a path; the rest quotes Go's
// parsers.
const pathFault = "type mismatch, parameter: "

func (f fault) Error() string { return faultPrefix + strconv.Quote(f.field) + ": " + f.text }

// faultOf reads a fault from its text, or from the generated handlers' own words about a path parameter. What else they
// say quotes Go's parsers, and is not repeated.
func faultOf(text string) fault {
	if rest, ok := strings.CutPrefix(text, faultPrefix); ok {
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			field, _ := strconv.Unquote(quoted)
			return fault{field, strings.TrimPrefix(rest[len(quoted):], ": ")}
		}
	}
	if rest, ok := strings.CutPrefix(text, pathFault); ok {
		field, _, _ := strings.Cut(rest, ",")
		return fault{camel(field), "cannot be read from the path"}
	}
	return fault{"body", "cannot be read"}
}

// tooLarge says that a body is larger than we take.
func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

// writeError writes an error of the orchestrator as it is, and gives one that came about on the way there the same
// shape. Fields are named as the caller spelled them.
func writeError(
	_ context.Context, _ *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, err error,
) {
	if errors.Is(err, errNotModified) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if apierr.Info(err, apierr.Orchestrator) != nil {
		send(marshaler, w, r, 0, respelled(r, status.Convert(err)))
		return
	}
	code := 0
	if sent, ok := r.Body.(*body); ok && sent.large {
		code = http.StatusRequestEntityTooLarge
	}
	send(marshaler, w, r, code, status.Convert(shaped(err)))
}

// send writes a status; code 0 is the HTTP status that belongs to its code.
func send(marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int, st *status.Status) {
	if code == 0 {
		code = runtime.HTTPStatusFromCode(st.Code())
	}
	header := w.Header()
	header.Set("Content-Type", marshaler.ContentType(st.Proto()))
	header.Set("Cache-Control", "no-store")
	header.Del("ETag")
	switch st.Code() {
	case codes.Unauthenticated:
		header.Set("WWW-Authenticate", challenge(r))
	case codes.ResourceExhausted:
		after := max(apierr.RetryAfter(st.Err()), time.Second)
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	text, merr := marshaler.Marshal(st.Proto())
	if merr != nil {
		code = http.StatusInternalServerError
		text = []byte(`{"code":13,"message":"internal fault (内部错误)","details":[]}`)
	}
	w.WriteHeader(code)
	_, _ = w.Write(text)
}

// challenge says how one becomes known (RFC 6750).
func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="voidrelay"`
	}
	return `Bearer realm="voidrelay", error="invalid_token"`
}

// respelled names the field that a status is about as the caller spelled it.
func respelled(r *http.Request, st *status.Status) *status.Status {
	sent := st.Proto()
	for i, detail := range sent.GetDetails() {
		var info errdetails.ErrorInfo
		if !detail.MessageIs(&info) || detail.UnmarshalTo(&info) != nil || info.GetMetadata()["field"] == "" {
			continue
		}
		field := info.GetMetadata()["field"]
		name := spelled(r, field)
		info.Metadata["field"] = name
		if again, err := anypb.New(&info); err == nil {
			sent.Details[i] = again
		}
		if rest, ok := strings.CutPrefix(sent.GetMessage(), field+": "); ok {
			sent.Message = name + ": " + rest
		}
	}
	return status.FromProto(sent)
}

func shaped(err error) error {
	if custom, ok := errors.AsType[*runtime.HTTPStatusError](err); ok {
		if custom.HTTPStatus != http.StatusBadRequest {
			return err
		}
		// A path that is not escaped as it should be.
		err = status.Error(codes.InvalidArgument, fault{"path", "is not escaped as it should be, or not UTF-8"}.Error())
	}
	st := status.Convert(err)
	sent := apierr.Error{
		Code: st.Code(), Domain: apierr.Orchestrator, Message: st.Message(), Metadata: map[string]string{},
	}
	switch st.Code() {
	case codes.InvalidArgument:
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID
		found := faultOf(st.Message())
		sent.Metadata["field"], sent.Message = found.field, found.Error()
	case codes.DeadlineExceeded:
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED
		sent.Message = "the deadline passed before the answer was ready"
	case codes.Canceled:
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_CALLER_GONE
		sent.Message = "the caller went away"
	case codes.Unavailable:
		sent.Reason, sent.Message = orchestratorv1.ErrorReason_ERROR_REASON_INTERNAL,
			"the orchestrator does not answer; try again"
	default:
		sent.Reason, sent.Message = orchestratorv1.ErrorReason_ERROR_REASON_INTERNAL,
			"internal fault; the cause is in the log (内部错误)"
	}
	return sent.Err()
}

// writeRoutingError answers a path or method that no RPC has.
func (f *front) writeRoutingError(
	_ context.Context, _ *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, httpStatus int,
) {
	if r.Context().Value(probeKey{}) != nil {
		return
	}
	sent := apierr.Error{Domain: apierr.Orchestrator, Reason: orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID}
	switch httpStatus {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", f.allowed(r))
		sent.Code, sent.Message = codes.Unimplemented, fmt.Sprintf("this path does not take %s", clip(r.Method))
		sent.Metadata = map[string]string{"field": "method"}
	case http.StatusNotFound:
		sent.Code, sent.Message = codes.NotFound, "there is no such path; GET /openapi.json lists them"
		sent.Metadata = map[string]string{"field": "path"}
	default:
		sent.Code, sent.Message = codes.InvalidArgument, http.StatusText(httpStatus)
		sent.Metadata = map[string]string{"field": "path"}
	}
	send(marshaler, w, r, httpStatus, sent.Status())
}

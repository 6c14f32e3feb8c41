package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

// fieldOf reads the field from the text of a fault, or of the generated handlers' own words about a path parameter;
// empty when it is neither.
func fieldOf(text string) string {
	if rest, ok := strings.CutPrefix(text, faultPrefix); ok {
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			field, _ := strconv.Unquote(quoted)
			return field
		}
	}
	if rest, ok := strings.CutPrefix(text, pathFault); ok {
		field, _, _ := strings.Cut(rest, ",")
		return field
	}
	return ""
}

// writeError writes an error of the orchestrator as it is, and gives one that came about on the way there the same
// shape.
func writeError(
	ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, err error,
) {
	if apierr.Info(err, apierr.Orchestrator) == nil {
		err = shaped(err)
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, marshaler, w, r, err)
}

func shaped(err error) error {
	var custom *runtime.HTTPStatusError
	if errors.As(err, &custom) {
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
		if field := fieldOf(st.Message()); field != "" {
			sent.Metadata["field"] = field
			if strings.HasPrefix(st.Message(), pathFault) {
				sent.Message = fault{field, "cannot be read from the path"}.Error()
			}
		}
	case codes.DeadlineExceeded:
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED
	case codes.Canceled:
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_CALLER_GONE
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
func writeRoutingError(
	ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, httpStatus int,
) {
	sent := apierr.Error{Domain: apierr.Orchestrator, Reason: orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID}
	switch httpStatus {
	case http.StatusMethodNotAllowed:
		sent.Code, sent.Message = codes.Unimplemented, fmt.Sprintf("this path does not take %s", r.Method)
		sent.Metadata = map[string]string{"field": "method"}
	case http.StatusNotFound:
		sent.Code, sent.Message = codes.NotFound, "there is no such path; GET /openapi.json lists them"
		sent.Metadata = map[string]string{"field": "path"}
	default:
		sent.Code, sent.Message = codes.InvalidArgument, http.StatusText(httpStatus)
		sent.Metadata = map[string]string{"field": "path"}
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, marshaler, w,
		r, &runtime.HTTPStatusError{HTTPStatus: httpStatus, Err: sent.Err()})
}

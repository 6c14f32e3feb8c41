// Package apierr builds and reads the error details that every voidrelay service sends: one google.rpc.ErrorInfo whose
// reason is a value of the package's ErrorReason enum and whose metadata repeats whatever is variable in the message,
// so that no caller parses prose (AIP-193).
//
// It decides nothing: which fault gets which code and reason is each service's own switch.
package apierr

import (
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// The domains of our ErrorInfo.
const (
	Kingdee      = "kingdee"
	WMS          = "wms"
	Orchestrator = "orchestrator"
)

// Error is one fault, ready for the wire.
type Error struct {
	Code   codes.Code
	Domain string
	// Reason is a value of the domain's ErrorReason enum.
	Reason protoreflect.Enum
	// Message is for people; it must not be needed to decide anything.
	Message string
	// Metadata repeats the variable parts: field, bill_id, vendor_code, ...
	Metadata map[string]string
	// RetryAfter, when positive, is sent as a RetryInfo.
	RetryAfter time.Duration
}

// Status renders e with its details.
func (e Error) Status() *status.Status {
	st := status.New(e.Code, e.Message)
	details := []protoadapt.MessageV1{
		&errdetails.ErrorInfo{Reason: ReasonName(e.Reason), Domain: e.Domain, Metadata: e.Metadata},
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	detailed, err := st.WithDetails(details...)
	if err != nil {
		// Only a message that is not UTF-8, or code OK, gets here; the code and text are still right.
		return st
	}
	return detailed
}

// Err renders e as a gRPC error.
func (e Error) Err() error { return e.Status().Err() }

// ReasonName is the reason as it stands on the wire: the enum value's name without ERROR_REASON_.
func ReasonName(reason protoreflect.Enum) string {
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	if value == nil {
		return ""
	}
	return strings.TrimPrefix(string(value.Name()), "ERROR_REASON_")
}

// Info reads the ErrorInfo of the given domain from err. It answers nil for an error that our services did not write,
// such as a bare UNAVAILABLE from the transport.
func Info(err error, domain string) *errdetails.ErrorInfo {
	st, ok := status.FromError(err)
	if !ok {
		return nil
	}
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == domain {
			return info
		}
	}
	return nil
}

// HasReason says whether err carries this reason.
func HasReason(err error, domain string, reason protoreflect.Enum) bool {
	info := Info(err, domain)
	return info != nil && info.GetReason() == ReasonName(reason)
}

// RetryAfter reads the RetryInfo of err; zero when it has none.
func RetryAfter(err error) time.Duration {
	st, _ := status.FromError(err)
	for _, detail := range st.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

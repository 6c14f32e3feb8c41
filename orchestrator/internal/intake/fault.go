package intake

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
)

// StopError stops a scheme until a person resumes it.
type StopError struct{ Reason, Detail string }

func (e *StopError) Error() string { return e.Reason + ": " + e.Detail }

// IsStatus says whether err is what a gRPC call ended with, as opposed to a fault of our own.
func IsStatus(err error) bool {
	var s interface{ GRPCStatus() *status.Status }
	return errors.As(err, &s)
}

// VendorFault says in one line what a call to an adapter came to, for the ledger and its readers.
func VendorFault(domain string, err error) string {
	if read := (*readError)(nil); errors.As(err, &read) {
		return read.text
	}
	if info := apierr.Info(err, domain); info != nil {
		return fmt.Sprintf("%s: %s", info.GetReason(), status.Convert(err).Message())
	}
	st := status.Convert(err)
	if st.Code() == codes.Unavailable {
		return fmt.Sprintf("%s adapter is not reachable: %s", domain, st.Message())
	}
	return fmt.Sprintf("%s adapter: %s: %s", domain, st.Code(), st.Message())
}

// ReadFault puts what a read from Kingdee's adapter came to in words; other errors, and those that stop a scheme, are
// left as they are.
func ReadFault(err error) error {
	var stop *StopError
	if err == nil || errors.As(err, &stop) || apierr.Info(err, apierr.Kingdee) == nil && !IsStatus(err) {
		return err
	}
	return &readError{text: VendorFault(apierr.Kingdee, err), cause: err}
}

// readError is what a read came to, in words, with what says which trouble it is.
type readError struct {
	text  string
	cause error
}

func (e *readError) Error() string { return e.text }
func (e *readError) Unwrap() error { return e.cause }

package jobs

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
)

// stopError stops a scheme until a person resumes it.
type stopError struct{ reason, detail string }

func (e *stopError) Error() string { return e.reason + ": " + e.detail }

// Reasons that stop a scheme.
const (
	stopDataCenter   = "DATA_CENTER_DIFFERS"
	stopEnvironment  = "ENVIRONMENT_DIFFERS"
	stopMixed        = "ENVIRONMENTS_MIXED"
	stopNotAllowed   = "SCHEME_NOT_ALLOWED"
	stopUndecodable  = "ALL_BILLS_UNDECODABLE"
	stopAccount      = "WMS_ACCOUNT_DIFFERS"
	stopAccountGone  = "WMS_ACCOUNT_UNKNOWN"
	stopFieldUnknown = "FIELD_UNKNOWN"
	stopZone         = "TIME_ZONE_DIFFERS"
)

// isStatus says whether err is what a gRPC call ended with, as opposed to a fault of our own.
func isStatus(err error) bool {
	var s interface{ GRPCStatus() *status.Status }
	return errors.As(err, &s)
}

// vendorFault says in one line what a call to an adapter came to, for the ledger and its readers.
func vendorFault(domain string, err error) string {
	if info := apierr.Info(err, domain); info != nil {
		return fmt.Sprintf("%s: %s", info.GetReason(), status.Convert(err).Message())
	}
	st := status.Convert(err)
	if st.Code() == codes.Unavailable {
		return fmt.Sprintf("%s adapter is not reachable: %s", domain, st.Message())
	}
	return fmt.Sprintf("%s adapter: %s: %s", domain, st.Code(), st.Message())
}

// readFault puts what a read from Kingdee's adapter came to in words; other errors, and those that stop a scheme, are
// left as they are.
func readFault(err error) error {
	var stop *stopError
	if err == nil || errors.As(err, &stop) || apierr.Info(err, apierr.Kingdee) == nil && !isStatus(err) {
		return err
	}
	return errors.New(vendorFault(apierr.Kingdee, err))
}

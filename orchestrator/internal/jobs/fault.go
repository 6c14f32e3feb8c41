package jobs

import (
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
	stopAccountGone  = "WMS_ACCOUNT_UNKNOWN"
	stopFieldUnknown = "FIELD_UNKNOWN"
)

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

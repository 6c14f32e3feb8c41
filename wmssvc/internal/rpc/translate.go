package rpc

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
)

// maxEvidence bounds the request, the reply and each of the vendor's texts in a result, in bytes.
const maxEvidence = 16 << 10

var dispositions = map[dictionary.Disposition]wmsv1.Disposition{
	dictionary.Cancelled:        wmsv1.Disposition_DISPOSITION_CANCELLED,
	dictionary.AlreadyCancelled: wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED,
	dictionary.InProgress:       wmsv1.Disposition_DISPOSITION_IN_PROGRESS,
	dictionary.TooLate:          wmsv1.Disposition_DISPOSITION_TOO_LATE,
	dictionary.NotFound:         wmsv1.Disposition_DISPOSITION_NOT_FOUND,
	dictionary.Rejected:         wmsv1.Disposition_DISPOSITION_REJECTED,
	dictionary.Auth:             wmsv1.Disposition_DISPOSITION_AUTH,
	dictionary.Throttled:        wmsv1.Disposition_DISPOSITION_THROTTLED,
	dictionary.NotSent:          wmsv1.Disposition_DISPOSITION_NOT_SENT,
	dictionary.Unknown:          wmsv1.Disposition_DISPOSITION_UNKNOWN,
}

var environments = map[account.Environment]wmsv1.Environment{
	account.EnvironmentUnknown: wmsv1.Environment_ENVIRONMENT_UNSPECIFIED,
	account.EnvironmentReal:    wmsv1.Environment_ENVIRONMENT_REAL,
	account.EnvironmentSandbox: wmsv1.Environment_ENVIRONMENT_SANDBOX,
}

var causes = map[meaning.Cause]wmsv1.UnknownCause{
	meaning.NoCause:    wmsv1.UnknownCause_UNKNOWN_CAUSE_UNSPECIFIED,
	meaning.Lost:       wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST,
	meaning.Proxy:      wmsv1.UnknownCause_UNKNOWN_CAUSE_PROXY,
	meaning.Unreadable: wmsv1.UnknownCause_UNKNOWN_CAUSE_UNREADABLE,
}

var accountFaults = map[dictionary.Fault]wmsv1.AccountFault{
	dictionary.NoFault:     wmsv1.AccountFault_ACCOUNT_FAULT_UNSPECIFIED,
	dictionary.Credentials: wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS,
	dictionary.Clock:       wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK,
}

func toResult(j job, r *account.Result) *wmsv1.CancelResult {
	result := &wmsv1.CancelResult{
		CancellationId: j.order.GetCancellationId(), Attempt: j.order.GetAttempt(),
		Disposition: dispositions[r.Disposition], Recognised: r.Recognised,
		VendorFlag: boundedText(r.Answer.Flag), VendorCode: boundedText(r.Answer.Code),
		VendorMessage: boundedText(r.Answer.Message),
		Detail:        printable(r.Detail), Request: bounded(r.Exchange.Request), Reply: bounded(r.Exchange.Reply),
		SendTime: toTimestamp(r.Exchange.LeftAt), ReplyTime: toTimestamp(r.Exchange.RepliedAt),
		DictionaryVersion: j.account.DictionaryVersion(), CancelReasonCut: j.request.ReasonCut,
		HttpStatus: int32(r.Exchange.Status), //nolint:gosec // three digits
		TraceId:    j.traceID(), Provisional: r.Provisional,
		AnswerText: boundedText(r.Text), UnknownCause: causes[r.Cause],
		AccountFault: accountFaults[r.Fault], NotSentCause: notSentCause(r),
	}
	if r.RetryAfter > 0 {
		result.RetryAfter = durationpb.New(r.RetryAfter)
	}
	return result
}

// notSentCause is why a request was not sent.
func notSentCause(r *account.Result) wmsv1.NotSentCause {
	if r.Disposition == dictionary.NotSent && r.Unreachable {
		return wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE
	}
	return wmsv1.NotSentCause_NOT_SENT_CAUSE_UNSPECIFIED
}

// unknownResult stands for a request about which nothing can be said any more.
func unknownResult(j job) *wmsv1.CancelResult {
	return &wmsv1.CancelResult{
		CancellationId: j.order.GetCancellationId(), Attempt: j.order.GetAttempt(),
		Disposition: wmsv1.Disposition_DISPOSITION_UNKNOWN, UnknownCause: wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST,
		Detail:            "wmssvc failed inside; the cause is in its log",
		DictionaryVersion: j.account.DictionaryVersion(), CancelReasonCut: j.request.ReasonCut, TraceId: j.traceID(),
	}
}

// stoppedResult stands for a request that was called back while it waited.
func stoppedResult(j job) *wmsv1.CancelResult {
	return &wmsv1.CancelResult{
		CancellationId: j.order.GetCancellationId(), Attempt: j.order.GetAttempt(),
		Disposition: wmsv1.Disposition_DISPOSITION_NOT_SENT, Detail: "the caller said stop before its turn came",
		DictionaryVersion: j.account.DictionaryVersion(), CancelReasonCut: j.request.ReasonCut, TraceId: j.traceID(),
	}
}

// tell says which WMS this is, and answers what the caller has been told by that.
func tell(a *account.Account) (*wmsv1.Account, account.Told) {
	environment, told := a.Tell()
	return &wmsv1.Account{
		Name: a.Name(), Sid: a.Partner(), Host: a.Host(), Environment: environments[environment], Dialect: a.Dialect(),
	}, told
}

func toTimestamp(at time.Time) *timestamppb.Timestamp {
	if at.IsZero() {
		return nil
	}
	return timestamppb.New(at)
}

func bounded(b []byte) []byte {
	if len(b) > maxEvidence {
		return b[:maxEvidence]
	}
	return b
}

// boundedText keeps what fits, between characters.
func boundedText(s string) string {
	if len(s) <= maxEvidence {
		return s
	}
	return strings.ToValidUTF8(s[:maxEvidence], "")
}

// printable makes any text fit for a proto string and for Postgres: valid UTF-8 without NUL.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

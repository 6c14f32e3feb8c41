package push

import (
	"cmp"
	"context"
	"log/slog"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// refusedResult logs a result that Postgres refused: its attempt stays without an answer and becomes unknown.
func refusedResult(ctx context.Context, logger *slog.Logger) func(ledger.Result, error) {
	return func(r ledger.Result, err error) {
		logger.ErrorContext(ctx, "result refused by the database", slog.Int64("cancellation_id", r.ID),
			slog.Int("attempt", r.Attempt), slog.Any("err", err))
	}
}

// blank is a result of this attempt, to be filled in.
func blank(due ledger.Due) ledger.Result {
	return ledger.Result{
		ID: due.ID, Attempt: due.Attempt, Scheme: due.Scheme, Account: due.Account,
		BillID: due.BillID, BillNo: due.BillNo,
		Revision: due.Revision, Evidence: due.Evidence, Question: due.Question,
	}
}

// resultOf turns wmssvc's answer into the ledger's words.
func resultOf(due ledger.Due, answer *wmsv1.CancelResult) ledger.Result {
	r := blank(due)
	r.Answer = rule.Answer{
		Disposition: dispositionOf(answer.GetDisposition()), Recognised: answer.GetRecognised(),
		Provisional: answer.GetProvisional(), RetryAfter: answer.GetRetryAfter().AsDuration(),
	}
	r.Answer.Unreachable = r.Answer.Disposition == rule.NotSent &&
		answer.GetNotSentCause() == wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE
	r.Answer.Lost = r.Answer.Disposition == rule.Unknown && lost(answer.GetUnknownCause())
	r.HTTPStatus = int(answer.GetHttpStatus())
	r.VendorFlag, r.VendorCode, r.VendorMessage = answer.GetVendorFlag(),
		answer.GetVendorCode(), answer.GetVendorMessage()
	// A text that ends a question needs no meaning.
	if r.Answer.TextUnknown() && (!due.Question || r.Answer.Disposition != rule.Rejected) {
		r.Text = cmp.Or(answer.GetAnswerText(), strings.TrimSpace(r.VendorMessage), "code "+r.VendorCode)
	}
	r.Detail, r.Dictionary = answer.GetDetail(), answer.GetDictionaryVersion()
	if answer.GetCancelReasonCut() {
		r.Detail = strings.TrimSpace(r.Detail + " (cancel reason cut to the vendor's limit)")
	}
	r.Request, r.Reply = answer.GetRequest(), answer.GetReply()
	r.SendTime, r.ReplyTime = intake.TimeOf(answer.GetSendTime()), intake.TimeOf(answer.GetReplyTime())
	return r
}

// lost says whether an unknown outcome is an answer that was lost. A wmssvc that does not say yet is believed to mean
// that, as it always was.
func lost(cause wmsv1.UnknownCause) bool {
	return cause == wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST || cause == wmsv1.UnknownCause_UNKNOWN_CAUSE_UNSPECIFIED
}

// dispositionOf: a disposition that this program does not know is unknown, never a guess.
func dispositionOf(d wmsv1.Disposition) rule.Disposition {
	switch d {
	case wmsv1.Disposition_DISPOSITION_CANCELLED:
		return rule.Cancelled
	case wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED:
		return rule.AlreadyCancelled
	case wmsv1.Disposition_DISPOSITION_IN_PROGRESS:
		return rule.InProgress
	case wmsv1.Disposition_DISPOSITION_TOO_LATE:
		return rule.TooLate
	case wmsv1.Disposition_DISPOSITION_NOT_FOUND:
		return rule.NotFound
	case wmsv1.Disposition_DISPOSITION_REJECTED:
		return rule.Rejected
	case wmsv1.Disposition_DISPOSITION_AUTH:
		return rule.Auth
	case wmsv1.Disposition_DISPOSITION_THROTTLED:
		return rule.Throttled
	case wmsv1.Disposition_DISPOSITION_NOT_SENT:
		return rule.NotSent
	default:
		return rule.Unknown
	}
}

// refusalOf turns a refusal, which says that nothing was sent, into a result that a person must look at.
func refusalOf(due ledger.Due, refusal *wmsv1.Refusal) ledger.Result {
	r := blank(due)
	r.Answer = rule.Answer{Disposition: rule.NotSent, Recognised: true}
	r.Detail = refusal.GetReason().String() + " " + refusal.GetField() + ": " + refusal.GetMessage()
	r.Next = rule.Next{State: rule.NeedsAttention, Work: rule.WorkRequestRefused}
	return r
}

// unanswered is the result of an item that was handed over and never answered: nobody can say that nothing happened.
func unanswered(due ledger.Due, detail string) ledger.Result {
	r := blank(due)
	r.Answer, r.OfStream = rule.Answer{Disposition: rule.Unknown, Lost: true}, true
	r.Detail = detail
	return r
}

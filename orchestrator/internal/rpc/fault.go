package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

var errPageToken = errors.New("the page token is damaged or belongs to another query")

// schemeStopped refuses what a stopped scheme cannot do.
type schemeStopped struct{ scheme, reason string }

func (e *schemeStopped) Error() string {
	return fmt.Sprintf("scheme %s is stopped: %s (方案已停止)", e.scheme, e.reason)
}

// sendRefused keeps a scheme from being set to send.
type sendRefused struct {
	scheme string
	cause  error
}

func (e *sendRefused) Error() string {
	return fmt.Sprintf("scheme %s may not send: %v (不允许设为发送)", e.scheme, e.cause)
}

// unreadBill is a bill that the ledger does not have, while a scheme that could have it is not read.
type unreadBill struct {
	billNo  string
	reading ledger.ReadingView
}

func (e *unreadBill) Error() string {
	return fmt.Sprintf("%s。尚未读到单据 %s; %s. Scheme %s has not read bill %s yet", e.reading.Standing, e.billNo,
		e.reading.StandingEN, e.reading.Scheme, e.billNo)
}

// schemeInvalid refuses a schemes file; its cause lists every fault with its place.
type schemeInvalid struct{ cause error }

func (e *schemeInvalid) Error() string { return e.cause.Error() }
func (e *schemeInvalid) Unwrap() error { return e.cause }

// located says what an error is about: a key of the metadata and its value.
type located struct {
	cause      error
	key, value string
}

func (e *located) Error() string { return fmt.Sprintf("%s %s: %v", e.key, e.value, e.cause) }
func (e *located) Unwrap() error { return e.cause }

func about(err error, key, value string) error { return &located{err, key, value} }

// schemeFault says that the error of an act on a scheme is about that scheme; one that says what it is about stays.
func schemeFault(err error, req interface{ GetScheme() string }) error {
	var subject *located
	if err == nil || errors.As(err, &subject) {
		return err
	}
	return about(err, "scheme", req.GetScheme())
}

// missing says how what is not found is called, by the metadata key that names it.
var missing = map[string]struct {
	reason orchestratorv1.ErrorReason
	text   string
}{
	"scheme": {orchestratorv1.ErrorReason_ERROR_REASON_SCHEME_NOT_FOUND, "there is no such scheme (没有此方案)"},
	"run_id": {orchestratorv1.ErrorReason_ERROR_REASON_RUN_NOT_FOUND, "there is no such run (没有此读取任务)"},
	"cancellation_id": {
		orchestratorv1.ErrorReason_ERROR_REASON_CANCELLATION_NOT_FOUND, "there is no such cancellation (没有此取消记录)",
	},
	"revision": {
		orchestratorv1.ErrorReason_ERROR_REASON_REVISION_NOT_FOUND, "the scheme has no such revision (方案没有此版本)",
	},
	"draft":   {orchestratorv1.ErrorReason_ERROR_REASON_DRAFT_NOT_FOUND, "the scheme has no draft (方案没有草稿)"},
	"bill_no": {orchestratorv1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, "no scheme has seen this bill (未见此单)"},
}

// callLimit bounds calls that come without a deadline, and those with a later one.
const callLimit = 30 * time.Second

// Chain is what each call of this service passes.
func Chain(logger *slog.Logger) serve.Chain {
	return serve.Chain{
		Logger: logger, Status: toStatus, Check: storable, UnaryLimit: callLimit, StreamLimit: callLimit,
		Needs:   needs,
		Lasting: []string{orchestratorv1.EventService_WatchEvents_FullMethodName},
	}
}

func toStatus(ctx context.Context, err error) (status error, ours bool) {
	if ctx.Err() != nil && !errors.Is(err, access.ErrUnauthenticated) {
		// Whatever it was, it came of the call being over.
		err = ctx.Err()
	}
	sent, ours := wire(err)
	return sent.Err(), ours
}

// timeText is a time in metadata; empty for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// wire is the one place where our errors become statuses. ours is true for those that are a fault of ours or of the
// database's: their cause is to be logged, it does not go to the caller.
func wire(err error) (sent apierr.Error, ours bool) {
	sent = apierr.Error{Domain: apierr.Orchestrator, Message: err.Error(), Metadata: map[string]string{}}
	set := func(code codes.Code, reason orchestratorv1.ErrorReason) { sent.Code, sent.Reason = code, reason }
	var (
		bad       *serve.InvalidRequest
		stopped   *schemeStopped
		forbidden *access.Forbidden
		held      *access.HeldBackError
		refused   *sendRefused
		invalid   *schemeInvalid
		tooMany   *ledger.CapError
		changed   *ledger.ChangedError
		unfit     *ledger.StateError
		kind      *ledger.KindError
		watermark *ledger.WatermarkError
		moved     *ledger.RevisionError
		unable    *ledger.RefusedError
		unsaid    *ledger.UnsaidError
		draft     *ledger.DraftError
		stale     *event.StaleError
		watches   *event.TooManyError
		text      *ledger.TextError
		subject   *located
		unread    *unreadBill
		unasked   *KingdeeError
	)
	if errors.As(err, &subject) {
		sent.Metadata[subject.key] = subject.value
	}
	switch {
	case errors.As(err, &bad):
		set(codes.InvalidArgument, orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID)
		sent.Metadata["field"] = bad.Field
	case errors.Is(err, errPageToken):
		set(codes.InvalidArgument, orchestratorv1.ErrorReason_ERROR_REASON_PAGE_TOKEN_INVALID)
		sent.Metadata["field"] = "page_token"
	case errors.Is(err, ledger.ErrNotFound) && subject != nil:
		set(codes.NotFound, missing[subject.key].reason)
		sent.Message = missing[subject.key].text + ": " + subject.value
	case errors.As(err, &unread):
		set(codes.NotFound, orchestratorv1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND)
		sent.Metadata["bill_no"], sent.Metadata["scheme"] = unread.billNo, unread.reading.Scheme
		sent.Metadata["as_of_time"] = timeText(unread.reading.AsOf)
		sent.Metadata["stands_still_since_time"] = timeText(unread.reading.StandsStillSince)
	case errors.As(err, &unasked):
		set(codes.Unavailable, orchestratorv1.ErrorReason_ERROR_REASON_KINGDEE_UNREAD)
		sent.Message = unasked.Error()
		sent.Metadata["kingdee_reason"] = unasked.Reason
	case errors.As(err, &stopped):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_SCHEME_STOPPED)
		sent.Metadata["scheme"], sent.Metadata["stop_reason"] = stopped.scheme, stopped.reason
	case errors.Is(err, ledger.ErrStopped):
		// The scheme stopped between our look at it and the act.
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_SCHEME_STOPPED)
	case errors.As(err, &refused):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_SEND_REFUSED)
		sent.Metadata["scheme"] = refused.scheme
	case errors.As(err, &invalid):
		set(codes.InvalidArgument, orchestratorv1.ErrorReason_ERROR_REASON_SCHEME_INVALID)
		sent.Metadata["field"] = "document"
	case errors.As(err, &moved):
		set(codes.Aborted, orchestratorv1.ErrorReason_ERROR_REASON_REVISION_MOVED)
		sent.Message = moved.Error()
		sent.Metadata["scheme"], sent.Metadata["revision"] = moved.Scheme, strconv.Itoa(int(moved.Newest))
	case errors.As(err, &unable):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_SCHEME_REFUSED)
		sent.Message, sent.Metadata["scheme"] = unable.Error(), unable.Scheme
	case errors.As(err, &unsaid):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_ORDERS_UNSAID)
		sent.Message, sent.Metadata["scheme"] = unsaid.Error(), unsaid.Scheme
	case errors.As(err, &draft):
		set(codes.Aborted, orchestratorv1.ErrorReason_ERROR_REASON_DRAFT_MOVED)
		sent.Message = draft.Error()
		sent.Metadata["version"], sent.Metadata["actor"] = strconv.FormatInt(draft.Version, 10), draft.Actor
	case errors.As(err, &tooMany):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_TOO_MANY)
		sent.Message = tooMany.Error() + " (超过 max_count，未执行)"
		sent.Metadata = map[string]string{
			"count": strconv.FormatInt(tooMany.Count, 10), "max_count": strconv.FormatInt(tooMany.Max, 10),
		}
	case errors.As(err, &changed):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_SELECTION_CHANGED)
		sent.Message = changed.Error() + " (与试算不符，未执行)"
		sent.Metadata = map[string]string{"count": strconv.FormatInt(changed.Count, 10)}
	case errors.As(err, &unfit):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_RUN_STATE_UNFIT)
		sent.Message = unfit.Error()
		sent.Metadata["run_id"], sent.Metadata["state"] = strconv.FormatInt(unfit.ID, 10), string(unfit.State)
	case errors.As(err, &kind):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_RUN_KIND_UNFIT)
		sent.Message = kind.Error() + " (此任务不是回补)"
		sent.Metadata["run_id"], sent.Metadata["kind"] = strconv.FormatInt(kind.ID, 10), string(kind.Kind)
	case errors.As(err, &text):
		sent.Metadata["field"] = text.Field
		switch text.Fault {
		case ledger.TextNotMet:
			set(codes.NotFound, orchestratorv1.ErrorReason_ERROR_REASON_ANSWER_TEXT_NOT_FOUND)
		case ledger.TextClassified:
			set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_ANSWER_TEXT_CLASSIFIED)
			sent.Metadata["disposition"] = string(text.Text.Disposition)
			sent.Metadata["classified_by"] = text.Text.ClassifiedBy
		default:
			set(codes.InvalidArgument, orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID)
		}
	case errors.As(err, &watermark):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_WATERMARK_REFUSED)
		sent.Message = watermark.Error()
	case errors.Is(err, event.ErrToken):
		set(codes.InvalidArgument, orchestratorv1.ErrorReason_ERROR_REASON_EVENT_TOKEN_INVALID)
		sent.Metadata["field"] = "since_token"
	case errors.As(err, &stale):
		set(codes.OutOfRange, orchestratorv1.ErrorReason_ERROR_REASON_EVENT_TOKEN_STALE)
		sent.Metadata["oldest_token"], sent.Metadata["newest_token"] = stale.Oldest.String(), stale.Newest.String()
	case errors.As(err, &watches):
		set(codes.ResourceExhausted, orchestratorv1.ErrorReason_ERROR_REASON_TOO_MANY_WATCHES)
		sent.Metadata["max_count"] = strconv.Itoa(event.MaxWatches)
	case errors.Is(err, errNotBehind):
		set(codes.FailedPrecondition, orchestratorv1.ErrorReason_ERROR_REASON_LEDGER_NOT_BEHIND)
		sent.Message = errNotBehind.Error()
	case errors.Is(err, ledger.ErrRequestIDReused):
		set(codes.AlreadyExists, orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED)
		sent.Message = "this request_id was used for something else"
	case errors.Is(err, ledger.ErrFirstCallRuns):
		set(codes.Aborted, orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_UNDER_WAY)
		sent.Message = "the first call with this request_id is still under way; repeat it later (同一请求仍在执行)"
	case errors.Is(err, access.ErrUnauthenticated):
		set(codes.Unauthenticated, orchestratorv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED)
	case errors.As(err, &held):
		set(codes.ResourceExhausted, orchestratorv1.ErrorReason_ERROR_REASON_LOGINS_HELD_BACK)
		sent.RetryAfter = held.RetryAfter
	case errors.As(err, &forbidden):
		set(codes.PermissionDenied, orchestratorv1.ErrorReason_ERROR_REASON_NOT_ALLOWED)
		maps.Copy(sent.Metadata, forbidden.Metadata())
	case errors.Is(err, context.DeadlineExceeded):
		set(codes.DeadlineExceeded, orchestratorv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED)
		sent.Message = "the deadline passed before the answer was ready"
	case errors.Is(err, context.Canceled):
		set(codes.Canceled, orchestratorv1.ErrorReason_ERROR_REASON_CALLER_GONE)
		sent.Message = "the caller went away"
	case errors.Is(err, ledger.ErrUnavailable):
		set(codes.Unavailable, orchestratorv1.ErrorReason_ERROR_REASON_STORE_UNAVAILABLE)
		kind := rule.ConditionLedgerAway
		sent.Message = "the ledger does not answer; try again (账本数据库暂不可用)"
		if ledger.IsReadOnly(err) {
			kind = rule.ConditionDatabaseReadOnly
			sent.Message = "the ledger's database is read only, nothing can be written; try again (账本数据库只读，无法记录)"
		}
		if errors.Is(err, ledger.ErrWentBack) {
			kind = rule.ConditionLedgerWentBack
			sent.Message = "the ledger went back: nothing is started until a person confirms (账本变旧，确认前不启动)"
		}
		sent.Metadata["condition"] = string(kind)
		return sent, true
	default:
		set(codes.Internal, orchestratorv1.ErrorReason_ERROR_REASON_INTERNAL)
		sent.Message, sent.Metadata = "internal fault; the cause is in the log (内部错误)", nil
		return sent, true
	}
	return sent, false
}

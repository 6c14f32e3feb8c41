package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// aboutBill adds the bill that a call was about.
type aboutBill struct {
	id  int64
	err error
}

func (e *aboutBill) Error() string { return fmt.Sprintf("bill %d: %v", e.id, e.err) }
func (e *aboutBill) Unwrap() error { return e.err }

// Chain is what each call of this service passes.
func Chain(logger *slog.Logger) serve.Chain {
	return serve.Chain{
		Logger: logger, Status: toStatus, UnaryLimit: unaryLimit, StreamLimit: streamLimit, Needs: needs,
	}
}

const (
	// unaryLimit is for callers who set no deadline: one bill is up to eight answers of a server that may take two
	// minutes for each.
	unaryLimit  = 20 * time.Minute
	streamLimit = 2 * time.Hour
)

// toStatus is the one place where our errors become statuses. ours is true for errors that nobody foresaw: their text
// stays here, in the log.
func toStatus(_ context.Context, err error) (out error, ours bool) {
	e := apierr.Error{Code: codes.Internal, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_INTERNAL,
		Message: "internal error; the cause is in kingdeesvc's log", Metadata: map[string]string{}}
	if about, ok := errors.AsType[*aboutBill](err); ok {
		e.Metadata["bill_id"] = strconv.FormatInt(about.id, 10)
	}
	set := func(code codes.Code, reason kingdeev1.ErrorReason, message string) {
		e.Code, e.Reason, e.Message = code, reason, message
	}
	invalid, isInvalid := errors.AsType[*serve.InvalidRequest](err)
	request, isRequest := errors.AsType[*bills.InvalidRequest](err)
	unknown, isUnknown := errors.AsType[*bills.UnknownForm](err)
	undecodable, isUndecodable := errors.AsType[*bills.Undecodable](err)
	fault, isFault := errors.AsType[*kingdee.Fault](err)
	forbidden, isForbidden := errors.AsType[*access.Forbidden](err)
	held, isHeld := errors.AsType[*access.HeldBackError](err)
	switch {
	case isInvalid:
		set(codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID, invalid.Error())
		e.Metadata["field"] = invalid.Field
	case isRequest:
		set(codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID, request.Error())
		e.Metadata["field"] = request.Field
	case isUnknown:
		set(codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN, unknown.Error())
		e.Metadata["field"] = "form_id"
	case errors.Is(err, access.ErrUnauthenticated):
		set(codes.Unauthenticated, kingdeev1.ErrorReason_ERROR_REASON_UNAUTHENTICATED, err.Error())
	case isHeld:
		set(codes.ResourceExhausted, kingdeev1.ErrorReason_ERROR_REASON_LOGINS_HELD_BACK, held.Error())
		e.RetryAfter = held.RetryAfter
	case isForbidden:
		set(codes.PermissionDenied, kingdeev1.ErrorReason_ERROR_REASON_NOT_ALLOWED, forbidden.Error())
		maps.Copy(e.Metadata, forbidden.Metadata())
	case errors.Is(err, bills.ErrNotShown):
		set(codes.PermissionDenied, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_SHOWN, err.Error())
	case isUndecodable:
		set(codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_BILL_UNDECODABLE, undecodable.Error())
		e.Metadata["field"] = undecodable.Problem.GetField()
	case isFault:
		e.RetryAfter = fault.RetryAfter
		e.Code, e.Reason = faultStatus(fault)
		e.Message = strings.ToValidUTF8(fault.Error(), "\uFFFD") // a status whose text is not UTF-8 loses its details
		describe(fault, e.Metadata)
		if fault.Class == kingdee.Busy {
			e.RetryAfter = busyPause
		}
	case errors.Is(err, context.DeadlineExceeded):
		set(codes.DeadlineExceeded, kingdeev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED, err.Error())
	case errors.Is(err, context.Canceled):
		set(codes.Canceled, kingdeev1.ErrorReason_ERROR_REASON_CALLER_GONE, err.Error())
	default:
		if already := passable(err); already != nil {
			return already, false
		}
		return e.Err(), true
	}
	return e.Err(), false
}

// busyPause is what a caller is told when the vendor still stumbles after our own tries.
const busyPause = 30 * time.Second

// passable lets through what gRPC itself says about a call, such as Unimplemented or a stream that the peer closed.
func passable(err error) error {
	st, ok := status.FromError(err)
	if !ok {
		return nil
	}
	switch st.Code() {
	case codes.Unimplemented:
		return err
	case codes.Canceled, codes.Unavailable:
		return apierr.Error{
			Code: codes.Canceled, Domain: apierr.Kingdee,
			Reason: kingdeev1.ErrorReason_ERROR_REASON_CALLER_GONE, Message: st.Message(),
		}.Err()
	case codes.DeadlineExceeded:
		return apierr.Error{
			Code: codes.DeadlineExceeded, Domain: apierr.Kingdee,
			Reason: kingdeev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED, Message: st.Message(),
		}.Err()
	}
	return nil
}

func faultStatus(fault *kingdee.Fault) (codes.Code, kingdeev1.ErrorReason) {
	switch fault.Class {
	case kingdee.FieldUnknown:
		return codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN
	case kingdee.FormUnknown:
		return codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FORM_UNKNOWN
	case kingdee.FilterInvalid:
		return codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FILTER_INVALID
	case kingdee.NotFound:
		return codes.NotFound, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND
	case kingdee.Permission:
		return codes.PermissionDenied, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_PERMISSION
	case kingdee.LoginRefused:
		return codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_LOGIN_REFUSED
	case kingdee.AccountLocked:
		return codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_ACCOUNT_LOCKED
	case kingdee.SessionContended:
		return codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_SESSION_CONTENDED
	case kingdee.SessionLost:
		return codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_SESSION_LOST
	case kingdee.Throttled:
		return codes.ResourceExhausted, kingdeev1.ErrorReason_ERROR_REASON_RATE_LIMITED
	case kingdee.Unreachable:
		return codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE
	case kingdee.Unreadable:
		return codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_ANSWER_UNREADABLE
	}
	return codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_REFUSED
}

func describe(fault *kingdee.Fault, metadata map[string]string) {
	if fault.NotSent {
		metadata["circuit"] = "open"
	}
	if fault.Field != "" {
		metadata["field"] = fault.Field
	}
	if fault.Class == kingdee.FilterInvalid {
		metadata["field"] = "filter_string"
	}
	if fault.Code != kingdee.NoCode {
		metadata["vendor_code"] = strconv.Itoa(fault.Code)
	}
	if fault.Message != "" {
		metadata["vendor_message"] = fault.Message
	}
}

package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// fault is why an item was not sent: a status for CancelOrder, a Refusal on a stream.
type fault struct {
	code     codes.Code
	reason   wmsv1.ErrorReason
	field    string // as named in Order; empty where no field is at fault
	message  string
	metadata map[string]string
}

var errStopping = &fault{
	code: codes.Unavailable, reason: wmsv1.ErrorReason_ERROR_REASON_SHUTTING_DOWN,
	message: "wmssvc is stopping; nothing was sent for what is unanswered",
}

func (f *fault) err() error {
	return apierr.Error{
		Code: f.code, Domain: apierr.WMS, Reason: f.reason, Message: f.message, Metadata: f.metadata,
	}.Err()
}

func (f *fault) refusal(order *wmsv1.Order) *wmsv1.Refusal {
	return &wmsv1.Refusal{
		CancellationId: order.GetCancellationId(), Attempt: order.GetAttempt(),
		Reason: f.reason, Field: f.field, Message: f.message,
	}
}

func invalid(field, message string) *fault {
	return &fault{
		code: codes.InvalidArgument, reason: wmsv1.ErrorReason_ERROR_REASON_REQUEST_INVALID,
		field: field, message: message, metadata: map[string]string{"field": field},
	}
}

func accountUnknown(name string) *fault {
	return &fault{
		code: codes.NotFound, reason: wmsv1.ErrorReason_ERROR_REASON_ACCOUNT_UNKNOWN,
		field: "account", message: "no account " + name + " is configured",
		metadata: map[string]string{"account": name},
	}
}

// violated names the first rule that the message breaks.
func violated(err error) *fault {
	var broken *serve.InvalidRequest
	if !errors.As(serve.Invalid(err), &broken) {
		return invalid("order", err.Error())
	}
	return invalid(strings.TrimPrefix(broken.Field, "order."), broken.Error())
}

// Chain is what each call of this service passes; cancels only from callers of these names.
func Chain(logger *slog.Logger, callers []string) serve.Chain {
	return serve.Chain{
		Logger: logger, Status: toStatus, UnaryLimit: unaryLimit, StreamLimit: streamLimit, Needs: needs(callers),
	}
}

const (
	// unaryLimit is longer than the longest wait for a turn and the longest answer together.
	unaryLimit  = 10 * time.Minute
	streamLimit = 2 * time.Hour
)

// toStatus makes statuses of what the chain finds; our handlers answer with statuses themselves. What went wrong inside
// of us, or ended by the caller's going, gets a bare one: with an ErrorInfo it would promise that nothing was sent,
// which is not known here.
func toStatus(_ context.Context, err error) (out error, ours bool) {
	var broken *serve.InvalidRequest
	var forbidden *access.Forbidden
	var held *access.HeldBackError
	switch {
	case errors.As(err, &broken):
		return invalid(strings.TrimPrefix(broken.Field, "order."), broken.Error()).err(), false
	case errors.Is(err, access.ErrUnauthenticated):
		return (&fault{
			code: codes.Unauthenticated, reason: wmsv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
			message: err.Error(),
		}).err(), false
	case errors.As(err, &held):
		return apierr.Error{
			Code: codes.ResourceExhausted, Domain: apierr.WMS,
			Reason: wmsv1.ErrorReason_ERROR_REASON_LOGINS_HELD_BACK, Message: held.Error(), RetryAfter: held.RetryAfter,
		}.Err(), false
	case errors.As(err, &forbidden):
		return (&fault{
			code: codes.PermissionDenied, reason: wmsv1.ErrorReason_ERROR_REASON_NOT_ALLOWED,
			message: forbidden.Error(), metadata: forbidden.Metadata(),
		}).err(), false
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return callerGone(err), false
	}
	if _, ok := status.FromError(err); ok {
		return err, false
	}
	return status.Error(codes.Internal, "wmssvc failed inside"), true
}

// orderFields are our names of the vendor's elements.
var orderFields = map[string]string{
	"warehouseCode": "warehouse_code", "orderCode": "order_code",
	"orderType": "order_type", "cancelReason": "cancel_reason",
	"ownerCode": "owner_code", "orderId": "order_id",
}

func orderField(element string) string {
	if name, ok := orderFields[element]; ok {
		return name
	}
	return "extend_props"
}

// unprepared translates the errors of wms.Client.Prepare.
func (s *Service) unprepared(err error) *fault {
	var (
		character   *wms.CharacterError
		name        *wms.NameError
		orderType   *wms.OrderTypeError
		unsupported *wms.UnsupportedError
	)
	switch {
	case errors.As(err, &character):
		field := orderField(character.Field)
		return &fault{
			code: codes.InvalidArgument, reason: wmsv1.ErrorReason_ERROR_REASON_CHARACTER_FORBIDDEN,
			field: field, message: err.Error(), metadata: map[string]string{"field": field},
		}
	case errors.As(err, &orderType):
		return &fault{
			code: codes.InvalidArgument, reason: wmsv1.ErrorReason_ERROR_REASON_ORDER_TYPE_UNKNOWN,
			field: "order_type", message: err.Error(), metadata: map[string]string{"order_type": orderType.OrderType},
		}
	case errors.As(err, &unsupported):
		return invalid(orderField(unsupported.Field), err.Error())
	case errors.As(err, &name):
		return invalid("extend_props", err.Error())
	default:
		s.logger.Error("an order could not be prepared", "err", err)
		return &fault{
			code: codes.Internal, reason: wmsv1.ErrorReason_ERROR_REASON_INTERNAL,
			message: "wmssvc could not prepare the request; nothing was sent",
		}
	}
}

// callerGone is the status for a caller who is no longer there. It carries no ErrorInfo: what that caller had handed
// over may have been sent.
func callerGone(err error) error { return status.FromContextError(contextError(err)).Err() }

func contextError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return context.Canceled
}

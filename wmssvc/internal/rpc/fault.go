package rpc

import (
	"context"
	"errors"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	return apierr.Error{Code: f.code, Domain: apierr.WMS, Reason: f.reason, Message: f.message, Metadata: f.metadata}.Err()
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
		field: "account", message: "no account " + name + " is configured", metadata: map[string]string{"account": name},
	}
}

// violated names the first rule that the message breaks.
func violated(err error) *fault {
	var violations *protovalidate.ValidationError
	if !errors.As(err, &violations) || len(violations.Violations) == 0 {
		return invalid("order", err.Error())
	}
	first := violations.Violations[0]
	field := protovalidate.FieldPathString(first.Proto.GetField())
	return invalid(field, field+": "+first.Proto.GetMessage())
}

// orderFields are our names of the vendor's elements.
var orderFields = map[string]string{
	"warehouseCode": "warehouse_code", "orderCode": "order_code", "orderType": "order_type", "cancelReason": "cancel_reason",
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

// callerGone is the status for a caller who is no longer there. It carries no ErrorInfo: what that caller had handed over
// may have been sent.
func callerGone(err error) error { return status.FromContextError(contextError(err)).Err() }

func contextError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return context.Canceled
}

package rpc

import (
	"context"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// acting is a request to do something to a scheme.
type acting interface {
	GetScheme() string
	GetRequestId() string
}

// actOf is the act that a request asks for, by whoever the caller is. StartRun asks for no reason.
func actOf(ctx context.Context, req acting) ledger.Act {
	act := ledger.Act{Scheme: req.GetScheme(), RequestID: req.GetRequestId(), Actor: access.Caller(ctx)}
	if reasoned, ok := req.(interface{ GetReason() string }); ok {
		act.Reason = reasoned.GetReason()
	}
	return act
}

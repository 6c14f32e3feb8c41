package rpc

import (
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"

	"github.com/voidrelay/voidrelay/internal/access"
)

// needs says who may call what. A cancel leaves nothing in the ledger but what the orchestrator writes there, so only
// callers of these names may ask for one, whatever the role of others.
func needs(callers []string) map[string]access.Need {
	return map[string]access.Need{
		wmsv1.OrderService_CancelOrder_FullMethodName:     {Names: callers},
		wmsv1.OrderService_CancelOrders_FullMethodName:    {Names: callers},
		wmsv1.OrderService_CheckConnection_FullMethodName: {Role: access.Viewer},
	}
}

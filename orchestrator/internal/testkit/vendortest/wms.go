package vendortest

import (
	"context"

	"google.golang.org/grpc"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// WMS answers checks, and cancels as a test says.
type WMS struct {
	wmsv1.OrderServiceClient
	// Real: it is no sandbox.
	Real   bool
	Stream func(context.Context) grpc.BidiStreamingClient[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse]
}

func (w WMS) CheckConnection(context.Context, *wmsv1.CheckConnectionRequest,
	...grpc.CallOption) (*wmsv1.CheckConnectionResponse, error) {
	environment := wmsv1.Environment_ENVIRONMENT_SANDBOX
	if w.Real {
		environment = wmsv1.Environment_ENVIRONMENT_REAL
	}
	return &wmsv1.CheckConnectionResponse{Account: &wmsv1.Account{Environment: environment}}, nil
}

func (w WMS) CancelOrders(ctx context.Context,
	_ ...grpc.CallOption) (grpc.BidiStreamingClient[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse], error) {
	return w.Stream(ctx), nil
}

package orchestrator

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// admissions ask an adapter for what we do there, in a way that comes to nothing: of wmssvc they ask for the cancel of
// no order, which is no valid request, and of kingdeesvc for what it is, which wants the role that reading wants. No
// request reaches a vendor. Whoever is not let in is told so first.
func admissions(conn *grpc.ClientConn) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		host.WMS: func(ctx context.Context) error {
			_, err := wmsv1.NewOrderServiceClient(conn).CancelOrder(ctx, &wmsv1.CancelOrderRequest{})
			return err
		},
		host.Kingdee: func(ctx context.Context) error {
			stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
			if err != nil {
				return err
			}
			if err := stream.CloseSend(); err != nil {
				return err
			}
			if _, err = stream.Recv(); errors.Is(err, io.EOF) {
				return nil
			}
			return err
		},
	}
}

package intake

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// lacking is a Kingdee that keeps what it is asked and knows no field.
type lacking struct {
	kingdeev1.BillServiceClient
	light *kingdeev1.StreamBillStatesRequest
	whole *kingdeev1.StreamBillsRequest
}

func (*lacking) fault() error {
	return apierr.Error{
		Code: codes.InvalidArgument, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN,
		Message: "no such field", Metadata: map[string]string{"field": "F_ABC_Closed"},
	}.Err()
}

func (l *lacking) StreamBillStates(_ context.Context, r *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption) (
	grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	l.light = r
	return nil, l.fault()
}

func (l *lacking) StreamBills(_ context.Context, r *kingdeev1.StreamBillsRequest, _ ...grpc.CallOption) (
	grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	l.whole = r
	return nil, l.fault()
}

// Each way of reading asks with the scheme's keys, and a key that Kingdee does not know stops the scheme by name.
func TestEveryReadAsksWithTheSchemesKeys(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"close_status": "F_ABC_Closed"}
	vendor := &lacking{}
	r := Reader{Kingdee: vendor, Entry: Entry{Scheme: &scheme.Scheme{Form: "PUR_MRAPP", Keys: keys, ClosedEnds: true}}}

	var stop *StopError
	require.ErrorAs(t, r.States(t.Context(), &kingdeev1.StreamBillStatesRequest{}, nil, nil), &stop)
	require.Equal(t,
		StopError{Reason: rule.StopFieldUnknown, Detail: "Kingdee does not know the field F_ABC_Closed"}, *stop)
	stop = nil
	require.ErrorAs(t, r.bills(t.Context(), []int64{7}, nil), &stop)
	require.Equal(t, rule.StopFieldUnknown, stop.Reason)
	for _, asked := range []interface {
		GetFormId() string
		GetKeys() map[string]string
		GetClosedEnds() bool
	}{vendor.light, vendor.whole, r.Entry.Ask(7)} {
		require.Equal(t, "PUR_MRAPP", asked.GetFormId())
		require.Equal(t, keys, asked.GetKeys())
		require.True(t, asked.GetClosedEnds())
	}
	require.Equal(t, int64(7), r.Entry.Ask(7).GetId())
}

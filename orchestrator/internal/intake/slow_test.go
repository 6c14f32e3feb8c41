package intake

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// slowly is a Kingdee that takes its time for each frame of a stream.
type slowly struct {
	kingdeev1.BillServiceClient
	answer time.Duration
	pages  int
}

type patientFrames struct {
	grpc.ClientStream
	ctx    context.Context // a stream's own
	vendor *slowly
	sent   int
}

func (f *patientFrames) Recv() (*kingdeev1.StreamBillStatesResponse, error) {
	select {
	case <-time.After(f.vendor.answer):
	case <-f.ctx.Done():
		return nil, status.FromContextError(f.ctx.Err()).Err()
	}
	f.sent++
	switch {
	case f.sent == 1:
		return &kingdeev1.StreamBillStatesResponse{
			Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: slowHeader()},
		}, nil
	case f.sent <= f.vendor.pages+1:
		id := int64(f.sent - 1)
		page := &kingdeev1.StatePage{
			States: []*kingdeev1.BillState{{Id: id}}, Rows: 1, LastId: id, QueryLeftTime: timestamppb.Now(),
		}
		return &kingdeev1.StreamBillStatesResponse{
			Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page},
		}, nil
	case f.sent == f.vendor.pages+2:
		summary := &kingdeev1.StreamSummary{Rows: int64(f.vendor.pages), Bills: int64(f.vendor.pages)}
		return &kingdeev1.StreamBillStatesResponse{
			Frame: &kingdeev1.StreamBillStatesResponse_Summary{Summary: summary},
		}, nil
	}
	return nil, io.EOF
}

func slowHeader() *kingdeev1.StreamHeader {
	return &kingdeev1.StreamHeader{
		Account: &kingdeev1.Account{
			DataCenterId: "dc", TimeZone: "Asia/Shanghai",
			UtcOffsetSeconds: 28800, Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX,
		},
		ServiceTime: timestamppb.Now(), VendorTime: timestamppb.Now(),
	}
}

func (v *slowly) StreamBillStates(
	ctx context.Context, _ *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	return &patientFrames{ctx: ctx, vendor: v}, nil
}

// A Kingdee that took half a minute for an answer was given up after 25 s, again and again, and no run ever ended.
func TestAKingdeeThatTakesTwoMinutesForAnAnswerIsRead(t *testing.T) {
	for _, answer := range []time.Duration{3 * time.Second, 7 * time.Second, 30 * time.Second, 120 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := Reader{Kingdee: &slowly{answer: answer, pages: 2},
				Entry: Entry{Scheme: &scheme.Scheme{DataCenter: "dc"}},
				Now:   time.Now}
			ctx, cancel := context.WithTimeout(t.Context(), StreamTimeout)
			defer cancel()
			read := 0
			require.NoError(t,
				r.States(ctx, &kingdeev1.StreamBillStatesRequest{}, func(DataCentre) error { return nil },
					func(*kingdeev1.StatePage) error {
						read++
						return nil
					}))
			require.Equal(t, 2, read)
		})
	}
	require.Greater(t, StreamTimeout, 3*8*120*time.Second,
		"a login, a header and the parts of whole bills, beside others that ask on the same session")
}

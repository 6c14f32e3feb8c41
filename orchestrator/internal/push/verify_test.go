package push

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Another bill that carries the number (as Kingdee compares: without case) cannot be decoded: it may be live.
func TestAnUnreadableHolderOfTheNumberKeepsItFromBeingSent(t *testing.T) {
	t.Parallel()
	policy := rule.Policy{Triggers: map[rule.Trigger]rule.Terms{rule.TriggerVoided: {}}}
	own := rule.State{
		ID: 1, Number: "ZZ1", DocumentStatus: rule.Reaudit, CancelStatus: rule.Voided, Kind: form.Assembly,
	}
	for name, number := range map[string]string{"another case": "zz1", "number itself unreadable": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := &freshRead{
				byID: map[int64]rule.State{1: own}, byNumber: map[string][]rule.State{"zz1": {own}},
				unreadable: map[string]bool{},
			}
			due := ledger.Due{ID: 1, BillID: 1, BillNo: "ZZ1"}
			require.Equal(t, rule.Holds, read.verify(policy, due, nil).Outcome)
			page := &kingdeev1.StatePage{
				QueryLeftTime: timestamppb.Now(), Problems: []*kingdeev1.BillProblem{{Id: 2, Number: number}},
			}
			read.take(form.AssembledApp, page, func(rule.State) {})
			require.Equal(t, rule.Unread, read.verify(policy, due, nil).Outcome)
		})
	}
}

// One bill's number holds a tab: Kingdee's adapter refuses the whole selection by number.
func TestOneNumberThatCannotBeAskedForStopsOnlyItself(t *testing.T) {
	clock := time.Now()
	books := vendortest.NewBooks(&clock)
	books.Live(1, "A1", "CK001")
	books.Live(2, "A2\t", "CK001")
	books.Void(1)
	books.Void(2)
	v := &Verifier{Store: holdsStore{}, Kingdee: refusing{books}, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	got, err := v.Run(t.Context(), shippedScheme(t), nil,
		[]ledger.Due{
			{ID: 1, BillID: 1, BillNo: "A1", Order: listedOrder},
			{ID: 2, BillID: 2, BillNo: "A2\t", Order: listedOrder},
		})
	require.NoError(t, err)
	require.Contains(t, got, int64(1),
		"500 cancellations of a batch are unread for 24 h and given to a person because of one number")
}

// shippedScheme is the shipped scheme as a registry has it.
func shippedScheme(t *testing.T) intake.Entry {
	t.Helper()
	schemes, err := scheme.Shipped()
	require.NoError(t, err)
	e, _ := intake.NewRegistry(schemes, nil).Entry(schemes[0].Name)
	return e
}

type holdsStore struct{ verifyStore }

func (holdsStore) Claimants(context.Context, []int64) (map[int64][]rule.Claimant, error) {
	return nil, nil
}
func (holdsStore) StoreVerified(context.Context, string, int, []ledger.Verified, time.Duration, time.Duration) error {
	return nil
}

// refusing does what kingdeesvc/internal/kingdee.Quote makes kingdeesvc do.
type refusing struct{ *vendortest.Books }

func (r refusing) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	for _, n := range in.GetNumbers().GetNumbers() {
		if n != "A1" {
			return nil, status.Error(codes.InvalidArgument, "numbers: FBillNo: unsafe text")
		}
	}
	return r.Books.StreamBillStates(ctx, in, o...)
}

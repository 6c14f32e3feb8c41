package jobs

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

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func verifiedAs(id int64, outcome rule.Verification, at time.Time) []ledger.Verified {
	return []ledger.Verified{{ID: id, Outcome: outcome, ReadTime: at}}
}

// Another bill that carries the number (as Kingdee compares: without case) cannot be decoded: it may be live.
func TestAnUnreadableHolderOfTheNumberKeepsItFromBeingSent(t *testing.T) {
	t.Parallel()
	policy := rule.Policy{Triggers: map[rule.Trigger]rule.Terms{rule.TriggerVoided: {}}}
	own := rule.State{ID: 1, Number: "ZZ1", DocumentStatus: rule.Reaudit, CancelStatus: rule.Voided, Affair: rule.Assembly}
	for name, number := range map[string]string{"another case": "zz1", "number itself unreadable": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := &freshRead{byID: map[int64]rule.State{1: own}, byNumber: map[string][]rule.State{"zz1": {own}}, unreadable: map[string]bool{}}
			due := ledger.Due{ID: 1, BillID: 1, BillNo: "ZZ1"}
			require.Equal(t, rule.Holds, read.verify(policy, due, nil).Outcome)
			page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.Now(), Problems: []*kingdeev1.BillProblem{{Id: 2, Number: number}}}
			read.take(page, func(rule.State) {})
			require.Equal(t, rule.Unread, read.verify(policy, due, nil).Outcome)
		})
	}
}

// kingdeesvc is a version ahead and knows one more letter, or leaves one out.
func TestAStateThatIsNotKnownIsNeverTakenForAnother(t *testing.T) {
	t.Parallel()
	whole := &kingdeev1.BillState{
		Id: 1, Number: "A1", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, AffairType: kingdeev1.AffairType_AFFAIR_TYPE_ASSEMBLY,
	}
	_, ok := stateOf(whole)
	require.True(t, ok)
	for name, spoil := range map[string]func(*kingdeev1.BillState){
		"a later letter":      func(s *kingdeev1.BillState) { s.DocumentStatus = 17 },
		"no cancel status":    func(s *kingdeev1.BillState) { s.CancelStatus = 0 },
		"a later affair type": func(s *kingdeev1.BillState) { s.AffairType = 9 },
	} {
		state := &kingdeev1.BillState{Id: 1, Number: "A1", DocumentStatus: whole.DocumentStatus, CancelStatus: whole.CancelStatus, AffairType: whole.AffairType}
		spoil(state)
		_, ok := stateOf(state)
		require.False(t, ok, name)
	}
}

// One bill's number holds a tab: Kingdee's adapter refuses the whole selection by number.
func TestOneNumberThatCannotBeAskedForStopsOnlyItself(t *testing.T) {
	b := setup(t)
	b.books.live(1, "A1", "CK001")
	b.books.live(2, "A2\t", "CK001")
	b.run()
	b.books.void(1)
	b.books.void(2)
	v := &verifier{store: holdsStore{}, kingdee: refusing{b.books}, logger: slog.New(slog.DiscardHandler), now: func() time.Time { return b.clock }}
	got, err := v.run(t.Context(), b.p.registry.entries["assembly-void"], nil, []ledger.Due{{ID: 1, BillID: 1, BillNo: "A1"}, {ID: 2, BillID: 2, BillNo: "A2\t"}})
	require.NoError(t, err)
	require.Contains(t, got, int64(1), "500 cancellations of a batch are unread for 24 h and given to a person because of one number")
}

type holdsStore struct{ verifyStore }

func (holdsStore) LedgerHolders(context.Context, []int64) (map[int64][]int64, error) { return nil, nil }
func (holdsStore) StoreVerified(context.Context, string, []ledger.Verified, time.Duration, time.Duration) error {
	return nil
}

// refusing does what kingdeesvc/internal/kingdee.Quote makes kingdeesvc do.
type refusing struct{ *books }

func (r refusing) StreamBillStates(ctx context.Context, in *kingdeev1.StreamBillStatesRequest, o ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	for _, n := range in.GetNumbers().GetNumbers() {
		if n != "A1" {
			return nil, status.Error(codes.InvalidArgument, "numbers: FBillNo: unsafe text")
		}
	}
	return r.books.StreamBillStates(ctx, in, o...)
}

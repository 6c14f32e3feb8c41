package kingdeesvc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func byNumbers(numbers ...string) *kingdeev1.StreamBillStatesRequest {
	return &kingdeev1.StreamBillStatesRequest{
		FormId:    formID,
		Selection: &kingdeev1.StreamBillStatesRequest_Numbers{Numbers: &kingdeev1.BillNumbers{Numbers: numbers}},
	}
}

func byIDs(ids ...int64) *kingdeev1.StreamBillStatesRequest {
	return &kingdeev1.StreamBillStatesRequest{
		FormId:    formID,
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
	}
}

func changedSince(since time.Time) *kingdeev1.StreamBillStatesRequest {
	selection := &kingdeev1.StreamBillStatesRequest_ChangedSince{
		ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(since)},
	}
	return &kingdeev1.StreamBillStatesRequest{FormId: formID, Selection: selection}
}

func TestStatesByIDsAndNumbersAreTheBillsThemselves(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "100"}, nil)
	numbers, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 650, Void: true})
	require.NoError(t, err)
	var ids []int64
	for _, bill := range b.vendor.Bills() {
		ids = append(ids, bill.ID)
	}
	for name, req := range map[string]*kingdeev1.StreamBillStatesRequest{
		"ids":           byIDs(ids...),
		"ids twice":     byIDs(append(ids, ids...)...),
		"numbers":       byNumbers(numbers...),
		"few numbers":   byNumbers(numbers[:7]...),
		"changed since": changedSince(time.Now().Add(-time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			states, problems, _ := b.states(t, req)
			require.Empty(t, problems)
			want := ids
			if name == "few numbers" {
				want = ids[:7]
			}
			require.Len(t, states, len(want))
			for i, state := range states {
				require.Equal(t, want[i], state.GetId())
				require.Equal(t, numbers[i], state.GetNumber())
				require.Equal(t, kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED, state.GetCancelStatus())
				require.NotNil(t, state.GetCancelTime())
				require.NotEmpty(t, state.GetOrgNumber())
			}
		})
	}
	states, _, _ := b.states(t, byIDs(987654321))
	require.Empty(t, states, "an id that is not shown is absent")
}

func TestANumberWithAQuoteIsFoundAndHarmsNothing(t *testing.T) {
	b := setup(t, nil, nil)
	for _, number := range []string{"O'Neill's 组装", "x' or '1'='1", "plain"} {
		_, err := b.vendor.Create(t.Context(), books.Bill{BillNo: number, AffairType: books.Assembly, StockOrg: "100"})
		require.NoError(t, err)
	}
	for _, number := range []string{"O'Neill's 组装", "x' or '1'='1"} {
		states, _, _ := b.states(t, byNumbers(number))
		require.Len(t, states, 1)
		require.Equal(t, number, states[0].GetNumber())
	}
	states, _, _ := b.states(t, byNumbers("y') or ('1'='1"))
	require.Empty(t, states)

	stream, err := b.client.StreamBillStates(t.Context(), byNumbers("fine", "a\nb"))
	require.NoError(t, err)
	_, err = stream.Recv()
	requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID, "field", "numbers")
}

func TestEdgesAreAtMidnightUntilATimeOfDayWasSeen(t *testing.T) {
	b := setup(t, nil, func(c *sandbox.Config) { c.Personality.CancelDateOnly = true })
	_, err := b.vendor.Bulk(t.Context(), books.Bulk{Count: 2, Void: true, Prefix: "V-"})
	require.NoError(t, err)
	soon := time.Now().Add(time.Minute)

	_, _, header := b.states(t, changedSince(soon))
	require.Equal(t, []string{"FModifyDate", "FCANCELDATE", "FAPPROVEDATE", "FCreateDate"}, header.GetMidnightEdges())

	// The second stream knows the three that were seen with a time; the cancel date has none and still finds the
	// voids of today.
	states, _, header := b.states(t, changedSince(soon))
	require.NotContains(t, header.GetMidnightEdges(), "FModifyDate")
	require.NotContains(t, header.GetMidnightEdges(), "FCreateDate")
	require.Contains(t, header.GetMidnightEdges(), "FCANCELDATE")
	require.Len(t, states, 2)
	for _, state := range states {
		require.True(t, state.GetCancelTimeIsDate())
	}
}

func TestManyNumbersInOneRequest(t *testing.T) {
	b := setup(t, nil, nil)
	numbers := make([]string, 10000)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("NONE-%d", i)
	}
	states, problems, _ := b.states(t, byNumbers(numbers...))
	require.Empty(t, states)
	require.Empty(t, problems)
}

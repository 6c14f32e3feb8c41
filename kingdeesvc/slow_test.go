package kingdeesvc_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// A verification is a question by id and one by number. Each cost a query for the header before its own, one after the
// other on one session: four answers of a slow server in a row. Now it is one answer where there are two sessions.
func TestAVerificationIsOneRoundOfQueries(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEE_SESSIONS": "2"}, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
	known := b.vendor.Truth().Bills[:30]
	ids, numbers := make([]int64, len(known)), make([]string, len(known))
	for i, bill := range known {
		ids[i], numbers[i] = bill.BillID, bill.BillNo
	}
	round := func() {
		var both sync.WaitGroup
		both.Go(func() {
			got, _, header := b.states(t, &kingdeev1.StreamBillStatesRequest{
				FormId:    formID,
				Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids[:1]}},
			})
			require.Len(t, got, 1)
			require.NotNil(t, header.GetVendorTime())
			require.InDelta(t, 0, header.GetVendorTime().AsTime().Sub(header.GetServiceTime().AsTime()).Seconds(), 2)
		})
		both.Go(func() {
			got, _, _ := b.states(t, &kingdeev1.StreamBillStatesRequest{
				FormId: formID,
				Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
					Numbers: &kingdeev1.BillNumbers{Numbers: numbers[:1]},
				},
			})
			require.Len(t, got, 1)
		})
		both.Wait()
	}
	queries, _ := b.counted(round)
	require.Equal(t, 2, queries)

	// That all bills that were asked for by id are there needs no further query to prove it.
	queries, _ = b.counted(func() {
		got, _, _ := b.states(t, &kingdeev1.StreamBillStatesRequest{
			FormId:    formID,
			Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
		})
		require.Len(t, got, len(ids))
	})
	require.Equal(t, 1, queries)
}

package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

func seeded(seed uint64) func(*sandbox.Config) {
	return func(c *sandbox.Config) { c.Seed = seed }
}

func TestTheSeedIsLikeAMerchant(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{sample.DefaultSeed, 1, 2, 3} {
		b := setup(t, seeded(seed))
		bills := b.server.Bills()
		require.GreaterOrEqual(t, len(bills), 40)
		seen := map[string]int{}
		for _, x := range bills {
			seen["org "+x.StockOrg]++
			seen[x.AffairType]++
			seen[x.DocumentStatus+x.CancelStatus]++
			require.False(t, x.ModifyDate.After(start) || x.CreateDate.After(x.ModifyDate), x.BillNo)
			require.True(t, x.CancelDate.Before(start.Add(-24*time.Hour)), "voided before today: %s", x.BillNo)
			if x.CancelStatus == books.Voided && !b.server.BillHistory(x.BillNo)[0].EverAudited {
				seen["voided before audit"]++
			}
			stocks := map[string]bool{}
			for _, order := range x.Orders() {
				seen[order.Stock]++
				stocks[order.Stock] = true
			}
			if len(stocks) > 2 {
				seen["several warehouses"]++
			}
		}
		for _, what := range []string{
			"org 100", "org 200", "Assembly", "Dassembly", "CK001", "CK002", "CK003", "CK004", "CK005",
			"CA", "DB", "AB", "ZA", "AA", "BA", "DA", "voided before audit", "several warehouses",
		} {
			require.Positive(t, seen[what], "seed %d: %s", seed, what)
		}
	}
}

func TestTheSameSeedGivesTheSameBills(t *testing.T) {
	t.Parallel()
	one, two, other := setup(t, seeded(4)), setup(t, seeded(4)), setup(t, seeded(5))
	require.Empty(t, cmp.Diff(one.server.Bills(), two.server.Bills()))
	require.NotEmpty(t, cmp.Diff(one.server.Bills(), other.server.Bills()))
	require.ErrorIs(t, one.server.Seed(t.Context(), 4), books.ErrInvalid, "it is not added twice")
}

func TestTheSampleDayPlays(t *testing.T) {
	t.Parallel()
	heard := 0
	b := setup(t, seeded(sample.DefaultSeed), func(c *sandbox.Config) { c.OnAudit = func(books.Bill) { heard++ } })
	for i := range sample.Day() {
		b.clock.advance(time.Minute)
		var bill books.Bill
		b.control("POST", fmt.Sprintf("sample-day/%d", i+1), "", 200, &bill)
	}
	require.Equal(t, 7, heard)
	state := func(number string) string {
		bill, err := b.server.Bill(number)
		require.NoError(t, err)
		return bill.DocumentStatus + bill.CancelStatus
	}
	for number, want := range map[string]string{
		"ZZCX000151": "DB", "ZZCX000152": "DB", "ZZCX000153": "DB", "ZZCX000154": "DB",
		"ZZCX000155": "CA", "ZZCX000156": "AB",
		"ZZCX000157": "DB", "ZZCX000158": "DA", "ZZCX000159": "CA", "ZZCX000161": "DB",
		"ZZCX000201": "DB", "ZZCX000202": "DB",
		"TLSQ000151": "DB", "TLSQ000152": "DA", "TLSQ000153": "DB", "TLSQ000154": "DB",
		"TLSQ000155": "CA", "TLSQ000156": "CA", "TLSQ000157": "DB", "TLSQ000201": "DB",
	} {
		require.Equal(t, want, state(number), number)
	}
	var flow *books.FlowError
	_, err := b.server.Play(t.Context(), sample.Day()[0])
	require.ErrorAs(t, err, &flow, "a step is not played twice")
}

package sandbox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestAPageCutsABill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, number := range []string{"A", "B", "C"} {
		b.audited(number, line("P1", "1", "CK001"), line("P2", "1", "CK002"), line("P3", "1", "CK002"))
	}
	page := func(start int) []string {
		return column(b.decode(b.ask(map[string]any{
			"FieldKeys": "FBillNo,FMaterialID.FNumber", "OrderString": "FID ASC, FEntity_FEntryID ASC",
			"StartRow": start, "Limit": 4,
		})), 0)
	}
	require.Equal(t, []string{"A", "A", "A", "B"}, page(0))
	require.Equal(t, []string{"B", "B", "C", "C"}, page(4))
	require.Equal(t, []string{"C"}, page(8))
	require.Empty(t, page(9))
}

func TestOrderHasSeveralKeysAndDirections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, x := range [][2]string{{"A", "CK002"}, {"B", "CK001"}, {"C", "CK002"}, {"D", ""}} {
		b.audited(x[0], line("P", "1", x[1]))
	}
	require.Equal(t, []string{"D", "B", "C", "A"},
		column(b.rows("FBillNo", "", "FStockID.FNumber asc, FBillNo DESC"), 0), "null sorts first")
	require.Equal(t, []string{"D", "C", "B", "A"}, column(b.rows("FBillNo", "", "FID desc"), 0))
}

func TestRowsWithoutAnOrderComeInNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.server.Bulk(t.Context(), books.Bulk{Count: 50, Lines: 3})
	require.NoError(t, err)
	ids := func(order string) []string { return column(b.rows("FEntity_FEntryID", "", order), 0) }
	sorted := ids("FEntity_FEntryID")
	first, second := ids(""), ids("")
	require.NotEqual(t, sorted, first)
	require.NotEqual(t, first, second, "and in another disorder each time")
	require.ElementsMatch(t, sorted, first)
	byBill := ids("FID")
	require.NotEqual(t, sorted, byBill, "lines of one bill are not ordered by FID alone")
	require.ElementsMatch(t, sorted, byBill)
}

func TestKeySetPagingSeesEachBillOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	numbers, err := b.server.Bulk(t.Context(), books.Bulk{Count: 2500, Void: true})
	require.NoError(t, err)
	var seen []string
	last := "0"
	for {
		rows := b.decode(b.ask(map[string]any{
			"FieldKeys": "FID,FBillNo", "FilterString": fmt.Sprintf("FCancelStatus='B' and FID > %s", last),
			"OrderString": "FID ASC", "Limit": 300,
		}))
		if len(rows) == 0 {
			break
		}
		seen = append(seen, column(rows, 1)...)
		last = fmt.Sprint(rows[len(rows)-1][0])
	}
	require.Equal(t, numbers, seen)

	listed := b.rows("FBillNo", "FID in (100009, 100003, 100003, 5) and FCancelStatus='B'", "FID")
	require.Equal(t, []string{numbers[0], numbers[2]}, column(listed, 0))
}

func TestPageSizeIsCutSilently(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.server.Bulk(t.Context(), books.Bulk{Count: 2300})
	require.NoError(t, err)
	count := func(parameters map[string]any) int {
		parameters["FieldKeys"], parameters["OrderString"] = "FID", "FID"
		return len(b.decode(b.ask(parameters)))
	}
	require.Equal(t, 2000, count(map[string]any{}), "the default")
	require.Equal(t, 2000, count(map[string]any{"Limit": 0}))
	require.Equal(t, 2300, count(map[string]any{"Limit": "50000"}))
	b.server.SetPersonality(behaviour.Personality{OldServer: true})
	require.Equal(t, 2000, count(map[string]any{"Limit": 10000}))
	b.server.SetPersonality(behaviour.Personality{MaxLimit: 100})
	require.Equal(t, 100, count(map[string]any{"Limit": 200}))

	b.server.SetPersonality(behaviour.Personality{})
	require.Equal(t, 5, count(map[string]any{"Limit": 10, "TopRowCount": 15, "StartRow": 10}), "an absolute end row")
	require.Equal(t, 0, count(map[string]any{"Limit": 10, "TopRowCount": 10, "StartRow": 10}))
	b.server.SetPersonality(behaviour.Personality{TopRowCountCaps: true})
	require.Equal(t, 10, count(map[string]any{"Limit": 10, "TopRowCount": 10, "StartRow": 10}), "a number of rows")
}

func TestHiddenOrganisationsAreLeftOutSilently(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	other, err := b.server.Create(t.Context(), books.Bill{BillNo: "B", StockOrg: "200"})
	require.NoError(t, err)
	b.server.SetPersonality(behaviour.Personality{HiddenOrgs: []string{"200"}})
	require.Equal(t, []string{"A"}, column(b.rows("FBillNo", "", "FID"), 0))
	require.True(t, slices.ContainsFunc(b.server.Bills(), func(x books.Bill) bool { return x.ID == other.ID }))
}

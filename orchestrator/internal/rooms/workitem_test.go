package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Who opens or closes work items hears of those that it opened or closed itself, so that nobody is told twice.
func TestAWorkItemOpensOnceAndClosesOnce(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	undecodable := ledger.Work{Kind: rule.WorkUndecodable, BillID: 1, BillNo: "A1", Detail: "a NUL \x00 in it"}
	noLines := ledger.Work{Kind: rule.WorkNoLines, BillID: 1, BillNo: "A1"}
	opened, err := openItems(t.Context(), pool, rowtest.SchemeName, undecodable, undecodable)
	require.NoError(t, err)
	stored := undecodable
	stored.Detail = "a NUL \uFFFD in it"
	require.Equal(t, []ledger.Work{stored}, opened)
	opened, err = openItems(t.Context(), pool, rowtest.SchemeName, undecodable, noLines)
	require.NoError(t, err)
	require.Equal(t, []ledger.Work{noLines}, opened, "the other one was open")
	opened, err = openItems(t.Context(), pool, "other", undecodable)
	require.NoError(t, err)
	require.Len(t, opened, 1, "another scheme's bill 1 is another bill")

	closed, err := closeItemsOfBills(t.Context(), pool, rowtest.SchemeName, nil)
	require.NoError(t, err)
	require.Empty(t, closed, "no bill is not all bills")
	closed, err = closeItemsOfBills(t.Context(), pool, rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	require.ElementsMatch(t, []ledger.Work{stored, noLines}, closed)
	closed, err = closeItemsOfBills(t.Context(), pool, rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	require.Empty(t, closed)
	require.Equal(t, []string{"bill_undecodable"}, openWorkKinds(t, pool), "the other scheme's")

	opened, err = openItems(t.Context(), pool, rowtest.SchemeName, undecodable)
	require.NoError(t, err)
	require.Len(t, opened, 1, "what was closed opens anew")
}

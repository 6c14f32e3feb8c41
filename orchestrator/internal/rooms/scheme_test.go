package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Rule 17 (docs/rules.md): retiring a scheme says how many claims and cancellations end with it.
func TestRetiringASchemeSaysHowManyClaimsAndCancellationsEndWithIt(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1", "WH2", "WH3")
	w.lease(due[:1])
	w.rows.Exec(`
insert into claim (scheme, bill_id, generation, order_id, revision)
select scheme, bill_id, generation, order_id, 1 from cancellation limit 2`)
	retire := func(dryRun bool) ledger.Retired {
		t.Helper()
		ended, err := w.acts().Retire(t.Context(), act(""), dryRun)
		require.NoError(t, err)
		return ended
	}
	all := ledger.Retired{Revision: 1, Cancellations: 3, InFlight: 1, Claims: 2}
	require.Equal(t, all, retire(true))
	require.Equal(t, 3, w.count(`select count(*) from cancellation_now where state = 'open'`), "it only counted")
	require.Equal(t, all, retire(false))
	require.Equal(t, 3, w.count(`
select count(*) from cancellation_now where state = 'withdrawn' and outcome = 'scheme_retired'`))
	require.Zero(t, w.count(openWorkItems))
	require.Equal(t, ledger.Retired{Revision: 1}, retire(false), "it is retired already")
	require.Equal(t, 1, w.count(`select count(*) from operator_action where verb = 'retire_scheme'`))

	_, err := w.store.FinishRun(t.Context(), w.run(), voidedPage(2, "A2", "WH1"), finishAt(rowtest.Now), none)
	require.ErrorIs(t, err, ledger.ErrConflict, "a run that was under way gives way")

	revisions, err := w.acts().ApplySchemes(t.Context(), rowtestFile()...)
	require.NoError(t, err)
	require.Equal(t, 2, revisions[rowtest.SchemeName])
	require.Equal(t, 1, w.count(`select count(*) from scheme where active`), "a file that names it takes it up again")
}

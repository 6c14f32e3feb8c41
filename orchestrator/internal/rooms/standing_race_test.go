package rooms_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// whileWithdrawn withdraws a cancellation, and commits that once do waits for its rows. It answers what do came to.
func (w *writer) whileWithdrawn(d ledger.Due, do func() error) error {
	w.Helper()
	ended := make(chan error, 1)
	require.NoError(w, pgx.BeginFunc(w.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := ledger.WithdrawVerified(w.Context(), tx, []int64{d.ID}, string(rule.NoTrigger))
		if err != nil {
			return err
		}
		go func() { ended <- do() }()
		w.untilLocked()
		return nil
	}))
	return <-ended
}

// What a statement waits for is gone when it is settled meanwhile: an outcome stands in its place. A trigger that holds
// must not be lost over it.
func TestWhatIsWithdrawnWhileARunFindsItOwedIsPlannedAnew(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	page := voidedPage(1, "A1", "WH1")
	require.NoError(t, w.whileWithdrawn(d, func() error {
		return pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			return ledger.PlanCancellations(t.Context(), tx,
				&ledger.Run{Scheme: rowtest.SchemeName, Revision: 1}, &page)
		})
	}))
	require.Equal(t, "planned", w.state(d))
	require.EqualValues(t, 1, page.RunCounts.OrdersNew)
}

func TestAnOrderThatIsCancelledWhileItIsWithdrawnIsDone(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1"))[0]
	result := w.resultOf(leased, rule.Cancelled, done)
	require.NoError(t, w.whileWithdrawn(leased, func() error {
		return w.store.StoreResults(t.Context(), []ledger.Result{result},
			func(_ ledger.Result, err error) { t.Error(err) })
	}))
	require.Equal(t, "done", w.state(leased))
	require.Equal(t, "withdrawn done", w.text(`
select string_agg(state, ' ' order by times_settled) from outcome where cancellation_id = $1`, leased.ID))
	require.Equal(t, 1, w.count(`select count(*) from outcome where revoke_time is null`), "the last one counts")
}

// The answer of a request that was on its way is noted wherever the cancellation stands by then.
func TestAnAnswerThatComesWhileItIsWithdrawnEndsItsLease(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1"))[0]
	result := w.resultOf(leased, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	require.NoError(t, w.whileWithdrawn(leased, func() error {
		return w.store.StoreResults(t.Context(), []ledger.Result{result},
			func(_ ledger.Result, err error) { t.Error(err) })
	}))
	require.Equal(t, "withdrawn too_late", w.text(`select state || ' ' || disposition from cancellation_now`))
	require.Equal(t, 1, w.count(`select count(*) from cancellation_now where lease_until is null`))
}

func TestAnActMeetsWhatIsWithdrawnMeanwhile(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	var effect ledger.Effect
	require.NoError(t, w.whileWithdrawn(d, func() (err error) {
		effect, err = w.acts().Operate(t.Context(), ledger.MarkDone, act(""), ledger.CancellationFilter{
			Scheme: rowtest.SchemeName, IDs: []int64{d.ID},
		}, ledger.Bounds{Max: 10})
		return err
	}))
	require.Equal(t, "withdrawn", w.state(d))
	require.EqualValues(t, []int64{0, 1}, []int64{effect.Count, effect.RefusedCount})
}

// What shares an order takes it over while a run withdraws its bill, or a person sets its scheme to send: it moves from
// one table to the other between two statements, and must be found in either.
func TestWhatTakesAnOrderOverWhileItIsWithdrawnIsWithdrawn(t *testing.T) {
	for want, do := range map[string]func(w *writer) error{
		"A1 withdrawn no_trigger, A2 withdrawn no_trigger": func(w *writer) error {
			return pgx.BeginFunc(w.Context(), w.pool, func(tx pgx.Tx) error {
				_, err := ledger.WithdrawBills(w.Context(), tx, rowtest.SchemeName, []int64{2})
				return err
			})
		},
		"A1 withdrawn no_trigger, A2 dry_run dry_run": func(w *writer) error {
			return pgx.BeginFunc(w.Context(), w.pool, func(tx pgx.Tx) error {
				_, err := ledger.EndUnsentAsDryRun(w.Context(), tx, rowtest.SchemeName)
				return err
			})
		},
	} {
		t.Run(want, func(t *testing.T) {
			w := setupWriter(t)
			w.runs(voidedPage(1, "A1", "WH1"))
			w.runs(shares(voidedPage(2, "A2", "WH2")))
			require.NoError(t, w.whileWithdrawn(w.due("A1")[0], func() error { return do(w) }))
			require.Equal(t, want, w.text(standing))
		})
	}
}

// Whoever holds a row of an order decides about it just now: giving way waits for nobody, and has its turn later.
func TestGivingWayWaitsForNobody(t *testing.T) {
	w := setupWriter(t)
	w.runs(held(voidedPage(1, "A1", "WH1"), rule.HoldNoEventTime))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.runs(held(shares(voidedPage(3, "A3", "WH3")), rule.HoldNoEventTime))
	for _, row := range []string{
		`warehouse_order where order_code = 'A1'`, `unsettled_cancellation where bill_id = 1`,
		`shared_cancellation where bill_id = 2`, `shared_cancellation where bill_id = 3`,
	} {
		require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `select from `+row+` for update`); err != nil {
				return err
			}
			gave, err := w.store.GiveWay(t.Context())
			require.Zero(t, gave, row)
			return err
		}))
	}
	gave, err := w.store.GiveWay(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, gave)
}

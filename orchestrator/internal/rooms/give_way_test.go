package rooms_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// held lets what a page owes wait for a person.
func held(page ledger.Page, reason rule.HoldReason) ledger.Page {
	page.Cancellations[0].Hold = reason
	return page
}

// givesWay lets senders give way, and ends a run that found nothing.
func (w *writer) givesWay() {
	w.Helper()
	_, err := w.store.GiveWay(w.Context())
	require.NoError(w, err)
	w.runs(voidedPage(9, "A9", "WH9"))
}

// sent are the bills of those that can be asked for now, each answered as cancelled.
func (w *writer) sent(nos ...string) []string {
	w.Helper()
	var sent []string
	for _, no := range nos {
		for _, d := range w.lease(w.due(no)) {
			w.result(d, rule.Cancelled, done)
			sent = append(sent, d.BillNo)
		}
	}
	return sent
}

// The doubt is about one bill: the other owner of the order was voided for certain, and waited for a person who was
// asked about the first.
func TestAHeldOwnerGivesWayToOneThatIsFree(t *testing.T) {
	for _, reason := range []rule.HoldReason{rule.HoldNoEventTime, rule.HoldPartAway} {
		t.Run(string(reason), func(t *testing.T) {
			w := setupWriter(t)
			w.runs(held(voidedPage(1, "A1", "WH1"), reason))
			require.Equal(t, "A1 held", w.text(standing))
			require.Equal(t, []string{string(reason)}, openWorkKinds(t, w.pool))
			w.runs(shares(voidedPage(2, "A2", "WH2")))
			w.runs(held(shares(voidedPage(3, "A3", "WH3")), reason))
			w.givesWay()
			require.Equal(t, "A1 open with A2, A2 open, A3 open with A2, A9 open", w.text(standing))
			require.Empty(t, openWorkKinds(t, w.pool), "nobody need decide")
			require.Equal(t, []string{"A2"}, w.sent("A1", "A2", "A3"))
			require.Equal(t, "A1 done cancelled with A2, A2 done cancelled, A3 done cancelled with A2, A9 open",
				w.text(standing))
		})
	}
}

// It takes the order back, and is asked about again, once the one that was free is withdrawn.
func TestAHeldOwnerThatTakesItsOrderBackIsAskedAbout(t *testing.T) {
	w := setupWriter(t)
	w.runs(held(voidedPage(1, "A1", "WH1"), rule.HoldNoEventTime))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.givesWay()
	require.Empty(t, openWorkKinds(t, w.pool))
	w.leaveInFlight(w.due("A2")[0])
	require.Equal(t, "A1 held, A2 withdrawn no_trigger, A9 open", w.text(standing))
	require.Equal(t, []string{"no_event_time"}, openWorkKinds(t, w.pool))
}

// The bill of the one that is sent cannot be read, and a person is asked; the other's can.
func TestAnOwnerThatCannotBeReadGivesWay(t *testing.T) {
	w := setupWriter(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.rows.Exec(`update unsettled_cancellation set unread_since = now() - interval '2 hours'`)
	w.committed(w.due("A1")[0], rule.Unread, time.Now())
	require.Equal(t, "A1 needs_attention, A2 needs_attention with A1", w.text(standing))
	w.givesWay()
	require.Equal(t, "A1 open with A2, A2 open, A9 open", w.text(standing))
	require.Empty(t, openWorkKinds(t, w.pool))

	// That of the other cannot either. They do not take turns.
	w.rows.Exec(`update unsettled_cancellation set unread_since = now() - interval '2 hours' where bill_id = 2`)
	w.committed(w.due("A2")[0], rule.Unread, time.Now())
	w.givesWay()
	require.Equal(t, "A1 needs_attention with A2, A2 needs_attention, A9 open", w.text(standing))
	require.Equal(t, []string{"bill_unread"}, openWorkKinds(t, w.pool))
}

// Whether the order may go is in doubt: its other owner was un-audited, and nobody knows whether the WMS takes its
// number again; or it may be one of many that only seem to be deleted. It shared the order, and nobody was asked.
func TestNoOwnerIsSentBeforeAPersonHasSpokenAboutTheOrder(t *testing.T) {
	for _, reason := range []rule.HoldReason{rule.HoldNumberReuse, rule.HoldManyGone} {
		t.Run(string(reason), func(t *testing.T) {
			w := setupWriter(t)
			w.runs(voidedPage(1, "A1", "WH1"))
			w.runs(held(shares(voidedPage(2, "A2", "WH2")), reason))
			require.Equal(t, "A1 open, A2 open with A1", w.text(standing))
			require.Empty(t, w.sent("A1"))
			w.givesWay()
			require.Equal(t, "A1 held with A2, A2 held, A9 open", w.text(standing))
			require.Equal(t, []string{string(reason)}, openWorkKinds(t, w.pool))
			require.Empty(t, w.sent("A1", "A2"))
			w.givesWay()
			require.Equal(t, "A1 held with A2, A2 held, A9 open", w.text(standing))
			released, err := w.acts().Release(t.Context(), act(""), nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, released)
			require.Equal(t, []string{"A2"}, w.sent("A1", "A2"))
			require.Equal(t, "A1 done cancelled with A2, A2 done cancelled, A9 open", w.text(standing))
		})
	}
}

// Something calls for it by now that needs no person: it shares the order, and holds nobody up.
func TestASharerThatIsVoidedNeedsNoPersonAnyLonger(t *testing.T) {
	w := setupWriter(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.runs(held(shares(voidedPage(2, "A2", "WH2")), rule.HoldNumberReuse))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	require.Equal(t, "A1 open, A2 open with A1", w.text(standing))
	require.Equal(t, []string{"A1"}, w.sent("A1", "A2"))
}

// What may have reached the WMS goes on: what came of it must be found out.
func TestWhatMayHaveLandedGoesOnWhoeverSharesTheOrder(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(leased, rule.Unknown, rule.Next{State: rule.Open})
	w.runs(held(shares(voidedPage(2, "A2", "WH2")), rule.HoldNumberReuse))
	w.givesWay()
	require.Equal(t, "A1 open, A2 open with A1, A9 open", w.text(standing))
	require.Equal(t, []string{"A1"}, w.sent("A1", "A2"))
}

// In one page, or where the one that was sent is withdrawn: the order goes to whom it would be given way.
func TestAFreeOwnerComesBeforeAHeldOne(t *testing.T) {
	for reason, want := range map[rule.HoldReason]string{
		rule.HoldNoEventTime: "A1 open with A2, A2 open", rule.HoldNumberReuse: "A1 held, A2 held with A1",
	} {
		t.Run("of a page, "+string(reason), func(t *testing.T) {
			w := setupWriter(t)
			page, second := held(voidedPage(1, "A1", "WH1"), reason), shares(voidedPage(2, "A2", "WH2"))
			page.Bills, page.Cursor = append(page.Bills, second.Bills...), 2
			page.Cancellations = append(page.Cancellations, second.Cancellations...)
			page.RunCounts.Add(second.RunCounts)
			_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Second)), none)
			require.NoError(t, err)
			require.Equal(t, want, w.text(standing))
		})
	}
	t.Run("of those that take an order over", func(t *testing.T) {
		w := setupWriter(t)
		w.runs(voidedPage(1, "A1", "WH1"))
		w.runs(held(shares(voidedPage(2, "A2", "WH2")), rule.HoldNoEventTime))
		w.runs(shares(voidedPage(3, "A3", "WH3")))
		w.leaveInFlight(w.due("A1")[0])
		require.Equal(t, "A1 withdrawn no_trigger, A2 open with A3, A3 open, A9 open", w.text(standing))
	})
}

// setupElsewhere is a bench on which A2, of a scheme of another data centre, shares the order of A1.
func setupElsewhere(t *testing.T) *writer {
	w := setupWriter(t)
	w.rows.Scheme(rowtest.Scheme{Scheme: "elsewhere"})
	w.rows.Exec(`update scheme set data_center_id = 'dc-2' where scheme = 'elsewhere'`)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.elsewhere(shares(voidedPage(2, "A2", "WH2")))
	require.Equal(t, "A1 open, A2 open with A1", w.text(standing))
	return w
}

// elsewhere is a decision of the scheme of another data centre.
func (w *writer) elsewhere(page ledger.Page) {
	w.Helper()
	basis := w.basisOf(100, 500)
	basis.Scheme = "elsewhere"
	_, err := w.store.CommitDecided(w.Context(), basis, page, func(pgx.Tx, ledger.Committed) error { return nil })
	require.NoError(w, err)
}

// A scheme that does not send kept the orders of another one that does.
func TestAnOwnerWhoseSchemeDoesNotSendGivesWay(t *testing.T) {
	for name, stop := range map[string]func(w *writer) error{
		"in dry run": func(w *writer) error {
			_, err := w.acts().SetMode(w.Context(), act(""), false)
			return err
		},
		"paused": func(w *writer) error { return w.acts().Pause(w.Context(), act("")) },
		"stopped": func(w *writer) error {
			return w.store.StopScheme(w.Context(), rowtest.SchemeName, rule.StopMixed, "")
		},
		"its Kingdee is away": func(w *writer) error {
			w.rows.Condition(rowtest.Condition{Kind: "kingdee_away", DataCenterID: "dc-1"})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := setupElsewhere(t)
			require.NoError(t, stop(w))
			_, err := w.store.GiveWay(t.Context())
			require.NoError(t, err)
			w.elsewhere(voidedPage(9, "A9", "WH9"))
			w.rows.Exec(`update unsettled_cancellation set update_time = now() - interval '2 minutes'`)
			_, err = w.store.OpenLongPlanned(t.Context(), "elsewhere", rule.SafetyLimits{PerHour: 100, PerDay: 100})
			require.NoError(t, err)
			require.Equal(t, "A1 open with A2, A2 open, A9 open", w.text(standing))
			require.Equal(t, []string{"A2"}, w.sent("A1", "A2"))
			require.Equal(t, "A1 done cancelled with A2, A2 done cancelled, A9 open", w.text(standing))
		})
	}
}

// While the WMS account itself is away nobody can be sent for, and the order stays where it is.
func TestNobodyGivesWayForWhatConcernsAll(t *testing.T) {
	w := setupElsewhere(t)
	w.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: "default"})
	given, err := w.store.GiveWay(t.Context())
	require.NoError(t, err)
	require.Zero(t, given)
	require.Equal(t, "A1 open, A2 open with A1", w.text(standing))
}

// A scheme is set to send: what it owed until then ends, also where it shares the order of another scheme's.
func TestSettingASchemeToSendEndsWhatItSharesWithAnother(t *testing.T) {
	w := setupElsewhere(t)
	elsewhere := ledger.Act{Scheme: "elsewhere", Actor: "li", Reason: "test"}
	_, err := w.acts().SetMode(t.Context(), elsewhere, false)
	require.NoError(t, err)
	ended, err := w.acts().SetMode(t.Context(), elsewhere, true)
	require.NoError(t, err)
	require.EqualValues(t, 1, ended)
	require.Equal(t, "A1 open, A2 dry_run dry_run", w.text(standing))
}

// Nobody need act: a dispatch looks every two seconds.
func TestADispatchLetsOwnersGiveWay(t *testing.T) {
	w := setupWriter(t)
	w.runs(held(voidedPage(1, "A1", "WH1"), rule.HoldNoEventTime))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	dispatch := push.Dispatcher{
		Store: w.store, Registry: intake.NewRegistry(nil, nil), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	require.NoError(t, dispatch.Run(t.Context()))
	require.Equal(t, "A1 planned with A2, A2 planned", w.text(standing))
}

package rooms_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// An orchestrator with the old file is in the middle of a run, a look or a backfill while another starts with a file
// that adds an order: a bill voided after that owes the order, but the old one does not know it, and whoever reads the
// bill next finds it unchanged.
func TestWhatWasDecidedUnderAnOlderRevisionIsRefusedOnceThereIsANewer(t *testing.T) {
	refused(t, func(w *writer) { w.revise("orders: {Assembly.in: {}, Assembly.out: {}}\n") })
}

// A person sets the scheme to send while a page is being decided: what ended before that must not be sent because the
// page was decided under the cutover before it.
func TestWhatWasDecidedBeforeTheSchemeWasSetToSendIsRefusedAfterIt(t *testing.T) {
	refused(t, func(w *writer) {
		w.rows.Exec(`update scheme set mode = 'dry_run'`)
		_, err := w.acts().SetMode(w.Context(), act(""), true)
		require.NoError(w, err)
	})
}

// refused wants everything refused, and nothing stored, that was decided before the scheme changed.
func refused(t *testing.T, change func(w *writer)) {
	t.Helper()
	type decided struct {
		*writer
		run   *ledger.Run
		basis ledger.Basis
		page  ledger.Page
	}
	for what, write := range map[string]func(d decided) error{
		"a page": func(d decided) error { return d.store.CommitPage(d.Context(), d.run, d.page, none) },
		"the end of a run": func(d decided) error {
			_, err := d.store.FinishRun(d.Context(), d.run, d.page, finishAt(rowtest.Now), none)
			return err
		},
		"a look": func(d decided) error {
			_, err := d.store.CommitDecided(d.Context(), d.basis,
				d.page, func(pgx.Tx, ledger.Committed) error { return nil })
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := setupWriter(t)
			w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
			d := decided{w, w.run(), w.basisOf(100, 500), voidedPage(2, "A2", "WH1")}
			change(w)
			require.ErrorIs(t, write(d), ledger.ErrConflict)
			require.Zero(t, w.count(`select count(*) from cancellation_now`))
			require.Equal(t, 1,
				w.count(`select count(*) from bill`), "the next run, under what holds now, finds it new")
		})
	}
}

package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestAPersonMovesTheWatermarkAndNoRunBringsTheOldOneBack(t *testing.T) {
	w := setupWriter(t)
	began := w.run()
	to := rowtest.Now.Add(-24 * time.Hour)
	before, err := w.acts().MoveWatermark(t.Context(), act("k1"), to)
	require.NoError(t, err)
	require.Equal(t, rowtest.Now, before)
	again, err := w.acts().MoveWatermark(t.Context(), act("k1"), to)
	require.NoError(t, err)
	require.Equal(t, before, again, "the same call answers the same")

	// A run that began before the move, with nothing written yet: it can neither end nor beat.
	_, err = w.store.FinishRun(t.Context(), began, ledger.Page{}, finishAt(rowtest.Now.Add(time.Hour)), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
	_, err = w.store.FinishRun(t.Context(), began, voidedPage(1, "A1", "WH1"),
		finishAt(rowtest.Now.Add(time.Hour)), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
	require.Equal(t, 1, w.count(`select count(*) from watermark where watermark_time = $1`, to))

	w.owe(1, "A1", "WH1")
	forward := rowtest.Now.Add(2 * time.Minute)
	_, err = w.acts().MoveWatermark(t.Context(), act("k2"), forward)
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`select count(*) from watermark where watermark_time = $1`, forward))
}

func TestAWatermarkThatCannotBeMoved(t *testing.T) {
	w := setupWriter(t)
	refused := func(scheme string, to time.Time) {
		t.Helper()
		a := act("")
		a.Scheme = scheme
		_, err := w.acts().MoveWatermark(t.Context(), a, to)
		var watermark *ledger.WatermarkError
		require.ErrorAs(t, err, &watermark)
	}
	w.rows.Scheme(rowtest.Scheme{Scheme: "new", NoWatermark: true})
	refused("new", rowtest.Now)
	refused(rowtest.SchemeName, time.Now().Add(time.Hour))

	// The vendor's clock is behind ours.
	w.owe(1, "A1", "WH1")
	w.rows.Exec(`update run_reading set vendor_time = service_time - interval '10 minutes'`)
	refused(rowtest.SchemeName, time.Now().Add(-5*time.Minute))

	require.NoError(t, w.store.CommitPage(t.Context(), w.run(), voidedPage(2, "A2", "WH1"), none))
	refused(rowtest.SchemeName, rowtest.Now)
	require.Zero(t, w.count(`select count(*) from watermark_change`))
	require.Zero(t, w.count(`select count(*) from operator_action`))
}

func TestTheHistoryOfAWatermarkIsListedInPages(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	_, err := w.acts().MoveWatermark(t.Context(), act(""), rowtest.Now.Add(-time.Hour))
	require.NoError(t, err)
	w.owe(2, "A2", "WH1")
	var seen []string
	for key, pages := (ledger.WatermarkChangeKey{}), 0; pages < 5; pages++ {
		moves, err := w.store.WatermarkChanges(t.Context(), rowtest.SchemeName, key, 1)
		require.NoError(t, err)
		if len(moves) == 0 {
			break
		}
		key = moves[0].Key
		by := "run"
		if key.RunID == 0 {
			by = moves[0].Actor
		}
		seen = append(seen, by+" "+moves[0].WatermarkBefore.Format(time.TimeOnly)+" "+
			moves[0].WatermarkAfter.Format(time.TimeOnly))
	}
	require.Equal(t, []string{"run 01:00:00 02:00:01", "li 02:00:01 01:00:00", "run 02:00:00 02:00:01"}, seen)
	require.Equal(t, 3,
		w.count(`select count(*) from reporting.watermark_change where scheme = $1`, rowtest.SchemeName))
}

package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

const behind = `select coalesce(string_agg(kind || ' ' || detail, ', '), '') from condition where end_time is null`

// tell is what a host comes to that tells who is behind.
func (w *writer) tell() string {
	w.Helper()
	require.NoError(w, w.store.TellBehind(w.Context()))
	return w.text(behind)
}

func TestTheLastCompleteRunOlderThanFiveIntervalsIsReadingBehind(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`update scheme set incremental_millis = 60000`)
	w.rows.Exec(`update watermark set last_run_time = now() - interval '299 seconds'`)
	require.Empty(t, w.tell())
	w.rows.Exec(`update watermark set last_run_time = now() - interval '301 seconds'`)
	require.Equal(t, "reading_behind ", w.tell())
	w.rows.Exec(`
insert into run_failure (scheme, error, failures, not_before) values ($1, 'VENDOR_REFUSED: 文本', 1, now())`,
		rowtest.SchemeName)
	require.Equal(t, "reading_behind VENDOR_REFUSED: 文本", w.tell(), "what keeps it is the detail")
	require.Equal(t, "true false", w.text(
		`select (since < now() - interval '301 seconds') || ' ' || (blocks_reading or blocks_sending) from condition`))
	w.rows.Exec(`update watermark set last_run_time = now()`)
	require.Empty(t, w.tell())
	w.rows.Exec(`update watermark set last_run_time = now() - interval '1 day'`)
	w.rows.Exec(`update scheme set active = false`)
	require.Empty(t, w.tell(), "nobody reads it any more")
}

func TestABaselineIsBehindOnceItFailsAgainAndAgain(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`delete from watermark`)
	w.rows.Exec(`update scheme set incremental_millis = 60000, create_time = now() - interval '10 minutes'`)
	require.Empty(t, w.tell(), "a first baseline takes its time")
	w.rows.Exec(`insert into run_failure (scheme, error, failures, not_before) values ($1, 'clocks apart', 5, now())`,
		rowtest.SchemeName)
	require.Equal(t, "reading_behind clocks apart", w.tell())
}

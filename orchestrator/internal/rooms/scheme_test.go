package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A scheme is renamed, or taken out of the file, while it owes something.
func TestWhatASchemeTakenOutOfTheFileOwesIsTold(t *testing.T) {
	w := setupWriter(t)
	sync := func(file ...int) {
		_, err := w.store.SyncSchemes(t.Context(), rowtestFile()[:len(file)])
		require.NoError(t, err)
	}
	w.owe(1, "A1", "WH1")
	sync()
	require.Equal(t, "1 unsettled",
		w.text(`select detail from work_item where close_time is null and kind = 'scheme_inactive'`))
	require.NotEmpty(t, w.text(`select action from reporting.work_item where kind = 'scheme_inactive'`))
	sync()
	require.Equal(t, 1, w.count(openWorkItems), "told once")
	sync(1)
	require.Zero(t, w.count(openWorkItems), "it is back")
	w.rows.Exec(`update cancellation_now set state = 'done', outcome_time = now()`)
	sync()
	require.Zero(t, w.count(openWorkItems), "nothing is owed")
}

package ledger_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Records have plain times, and zero is our unset date: a column without a value must not be an error, and no time may
// come in the zone of the host.
func TestANullIsReadAsTheZeroTime(t *testing.T) {
	t.Parallel()
	pool := openLedger(t)
	type record struct {
		Unset, Set time.Time
		Pointer    *time.Time
		Many       []time.Time
	}
	rows, err := pool.Query(t.Context(), `
select null::timestamptz as unset, '2026-11-29 08:00+08'::timestamptz as set, null::timestamptz as pointer,
       array['2026-11-29 08:00+08', null]::timestamptz[] as many`)
	require.NoError(t, err)
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[record])
	require.NoError(t, err)
	at := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	require.Equal(t, record{Set: at, Many: []time.Time{at, {}}}, got)

	var never time.Time
	require.ErrorContains(t, pool.QueryRow(t.Context(), `select 'infinity'::timestamptz`).Scan(&never),
		"infinity is none")
}

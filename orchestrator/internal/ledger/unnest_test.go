package ledger_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// What rows hold comes back as it was, but for what Postgres has no room for: an unset time and the id 0 are null where
// the tag says so, and NUL in a text is replaced.
func TestRowsTurnedOnTheirSideComeBackAsTheyWere(t *testing.T) {
	type word string
	type row struct {
		ID    int64         `col:"id bigint or null"`
		Count int           `col:"count integer"`
		Text  string        `col:"text text"`
		Word  word          `col:"word text"`
		Yes   bool          `col:"yes boolean"`
		At    time.Time     `col:"at timestamptz"`
		For   time.Duration `col:"span interval"`
		Bytes []byte        `col:"bytes bytea"`
	}
	pool := openLedger(t)
	at := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	columns := ledger.ColumnsOf[row]("r")
	rows, err := pool.Query(t.Context(), `
select @suffix || coalesce(id::text, 'null') || ' ' || count || ' ' || text || ' ' || word || ' ' || yes || ' '
    || coalesce(extract(epoch from at)::bigint::text, 'null') || ' ' || extract(epoch from span)::integer || ' '
    || length(bytes)
from `+columns.From+` order by count`, columns.Args([]row{
		{ID: 7, Count: 1, Text: "a\x00b", Word: "held", Yes: true, At: at, For: time.Minute, Bytes: []byte("xyz")},
		{Count: 2},
	}, pgx.StrictNamedArgs{"suffix": "#"}))
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"#7 1 a\uFFFDb held true 1795939200 60 3", "#null 2   false null 0 0"}, found)
}

package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
)

// No orchestrator ran when a month began, or its housekeeping came a moment late: the month's first evidence is
// in the rest.
func TestAPartitionTakesTheRowsOfItsMonthFromTheRest(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1"})
	w.rows.Attempt(rowtest.Attempt{
		CancellationID: cancellation, Disposition: "cancelled", Request: []byte("question"), Reply: []byte("answer"),
	})
	w.rows.Exec(`insert into attempt_evidence values ($1, 2, '2020-01-01', 'old', 'old')`, cancellation)

	var ensured errgroup.Group
	for range 3 {
		ensured.Go(func() error { return worker.NewHousekeepingRows(w.pool).EnsurePartitions(t.Context()) })
	}
	require.NoError(t, ensured.Wait())
	require.NoError(t, worker.NewHousekeepingRows(w.pool).EnsurePartitions(t.Context()))
	require.Equal(t, 1, w.count(`select count(*) from attempt_evidence_rest`), "what belongs to no month")
	require.Equal(t, 2, w.count(`select count(*) from attempt_evidence`))
	require.Equal(t, 3, w.count(`select count(*) from pg_inherits where inhparent = 'attempt_evidence'::regclass`))
	require.Equal(t, 3, w.count(`select count(*) from pg_indexes where indexdef like '%(cancellation_id, attempt)' `+
		`and tablename like 'attempt_evidence\_%'`))
}

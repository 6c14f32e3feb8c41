package rooms_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/worker"
)

const day = 24 * time.Hour

var keep = ledger.Retention{Evidence: 180 * day, Bills: 730 * day}

// tidy does a chore to its end and answers how many chunks it took.
func (w *writer) tidy(chore string) (chunks int) {
	w.Helper()
	for more := true; more; chunks++ {
		var err error
		more, err = worker.NewHousekeepingRows(w.pool).Tidy(w.Context(), chore, keep)
		require.NoError(w, err)
	}
	return chunks
}

// month makes the evidence partition of a month long ago, with so many rows in it.
func (w *writer) month(name, from, to string, rows int) {
	w.rows.Exec(`create table attempt_evidence_` + name + ` partition of attempt_evidence for values from ('` + from +
		`') to ('` + to + `')`)
	w.rows.Exec(`insert into attempt_evidence (cancellation_id, attempt, store_time, request, reply)
select n, 1, $1::timestamptz, 'q', 'a' from generate_series(1, $2) as n`, from, rows)
}

func TestEvidenceIsDroppedByTheMonthOnceAllOfItIsOld(t *testing.T) {
	w := setupWriter(t)
	w.month("202001", "2020-01-01", "2020-02-01", 3)
	w.month("202002", "2020-02-01", "2020-03-01", 2)
	young := time.Now().UTC().Add(-180 * day)
	first := time.Date(young.Year(), young.Month(), 1, 0, 0, 0, 0, time.UTC)
	w.month(first.Format("200601"), first.Format(time.DateOnly), first.AddDate(0, 1, 0).Format(time.DateOnly), 5)

	require.Equal(t, 2, w.tidy("evidence_months"))
	require.Equal(t, 5, w.count(`select count(*) from attempt_evidence`),
		"a month is kept until its last day is old enough")
	require.Equal(t, "attempt_evidence_202001 3, attempt_evidence_202002 2",
		w.text(`select string_agg(subject || ' ' || row_count, ', ' order by housekeeping_id)
from reporting.housekeeping
where byte_count > 0`))

	require.NoError(t, worker.NewHousekeepingRows(w.pool).EnsurePartitions(t.Context()))
	require.Equal(t, 1, w.tidy("evidence_months"), "it rests until the next hour")
}

// A long report reads the evidence. Housekeeping that waited for it would keep every writer waiting behind itself.
func TestAMonthThatIsReadIsLeftForTheNextRun(t *testing.T) {
	w := setupWriter(t)
	w.month("202001", "2020-01-01", "2020-02-01", 1)
	report, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = report.Exec(t.Context(), `select count(*) from attempt_evidence`)
	require.NoError(t, err)
	_, err = worker.NewHousekeepingRows(w.pool).Tidy(t.Context(), "evidence_months", keep)
	require.Error(t, err)
	require.Equal(t, "the table was in use; tried again with the next run",
		w.text(`select last_error from reporting.housekeeping`))

	require.NoError(t, report.Rollback(context.WithoutCancel(t.Context())))
	w.tidy("evidence_months")
	require.Equal(t, 0, w.count(`select count(*) from attempt_evidence`))
	require.Equal(t, "", w.text(`select last_error from reporting.housekeeping`))
}

// A job a second comes and goes; what that leaves in the indexes of the queue, only an owner can give back.
func TestTheIndexesOfTheQueueAreMadeAnewOnceTheyHaveGrown(t *testing.T) {
	w := setupWriter(t)
	require.Equal(t, 1, w.tidy("queue_indexes"))
	require.Zero(t, w.count(`select count(*) from housekeeping`), "nothing has grown")
	w.rows.Exec(`
insert into river_job (state, kind, args, max_attempts, priority, queue, finalized_at)
select 'completed', 'dispatch', '{}', 1, 1, 'dispatch', now() from generate_series(1, 30000)`)
	size := `select sum(pg_relation_size(indexrelid))::integer from pg_index where indrelid = 'river_job'::regclass`
	before := w.count(size)
	require.Greater(t, before, 1<<20)
	w.rows.Exec(`delete from river_job`)
	// A round of autovacuum that began before keeps what it may still see in the indexes.
	require.Eventually(t, func() bool {
		w.rows.Exec(`update chore set last_run_time = now() - interval '1 day'`)
		require.Equal(t, 1, w.tidy("queue_indexes"))
		return w.count(`select count(*) from housekeeping where chore = 'queue_indexes'`) > 0
	}, 30*time.Second, 100*time.Millisecond)
	given := w.count(`select sum(byte_count)::integer from housekeeping where chore = 'queue_indexes'`)
	require.Positive(t, given)
	// A round that gave nothing back may have made an index a page or two larger.
	require.InDelta(t, before-w.count(size), given, 1<<16)
}

func TestOldEvidenceThatNoMonthTookIsDeletedInChunks(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`insert into attempt_evidence_rest select n, 1, now() - interval '200 days', 'q', 'a'
from generate_series(1, 1500) as n`)
	w.rows.Exec(`insert into attempt_evidence_rest values (1, 2, '2099-01-01', 'q', 'a')`)
	require.Equal(t, 2, w.tidy("evidence_rest"))
	require.Equal(t, 1, w.count(`select count(*) from attempt_evidence_rest`))
	require.Equal(t, "1000 500",
		w.text(`select string_agg(row_count::text, ' ' order by housekeeping_id) from reporting.housekeeping`))
}

// What was ever live, owes anything, or waits for a person is kept for ever; a bill that never did is forgotten
// after two years.
func TestOnlyBillsThatCanOweNothingAreForgotten(t *testing.T) {
	w := setupWriter(t)
	for id, class := range []string{
		"never_audited", "before_cutover", "never_audited", "live", "voided", "un_audited",
		"never_audited", "before_cutover",
	} {
		w.rows.Bill(rowtest.Bill{ID: int64(id + 1), No: class, Class: class})
	}
	w.rows.Exec(`update bill set ever_live = false where class in ('never_audited', 'before_cutover')`)
	w.rows.Exec(`update bill set ever_live = true where bill_id = 3`)
	w.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "never_audited", State: "withdrawn"})
	w.rows.Work(rowtest.Work{Kind: "bill_undecodable", BillID: 8, Closed: "readable"})
	w.tidy("bills_without_cancellation")
	require.Equal(t, 8, w.count(`select count(*) from bill`), "nothing is old")

	w.rows.Exec(`update bill set read_time = now() - interval '731 days'`)
	w.rows.Exec(`update chore set last_run_time = now() - interval '1 day'`)
	w.tidy("bills_without_cancellation")
	require.Equal(t, "3 4 5 6 7 8", w.text(`select string_agg(bill_id::text, ' ' order by bill_id) from bill`))
}

// The order that a cancel is for was made from the last snapshot; those of earlier lives only explain what
// was done then.
func TestTheLastSnapshotOfABillIsKeptForEver(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live", Generation: 3, Snapshot: true})
	for _, generation := range []int{1, 2} {
		w.rows.Exec(`insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
values ($1, 1, $2, '{}', now())`, rowtest.SchemeName, generation)
	}
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", Generation: 2, State: "needs_attention"})
	w.rows.Exec(`update bill_snapshot set read_time = now() - interval '10 years'`)
	w.tidy("snapshots_of_past_lives")
	require.Equal(t, "2 3", w.text(`select string_agg(generation::text, ' ' order by generation) from bill_snapshot`))
}

// A recheck every ten minutes is 50,000 records a year that say nothing.
func TestQuietReconcilesAreForgottenAndTheLatestIsNot(t *testing.T) {
	w := setupWriter(t)
	for _, reconcile := range []struct{ gone, days int }{{0, 200}, {1, 200}, {0, 200}, {0, 1}} {
		w.rows.Exec(`
with made as (
    insert into run (scheme, kind, revision, state, end_time)
    values ($1, 'recheck', 1, 'complete', now() - $3 * interval '1 day')
    returning run_id
)
insert into run_comparison (run_id, phase, bills_gone) select run_id, 'done', $2 from made`,
			rowtest.SchemeName, reconcile.gone, reconcile.days)
	}
	w.tidy("quiet_reconciles")
	require.Equal(t, "1/200 0/1", w.text(`select string_agg(bills_gone || '/' || (now()::date - end_time::date),
       ' ' order by run_id)
		from run join run_comparison using (run_id)`))
	w.rows.Exec(`update run set end_time = now() - interval '300 days'`)
	w.rows.Exec(`update chore set last_run_time = now() - interval '1 day'`)
	w.tidy("quiet_reconciles")
	require.Equal(t, 2, w.count(`select count(*) from run join run_comparison using (run_id)`),
		"the latest says when the next is due")
}

// Events go from the oldest on, and what went is known to whoever asks for what came behind it.
func TestEventsAreKeptForNinetyDays(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`delete from event_inbox`)
	w.rows.Exec(`
insert into event_inbox (kind, scheme, about_id, create_time)
select 'act', $1, n, now() - (case when n <= 1500 then '91 days' when n = 1501 then '1 day' when n = 1502 then '95 days'
    else '0' end)::interval from generate_series(1, 1600) n`, rowtest.SchemeName)
	_, err := ledger.NumberEvents(t.Context(), w.pool)
	require.NoError(t, err)
	w.tidy("events")
	require.Equal(t, "1500 1501 1600", w.text(`
select dropped_number || ' ' || (select min(event_number) || ' ' || max(event_number) from event)
from ledger_identity`),
		"one that is old stays behind one that is kept")
	w.rows.Exec(`update event set create_time = now() - interval '100 days'`)
	w.rows.Exec(`update chore set last_run_time = now() - interval '1 day'`)
	w.tidy("events")
	require.Equal(t, "1600 0", w.text(`
select dropped_number || ' ' || (select count(*) from event) from ledger_identity`))
}

func TestCountsStayCheapAndBecomeTrueAgain(t *testing.T) {
	w := setupWriter(t)
	counts := func() map[string]int64 {
		view, err := w.store.SchemeView(t.Context(), rowtest.SchemeName)
		require.NoError(t, err)
		return view.Counts
	}
	require.Empty(t, counts())
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "done"})
	open := w.rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "A2"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 3, BillNo: "A3", State: "needs_attention"})
	w.rows.Exec(`select setval(pg_get_serial_sequence('cancellation', 'cancellation_id'), 120000)`)
	w.rows.Cancellation(rowtest.Cancellation{BillID: 4, BillNo: "A4", State: "done"})
	want := map[string]int64{"done": 2, "open": 1, "needs_attention": 1}
	require.Equal(t, want, counts(), "nothing is counted ahead")
	require.Equal(t, 3, w.tidy("counts"), "two full blocks, and the end")
	require.Equal(t, want, counts())

	// One of an old block ends. What is open is exact at once, what has ended follows within the hour.
	w.rows.Exec(`update cancellation_now set state = 'done', outcome = 'cancelled', outcome_time = now()
where cancellation_id = $1`, open)
	require.Equal(t, map[string]int64{"done": 2, "needs_attention": 1}, counts())
	w.rows.Exec(`update chore set last_run_time = now() - interval '1 hour'`)
	w.rows.Exec(`update cancellation_count set count_time = now() - interval '1 hour'`)
	w.tidy("counts")
	require.Equal(t, map[string]int64{"done": 3, "needs_attention": 1}, counts())
}

// Two orchestrators at the same chore: one works, the other has nothing to do.
func TestAChoreIsDoneByOne(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`insert into attempt_evidence_rest select n, 1, now() - interval '200 days', 'q', 'a'
from generate_series(1, 10) as n`)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(),
			`select pg_advisory_xact_lock(hashtextextended('voidrelay chore evidence_rest', 0))`)
		require.NoError(t, err)
		more, err := worker.NewHousekeepingRows(w.pool).Tidy(t.Context(), "evidence_rest", keep)
		require.NoError(t, err)
		require.False(t, more)
		return nil
	}))
	require.Equal(t, 10, w.count(`select count(*) from attempt_evidence`))
	w.tidy("evidence_rest")
	require.Equal(t, 0, w.count(`select count(*) from attempt_evidence`))
}

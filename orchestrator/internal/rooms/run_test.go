package rooms_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestWatermarkAndCancellationsMoveTogether(t *testing.T) {
	w := setupWriter(t)
	run := w.run()
	watermark := rowtest.Now.Add(30 * time.Second)
	require.NoError(t, w.store.CommitPage(t.Context(), run, voidedPage(1, "A1", "WH1"), none))
	require.Equal(t, "planned", w.text(`select state from cancellation_now`),
		"a page that is not the last owes nothing yet")

	// Somebody else moves the watermark: the end of this run must change nothing at all.
	w.rows.Exec(`update watermark set version = version + 1`)
	_, err := w.store.FinishRun(t.Context(), run, voidedPage(2, "A2", "WH1"), finishAt(watermark), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
	require.Equal(t, 1, w.count(`select count(*) from cancellation_now`))
	require.Equal(t, "running", w.text(`select state from run`))

	w.rows.Exec(`update watermark set version = version - 1`)
	finished, err := w.store.FinishRun(t.Context(), run, voidedPage(2, "A2", "WH1"), finishAt(watermark), none)
	require.NoError(t, err)
	require.Equal(t, int64(2), finished.Opened, "every planned cancellation opens, also that of the first page")
	require.Equal(t, 1, w.count(`select count(*) from watermark where watermark_time = $1`, watermark))
	require.Equal(t, "complete", w.text(`select state from run`))
}

func TestOneCancellationIsOneRow(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1", "WH2")
	page := voidedPage(1, "A1", "WH1", "WH2", "WH3")
	require.NoError(t, w.pool.QueryRow(t.Context(), `select read_time from bill`).Scan(&page.Bills[0].Before))
	run := w.run()
	_, err := w.store.FinishRun(t.Context(), run, page, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, int64(1), run.RunCounts.OrdersNew)
	require.Equal(t, int64(2), run.RunCounts.OrdersAlreadyOwed)
	require.Equal(t, 3, w.count(`select count(*) from cancellation_now`))
}

func TestAPageDecidedFromOlderKnowledgeIsRefused(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	stale := voidedPage(1, "A1", "WH9")
	stale.Bills[0].Before = rowtest.Now
	_, err := w.store.FinishRun(t.Context(), w.run(), stale, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
	require.Equal(t, 1, w.count(`select count(*) from cancellation_now`))
}

func TestAIncrementalThatFindsNothingLeavesAHeartbeatAndNoRow(t *testing.T) {
	w := setupWriter(t)
	finish := finishAt(rowtest.Now.Add(time.Hour))
	finish.RowsRead = 12
	_, err := w.store.FinishRun(t.Context(), w.run(),
		ledger.Page{RunCounts: rule.RunCounts{Rows: 12, RowsOfBills: 12, Bills: 12, Unchanged: 12}}, finish, none)
	require.NoError(t, err)
	require.Zero(t, w.count(`select count(*) from run`))
	require.Equal(t, 12,
		w.count(`select last_run_rows from watermark where watermark_time = $1`, rowtest.Now.Add(time.Hour)))
}

// The failure: who asked for an incremental run that found nothing looked for it in vain.
func TestARunThatWasAskedForLeavesItsRowAndEventAlsoWhenItFoundNothing(t *testing.T) {
	w := setupWriter(t)
	finish := func(asked bool) string {
		run := w.run()
		run.Asked = asked
		_, err := w.store.FinishRun(t.Context(), run, ledger.Page{}, finishAt(rowtest.Now.Add(time.Hour)), none)
		require.NoError(t, err)
		return w.text(`
select count(*) || ' ' || (select count(*) from event_inbox where kind = 'run_ended' and reason = 'incremental')
from run`)
	}
	require.Equal(t, "0 0", finish(false))
	require.Equal(t, "1 1", finish(true))
	require.Equal(t, "1 1", finish(false))
}

// Of cancellations TestTheLedgerChangesStatesAsTheRulesSay tells it of every event.
func TestEveryOtherChangeLeavesAnEventInItsTransaction(t *testing.T) {
	w := setupWriter(t)
	seen := int64(0)
	told := func() (events string) {
		require.NoError(t, w.pool.QueryRow(t.Context(), `
select coalesce(string_agg(kind || ' ' || concat_ws(' ', nullif(state, ''), nullif(reason, '')), ', '
           order by event_id), ''), coalesce(max(event_id), $1)
from event_inbox where event_id > $1 and kind not like 'cancellation%'`, seen).Scan(&events, &seen))
		return events
	}
	told()
	w.owe(1, "A1", "WH1")
	require.Equal(t, "run_ended complete incremental", told())

	item := []ledger.WorkItem{{Scheme: rowtest.SchemeName, Work: ledger.Work{
		Kind: rule.WorkUndecodable, BillID: 9, BillNo: "A9",
	}}}
	change := func(fails error, do func(tx pgx.Tx) error) {
		err := ledger.InTx(t.Context(), w.pool, func(tx pgx.Tx) error { return errors.Join(do(tx), fails) })
		require.ErrorIs(t, err, fails)
	}
	opens := func(tx pgx.Tx) error {
		if _, err := ledger.OpenItems(t.Context(), tx, item); err != nil {
			return err
		}
		_, err := ledger.OpenCondition(t.Context(), tx, ledger.Condition{
			Kind: rule.ConditionWMSAway, Account: "default",
		})
		return err
	}
	change(errTakenBack, opens)
	require.Empty(t, told(), "what is taken back is not told")
	change(nil, opens)
	require.Equal(t, "work_item_opened open bill_undecodable, condition_opened wms_away", told())
	change(nil, opens)
	require.Empty(t, told(), "what is open already is no change")
	change(nil, func(tx pgx.Tx) error {
		if err := ledger.CloseWorkItems(t.Context(), tx, "read", `w.bill_id = 9`, pgx.StrictNamedArgs{}); err != nil {
			return err
		}
		_, err := ledger.EndConditions(t.Context(), tx, "it answers", `o.kind = 'wms_away'`, pgx.StrictNamedArgs{})
		return err
	})
	require.Equal(t, "work_item_closed closed bill_undecodable, condition_closed wms_away", told())

	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	require.Equal(t, "act resume", told())
	w.revise("organisations: ['100']\norders: {Assembly.in: {}}\nwarehouses: {CK001: {account: default, code: W1}}\n")
	require.Contains(t, told(), "scheme_revised")
}

var errTakenBack = errors.New("taken back")

func TestAQuietIncrementalStillSettlesWhatAnEarlierRunPlanned(t *testing.T) {
	w := setupWriter(t)
	lost := w.run()
	require.NoError(t, w.store.CommitPage(t.Context(), lost, voidedPage(1, "A1", "WH1"), none))
	require.NoError(t, w.store.FailRun(t.Context(), lost, "the scheme changed"))
	_, err := w.store.FinishRun(t.Context(), w.run(), ledger.Page{}, finishAt(rowtest.Now.Add(time.Hour)), none)
	require.NoError(t, err)
	require.Equal(t, "open", w.text(`select state from cancellation_now`))
}

func TestARunCountsThatDoesNotAddUpEndsNothing(t *testing.T) {
	w := setupWriter(t)
	page := voidedPage(1, "A1", "WH1")
	page.RunCounts.Rows++
	_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Hour)), none)
	var runCounts *rule.RunCountsError
	require.ErrorAs(t, err, &runCounts)
	require.Zero(t, w.count(`select count(*) from cancellation_now`))
}

func TestTwoRunsOfOneSchemeCannotBeUnderWay(t *testing.T) {
	w := setupWriter(t)
	require.NoError(t, w.store.CommitPage(t.Context(), w.run(), voidedPage(1, "A1", "WH1"), none))
	err := w.store.CommitPage(t.Context(), w.run(), voidedPage(2, "A2", "WH1"), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
}

func TestAKilledRunGoesOnFromItsCursor(t *testing.T) {
	w := setupWriter(t)
	run := w.run()
	require.NoError(t, w.store.CommitPage(t.Context(), run, voidedPage(7, "A7", "WH1"), none))
	resumed, err := w.store.UnfinishedRun(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Equal(t, int64(7), resumed.Cursor)
	require.Equal(t, int64(1), resumed.RunCounts.OrdersNew)
	require.True(t, resumed.Clock().Vendor.Equal(run.Clock().Vendor),
		"the watermark must follow the first header, not that of the process that ends the run")

	// Its next page is decided under the scheme as it stands now, so whoever resumes it says which cutover that is.
	resumed.Reading.SendSince = w.run().Reading.SendSince
	// The process that was thought dead wakes up with the old cursor.
	require.NoError(t, w.store.CommitPage(t.Context(), resumed, voidedPage(8, "A8", "WH1"), none))
	require.ErrorIs(t, w.store.CommitPage(t.Context(), run, voidedPage(9, "A9", "WH1"), none), ledger.ErrConflict)
}

func TestTheLockOfARunKeepsASecondChunkOut(t *testing.T) {
	w := setupWriter(t)
	unlock, ok, err := w.store.TryLockRun(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.True(t, ok)
	_, second, err := w.store.TryLockRun(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.False(t, second)
	unlock()
	unlock, ok, err = w.store.TryLockRun(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.True(t, ok)
	unlock()
}

func TestSafetyLimitsHoldEverythingNotSentYet(t *testing.T) {
	w := setupWriter(t)
	earlier := w.owe(1, "A1", "WH1")
	finish := finishAt(rowtest.Now.Add(time.Minute))
	finish.SafetyLimits.PerHour = 2
	finished, err := w.store.FinishRun(t.Context(), w.run(), voidedPage(2, "A2", "WH1", "WH2"), finish, none)
	require.NoError(t, err)
	require.Equal(t, rule.HoldSafetyLimitHour, finished.Reached)
	require.Equal(t, int64(2), finished.Held)
	require.Equal(t, "held", w.state(earlier[0]), "what was open and not sent yet is held too")
	require.Equal(t, 1,
		w.count(`select count(*) from condition where kind = 'safety_limit' and end_time is null`))
	require.Empty(t, w.lease(w.due("A2")))
}

func TestASchemeInDryRunRecordsAndOpensNothing(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`update scheme set mode = 'dry_run'`)
	finished, err := w.store.FinishRun(t.Context(), w.run(), voidedPage(1, "A1", "WH1"),
		finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, int64(1), finished.DryRun)
	require.Equal(t, "dry_run", w.text(`select state from cancellation_now`))
}

func TestAWithdrawnCancellationIsReopenedWhenItsTriggerHoldsAgain(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	back := voidedPage(1, "A1")
	back.Withdraw = []int64{1}
	require.NoError(t, w.pool.QueryRow(t.Context(), `select read_time from bill`).Scan(&back.Bills[0].Before))
	_, err := w.store.FinishRun(t.Context(), w.run(), back, finishAt(rowtest.Now.Add(2*time.Second)), none)
	require.NoError(t, err)
	require.Equal(t, "withdrawn", w.state(cancellation))
	require.Zero(t, w.count(`select count(*) from work_item`), "nothing had been sent, so nobody has to look")

	again := voidedPage(1, "A1", "WH1")
	require.NoError(t, w.pool.QueryRow(t.Context(), `select read_time from bill`).Scan(&again.Bills[0].Before))
	run := w.run()
	_, err = w.store.FinishRun(t.Context(), run, again, finishAt(rowtest.Now.Add(3*time.Second)), none)
	require.NoError(t, err)
	require.Equal(t, int64(1), run.RunCounts.OrdersNew)
	require.Equal(t, "open", w.state(cancellation))
}

func TestABillLiveAgainAfterARequestIsAWorkItemAtOnce(t *testing.T) {
	for name, answer := range map[string]rule.Disposition{
		"cancelled": rule.Cancelled, "no answer yet": "", "unknown": rule.Unknown,
	} {
		t.Run(name, func(t *testing.T) {
			w := setupWriter(t)
			cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
			switch answer {
			case rule.Cancelled:
				w.result(cancellation, answer, done)
			case rule.Unknown:
				w.result(cancellation, answer, rule.Next{State: rule.Open, Wait: time.Second})
			}
			live := voidedPage(1, "A1")
			live.Withdraw, live.Restored = []int64{1}, []int64{1}
			require.NoError(t, w.pool.QueryRow(t.Context(), `select read_time from bill`).Scan(&live.Bills[0].Before))
			_, err := w.store.FinishRun(t.Context(), w.run(), live, finishAt(rowtest.Now.Add(2*time.Second)), none)
			require.NoError(t, err)
			require.Equal(t, 1, w.count(
				`select count(*) from work_item where kind = 'restored_after_cancel' and cancellation_id = $1`,
				cancellation.ID,
			))
		})
	}
}

func TestSchemesKeepTheirBooks(t *testing.T) {
	w := setupWriter(t)
	file := rowtestFile()
	revisions, err := w.acts().ApplySchemes(t.Context(), file...)
	require.NoError(t, err)
	require.Equal(t, 2, revisions[rowtest.SchemeName], "another content is another revision")
	require.Equal(t, 1000, w.count(`select incremental_millis from scheme`),
		"the watermark says that these are sandboxes")
	revisions, err = w.acts().ApplySchemes(t.Context(), file...)
	require.NoError(t, err)
	require.Equal(t, 2, revisions[rowtest.SchemeName], "the same content is the same revision")

	file[0].DataCenterID = "dc-2"
	_, err = w.acts().ApplySchemes(t.Context(), file...)
	require.ErrorContains(t, err, "dc-2")

	// Before it has read anything, a wrong data centre can be put right under the same name, as the stopped
	// scheme asks for.
	w.rows.Exec(`delete from watermark`)
	file[0].Hash = "h3"
	_, err = w.acts().ApplySchemes(t.Context(), file...)
	require.NoError(t, err)
	require.Equal(t, "dc-2", w.text(`select data_center_id from scheme`))

	_, err = w.acts().ApplySchemes(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`select count(*) from scheme where active`), "what no file names stays as it is")
}

func TestAFailedRunOfAnotherTransactionInsertsNoJob(t *testing.T) {
	w := setupWriter(t)
	page := voidedPage(1, "A1", "WH1")
	_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Minute)),
		func(pgx.Tx) error { return ledger.ErrConflict })
	require.ErrorIs(t, err, ledger.ErrConflict)
	require.Zero(t, w.count(`select count(*) from bill`), "what goes with the job goes back with it")
}

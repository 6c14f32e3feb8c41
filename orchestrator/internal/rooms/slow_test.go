package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// gatheredNumbers are the bills of the due rows that a dispatch finds, with a verify_after of 60 s.
func (w *writer) gatheredNumbers() (numbers string) {
	w.Helper()
	w.rows.Exec(`update unsettled_cancellation set batch_until = null`)
	var ids []int64
	_, err := w.store.Gather(w.Context(), ledger.Gathering{
		Revisions: map[string]int{rowtest.SchemeName: 1},
		Fresh:     map[string]time.Duration{rowtest.SchemeName: 50 * time.Second},
		Limit:     10, Size: 10, Hold: time.Minute,
	}, func(_ pgx.Tx, batches []ledger.Batch) error {
		for _, b := range batches {
			ids = append(ids, b.IDs...)
		}
		return nil
	})
	require.NoError(w, err)
	return w.text(`select coalesce(string_agg(bill_no, ' ' order by bill_no), '') from cancellation
		where cancellation_id = any($1)`, ids)
}

// unAudited makes a cancellation one that only an un-audit ever called for.
func (w *writer) unAudited(d ledger.Due) {
	w.Helper()
	w.rows.Exec(`update cancellation set triggers = array['un_audited'] where cancellation_id = $1`, d.ID)
	w.rows.Exec(`
update unsettled_cancellation set not_before = now() - interval '1 minute' where cancellation_id = $1`, d.ID)
}

func (w *writer) seen(no, ago string) {
	w.Helper()
	w.rows.Exec(`
update unsettled_cancellation u set verified_time = now() - $2::interval
from cancellation c where c.cancellation_id = u.cancellation_id and c.bill_no = $1`, no, ago)
}

func TestKingdeeSlowBlocksWhatNeedsThatVerification(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	w.unAudited(w.owe(2, "A2", "WH1")[0])
	w.seen("A1", "51 s")
	w.seen("A2", "51 s")
	require.Equal(t, "A1 A2", w.gatheredNumbers())

	unAudited := w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"})
	require.Equal(t, "A1", w.gatheredNumbers(), "only what nothing but an un-audit calls for waits")
	w.seen("A2", "7 s")
	require.Equal(t, "A1 A2", w.gatheredNumbers(), "it was read so lately that it needs no verification")
	w.seen("A2", "9 s")
	require.Equal(t, "A1", w.gatheredNumbers(), "for an un-audited bill that is less than 10 s")
	w.rows.EndCondition(unAudited)
	require.Equal(t, "A1 A2", w.gatheredNumbers())

	voided := w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "voided"})
	require.Empty(t, w.gatheredNumbers(), "what takes too long for a void takes too long for all")
	w.seen("A1", "40 s")
	require.Equal(t, "A1", w.gatheredNumbers())
	w.seen("A1", "51 s")
	w.rows.EndCondition(voided)

	w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "another", Trigger: "voided"})
	require.Equal(t, "A1 A2", w.gatheredNumbers(), "another data centre's slowness stops nobody here")
}

// Such a cancellation was verified again and again at answers of 9 s to 30 s, which is quick enough for a void and too
// slow for what it waited for.
func TestABillThatIsOnlyUnAuditedByNowWaitsWithTheUnAudits(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	w.owe(2, "A2", "WH1")
	w.unAudited(d)
	w.rows.Exec(`update cancellation set triggers = array['voided', 'un_audited'] where cancellation_id = $1`, d.ID)
	w.seen("A1", "51 s")
	w.seen("A2", "51 s")
	slow := w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"})
	require.Equal(t, "A2", w.gatheredNumbers())
	w.rows.Exec(`update condition set probe_time = now()`)
	probes, err := w.store.TakeSlowProbes(t.Context(), map[string]int{rowtest.SchemeName: 1})
	require.NoError(t, err)
	require.Equal(t, []queue.BatchArgs{{
		Scheme: rowtest.SchemeName, Account: "default", IDs: []int64{d.ID}, Probe: rule.TriggerUnAudited,
	}}, probes, "and it is asked for it whether Kingdee is quicker again")
	w.rows.EndCondition(slow)
	require.Equal(t, "A1 A2", w.gatheredNumbers())

	// Voided once more: nothing waits for a dwell.
	w.rows.Exec(`update unsettled_cancellation set not_before = null where cancellation_id = $1`, d.ID)
	w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"})
	require.Equal(t, "A1 A2", w.gatheredNumbers())
}

// The probe asks for one of those that wait; where nobody waits, for no cancellation at all.
func TestASlowKingdeeIsAskedAboutAtAGrowingPace(t *testing.T) {
	w := setupWriter(t)
	take := func() []queue.BatchArgs {
		probes, err := w.store.TakeSlowProbes(t.Context(), map[string]int{rowtest.SchemeName: 1})
		require.NoError(t, err)
		return probes
	}
	open := ledger.Condition{Kind: rule.ConditionKingdeeSlow, DataCenterID: "dc-1", Trigger: "voided",
		ProbeAfter: time.Minute}
	_, err := w.store.OpenCondition(t.Context(), open)
	require.NoError(t, err)
	require.Empty(t, take(), "it is not due yet")
	due := func() { w.rows.Exec(`update condition set probe_time = now()`) }
	due()
	require.Equal(t, []queue.BatchArgs{{Scheme: rowtest.SchemeName, Probe: rule.TriggerVoided}}, take())
	require.Empty(t, take(), "whoever takes one asks")

	owed := w.owe(1, "A1", "WH1")[0]
	w.unAudited(w.owe(2, "A2", "WH1")[0])
	due()
	require.Equal(t, []queue.BatchArgs{
		{Scheme: rowtest.SchemeName, Account: "default", IDs: []int64{owed.ID}, Probe: rule.TriggerVoided},
	}, take())
	wait := func() int {
		return w.count(`select round(extract(epoch from probe_time - now()))::int from condition`)
	}
	waits := []int{wait()}
	for range 7 {
		due()
		require.Len(t, take(), 1)
		waits = append(waits, wait())
	}
	require.Equal(t, []int{10, 20, 40, 80, 160, 300, 300, 300}, waits)

	for _, gone := range []string{
		`update scheme set mode = 'dry_run'`, `update scheme set mode = 'send', active = false`,
	} {
		w.rows.Exec(gone)
		due()
		require.Empty(t, take(), "who sends nothing need not know")
	}
}

func TestABatchKeepsItsRowsWhileItsBillsAreRead(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	require.NoError(t, w.store.HoldBatch(t.Context(), []int64{d.ID}, time.Minute))
	n, err := w.store.Gather(t.Context(),
		ledger.Gathering{Revisions: map[string]int{rowtest.SchemeName: 1}, Limit: 10, Size: 10, Hold: time.Minute},
		func(pgx.Tx, []ledger.Batch) error { return nil })
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, w.store.GiveBack(t.Context(), []int64{d.ID}))
	require.Equal(t, 1, w.gathered())
}

func TestTheVerdictSaysThatKingdeeIsTooSlow(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "voided"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1"})
	reason := func() string { return w.text(`select reason from reporting.bill_verdict`) }
	w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"})
	require.Equal(t, "正在取消：共 1 个仓库单，已取消 0 个", reason())
	w.rows.Condition(rowtest.Condition{
		Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "voided", Reason: rule.SlowForSessions,
	})
	require.Contains(t, reason(), "发送前核实一张单据的几次查询在金蝶会话上排队，来不及完成，voided 的取消等待；之后继续取消")
	require.Contains(t, w.text(`select action from reporting.condition where reason = 'sessions'`), "KINGDEE_SESSIONS")
}

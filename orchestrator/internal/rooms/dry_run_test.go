package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A bill was un-audited while the scheme dryRun, and is voided after it was set to send. It is one generation,
// and so one cancellation: the void is an event of its own, and must not be lost because the un-audit was only
// decided in dry run.
func TestAVoidAfterAnUnAuditOfADryRunIsOwed(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`update scheme set mode = 'dry_run', send_since = null`)
	decide := func(trigger rule.Trigger) {
		page := voidedPage(1, "A1", "WH1")
		page.Cancellations[0].Triggers = []rule.Trigger{trigger}
		known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
		require.NoError(t, err)
		if k := known[1]; k != nil {
			page.Bills[0].Before = k.ReadTime
		}
		_, err = w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now), none)
		require.NoError(t, err)
	}
	state := func() string {
		return w.text(`select state || ' ' || array_to_string(triggers, ',') from cancellation_now`)
	}
	decide(rule.TriggerUnAudited)
	require.Equal(t, "dry_run un_audited", state())
	_, err := w.acts().SetMode(t.Context(), act(""), true)
	require.NoError(t, err)
	decide(rule.TriggerUnAudited)
	require.Equal(t, "dry_run un_audited", state(), "decided before it was set to send")
	decide(rule.TriggerVoided)
	require.Equal(t, "open un_audited,voided", state())
	require.Equal(t, time.Unix(0, 0).UTC(), w.due("A1")[0].VerifiedTime.UTC(),
		"read afresh, by number too, before it is sent")
}

// A proof that a bill is gone was wrong, or the bill came back. What a person marked as done of it before asks for a
// person only then, and does ask.
func TestMarkingADeletedBillDoneDoesNotSwallowItsRestoration(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	w.rows.Exec(`update bill set class = 'deleted', gone_time = now(), absent_since = now()`)
	id := w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "needs_attention"})
	_, err := w.acts().Operate(t.Context(), ledger.MarkDone, act(""),
		ledger.CancellationFilter{Scheme: rowtest.SchemeName, IDs: []int64{id}}, ledger.Bounds{Max: 1})
	require.NoError(t, err)
	require.Zero(t, w.count(`select count(*) from work_item`), "it is not live")

	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	live := voidedPage(1, "A1")
	live.Bills[0].Before = known[1].ReadTime
	live.Bills[0].After.State.CancelStatus, live.Bills[0].After.State.DocumentStatus = rule.NotVoided, rule.Audited
	live.Withdraw, live.Restored = []int64{1}, []int64{1}
	_, err = w.store.FinishRun(t.Context(), w.run(), live, finishAt(rowtest.Now), none)
	require.NoError(t, err)
	require.Equal(t, []string{"restored_after_cancel"}, openWorkKinds(t, w.pool))
}

// What was only decided in dry run is ignored by a person, and another thinks better of it: it is before the cutover
// all the same.
func TestARetryDoesNotSendWhatWasDecidedInDryRun(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`update scheme set mode = 'dry_run', send_since = null`)
	w.owe(1, "A1", "WH1")
	require.Equal(t, "dry_run", w.text(`select state from cancellation_now`))
	_, err := w.acts().SetMode(t.Context(), act(""), true)
	require.NoError(t, err)
	all := ledger.CancellationFilter{
		Scheme: rowtest.SchemeName, IDs: []int64{int64(w.count(`select cancellation_id from cancellation_now`))},
	}
	for _, end := range []ledger.Verb{ledger.Ignore, ledger.MarkDone} {
		_, err = w.acts().Operate(t.Context(), end, act(""), all, ledger.Bounds{Max: 1})
		require.NoError(t, err)
		effect, err := w.acts().Operate(t.Context(), ledger.Retry, act(""), all, ledger.Bounds{Max: 1})
		require.NoError(t, err)
		require.Zero(t, effect.Count)
		require.Equal(t, "决定时方案处于仅观察模式，只有回补（backfill）会发送", effect.Refused[0].Message)
		require.NotEqual(t, "open", w.text(`select state from cancellation_now`), end)
	}
}

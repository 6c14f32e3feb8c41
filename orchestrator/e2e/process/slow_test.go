package process

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// tenth is a tenth of real life: a verify_after of 6 s where 60 s are usual.
func tenth(t *testing.T) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	document := append(scheme.ShippedDocument(),
		"    verify_after: 6s\n    recheck_interval: 1h\n    reconcile_interval: 1h\n"...)
	require.NoError(t, os.WriteFile(file, document, 0o600))
	return map[string]string{"SCHEMES_FILE": file}
}

const (
	dropped = "ZZCX000151"
	settled = `exists (select from cancellation_now where bill_no = '` + dropped + `' and state = 'done')`
	isSlow  = `exists (select from condition where kind = 'kingdee_slow' and trigger = 'voided'
		and end_time is null)`
)

// voidDropped voids a bill whose order the WMS cancels without an answer, twice: it must be verified again each time.
func (w *town) voidDropped(ctx context.Context) {
	w.t.Helper()
	require.NoError(w.t, w.vendors.WMS.AddFaults(wbehaviour.Fault{
		Kind: wbehaviour.FaultCommitThenDrop, OrderCode: dropped, Times: 2,
	}))
	_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, dropped)
	require.NoError(w.t, err)
}

// A third of verify_after for each answer is 20 s in real life.
func TestASlowKingdeeIsOnlySlow(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"KINGDEE_SESSIONS": "3"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	_, client := w.orchestrate(tenth(t))
	require.NoError(t, client.Baseline(ctx))
	l := w.ledger()
	w.rereadAll(ctx, client, l)
	w.latency(2000)
	w.voidDropped(ctx)
	await(t, 2*time.Minute, "the cancellation is done", func() bool { return l.is(settled) })
	require.True(t, l.is(nothingLate))
	require.True(t, l.is(`not exists (select from condition where kind = 'kingdee_slow')`))
}

// With one session the questions of a verification wait for each other: what it takes is told, and what would help.
// When Kingdee is faster it goes on by itself.
func TestAKingdeeThatIsTooSlowToVerifyIsNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	_, client := w.orchestrate(tenth(t))
	require.NoError(t, client.Baseline(ctx))
	l := w.ledger()
	w.latency(2000)
	w.voidDropped(ctx)
	await(t, 2*time.Minute, "it is said that Kingdee is too slow", func() bool { return l.is(isSlow) })
	require.Contains(t, l.text(`select action_en from reporting.condition where kind = 'kingdee_slow' and open`),
		"KINGDEE_SESSIONS")
	sent := l.text(`select count(*)::text from attempt`)
	asked := l.text(`select max(verified_time)::text from unsettled_cancellation`)
	<-time.After(8 * time.Second) // longer than any read of before is of use
	require.True(t, l.is(isSlow), "a probe finds it as slow as before")
	require.Equal(t, sent, l.text(`select count(*)::text from attempt`), "and nothing is sent meanwhile")
	require.Equal(t, asked, l.text(`select max(verified_time)::text from unsettled_cancellation`))

	w.latency(0)
	await(t, 2*time.Minute, "the cancellation is done", func() bool { return l.is(settled) })
	require.True(t, l.is(`not `+isSlow), "it ended by itself")
	require.True(t, l.is(nothingLate))
}

// A baseline of several pages at a tenth of 7 s an answer, on one session.
func TestABaselineEndsHoweverSlowKingdeeIs(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w.latency(700)
	_, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))
	l := w.ledger()
	require.True(t, l.is(`not exists (select from run where state = 'failed')`))
	require.True(t, l.is(`count(*) > 20 from bill`))
}

// A run of ten pages takes a minute. What its first page planned is 2 minutes old as soon as it is written: it is
// cancelled at the WMS while the run goes on. Then the host that reads is killed, and all adds up elsewhere.
func TestWhatALongRunPlannedIsCancelledBeforeTheRunEnds(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	settings := rereadSeldom(t, soon())
	reader, client := w.named("a", settings)
	require.NoError(t, client.Baseline(ctx))
	w.rereadAll(ctx, client, l)
	w.void(ctx, client, 100)
	require.NoError(t,
		w.vendors.Kingdee.AddFault(kbehaviour.Fault{Service: kbehaviour.ServiceQuery, Count: 1000, DelayMillis: 1000}))
	const reads = `exists (select from run where kind = 'incremental' and state = 'running')`
	await(t, time.Minute, "a run has planned something and reads on", func() bool {
		return l.is(reads + ` and exists (select from unsettled_cancellation where state = 'planned')`)
	})
	_, err := l.pool.Exec(ctx, `update unsettled_cancellation set update_time = update_time - interval '2 minutes'
		where state = 'planned'`)
	require.NoError(t, err)
	await(t, time.Minute, "an order is cancelled before its run has ended", func() bool {
		return l.is(`exists (select from cancellation_now c join run r using (run_id)
			where c.state = 'done' and r.state = 'running')`)
	})
	reader.Kill()
	w.vendors.Kingdee.ClearFaults()
	_, client = w.named("b", settings)
	w.settled(ctx, client, l)
	require.True(t, l.is(`count(*) >= 100 from cancellation_now`))
	require.True(t, l.is(`not exists (select from run where state = 'failed')`), "its counts add up")
}

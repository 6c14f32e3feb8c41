package process

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

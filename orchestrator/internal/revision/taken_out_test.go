package revision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// leasedAsKnown says whether the cancellation of a bill would leave by what the ledger knows, without another read.
func (w followed) leasedAsKnown(bill int64) bool {
	w.Helper()
	var id int64
	require.NoError(w, w.Pool.QueryRow(w.Context(), `
select cancellation_id from unsettled_cancellation where bill_id = $1 and state = 'open'`, bill).Scan(&id))
	due, err := w.Store.Load(w.Context(), []int64{id})
	require.NoError(w, err)
	require.Len(w, due, 1)
	due[0].SendBefore = time.Now().Add(time.Minute)
	leased, err := w.Store.Lease(w.Context(), due, time.Minute)
	require.NoError(w, err)
	return len(leased) > 0
}

// A bill is un-audited, and the scheme says by now that this does not matter, or that its organisation is none of its
// own: the order is the bill's again, also where a person had decided about its own cancellation. Another bill's void
// cancelled it.
func TestAnUnAuditThatDoesNotMatterAnyLongerLetsNoOrderGo(t *testing.T) {
	for name, taken := range map[string][2][]string{
		"the trigger is taken out": {{"triggers: [voided]", runtest.AllTriggers}, {}},
		"the organisation is taken out": {
			{"triggers: [voided]", runtest.AllTriggers},
			{"triggers: [voided]", runtest.AllTriggers, "organisations: []", "organisations: [\"200\"]"},
		},
	} {
		for _, ignored := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := begin(t)
				w.revise(taken[0]...)
				w.Books.Fresh(1, "A1", "CK001")
				w.Books.Bills[1].OrgNumber = "200"
				w.Books.Fresh(2, "A1", "CK001")
				w.Run()
				w.Later(time.Minute)
				w.Books.UnAudit(2)
				w.Run()
				_, err := w.Pool.Exec(t.Context(), `update unsettled_cancellation set not_before = now()`)
				require.NoError(t, err)
				if ignored {
					_, err := w.Acts().Operate(t.Context(), ledger.Ignore, ledger.Act{
						Scheme: shipped, Actor: "li", Reason: "it is being corrected",
					}, ledger.CancellationFilter{Scheme: shipped}, ledger.Bounds{Max: 10})
					require.NoError(t, err)
				}
				w.Later(time.Minute)
				w.revise(taken[1]...)
				w.Books.Void(1)
				w.Run()
				require.False(t, w.leasedAsKnown(1), "the order of the un-audited bill is cancelled")
				require.Empty(t, w.Verify())
				require.Equal(t, "withdrawn order_claimed", w.Text(`
select state || ' ' || outcome from cancellation_now where bill_id = 1`))
				if !ignored {
					require.Equal(t, "withdrawn no_trigger", w.Text(`
select state || ' ' || outcome from cancellation_now where bill_id = 2`), "what is owed no longer is withdrawn")
				}
			})
		}
	}
}

// What was verified by the revision before, in a batch that is on its way while the trigger is taken out, is not sent,
// by that batch or by the next.
func TestWhatAnEarlierRevisionLetGoIsNotSentOnceItsTriggerIsTakenOut(t *testing.T) {
	w := begin(t)
	w.revise("triggers: [voided]", runtest.AllTriggers)
	w.Books.Fresh(1, "A1", "CK001")
	w.Run()
	w.Later(time.Minute)
	w.Books.UnAudit(1)
	w.Run()
	w.Later(3 * time.Minute) // hours ago, by the ledger's clock
	require.Len(t, w.Verify(), 1)
	due, err := w.Store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	require.Len(t, due, 1)
	w.revise()
	due[0].SendBefore = time.Now().Add(time.Minute)
	leased, err := w.Store.Lease(t.Context(), due, time.Minute)
	require.NoError(t, err)
	require.Empty(t, leased)

	// The batch before stores what it read as the next one looks.
	e, _ := w.Job.Registry.Entry(shipped)
	require.ErrorIs(t, w.Store.StoreVerified(t.Context(), shipped, e.Revision-1, []ledger.Verified{{
		ID: 1, Outcome: rule.Holds, ReadTime: w.Clock, Trigger: rule.TriggerUnAudited,
	}}, time.Second, time.Hour), ledger.ErrConflict)
	due, err = w.Store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	require.True(t, due[0].NeedsRead)
	require.Empty(t, w.Verify())
	require.Equal(t, "withdrawn no_trigger", w.Text(`select state || ' ' || outcome from cancellation_now`))
}

// A warehouse is taken out of the scheme while an order of it is owed: it was sent all the same. Where the warehouse is
// back, the order is owed again.
func TestWhatIsOwedOfAWarehouseThatIsTakenOutIsNotSent(t *testing.T) {
	const taken = "A1 CK005 withdrawn , A2 CK001 open "
	for name, c := range map[string]struct {
		taken, items string
		words        []string
	}{
		"taken out":   {taken, "warehouse_not_mapped CK005", []string{quality, "# none"}},
		"put outside": {taken, "", []string{quality, outside}},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			w.Books.Fresh(1, "A1", "CK005")
			w.Books.Fresh(2, "A2", "CK001")
			w.Run()
			w.Later(time.Minute)
			w.Books.Void(1)
			w.Books.Void(2)
			w.Run()
			require.Equal(t, "A1 CK005 open , A2 CK001 open ", w.owed())
			w.Later(time.Minute)
			w.revise(c.words...)
			require.Equal(t, c.taken, w.owed(), "nothing of it can leave once the revision stands")
			w.Run()
			require.Equal(t, c.taken, w.owed())
			require.Equal(t, c.items, w.Text(`
select coalesce(string_agg(kind || ' ' || subject, ', '), '') from work_item where close_time is null`))

			w.Later(time.Minute)
			w.revise()
			w.Run()
			require.Equal(t, "A1 CK005 open , A2 CK001 open ", w.owed(), "it is back")
			require.Empty(t, w.Text(`
select coalesce(string_agg(kind || ' ' || subject, ', '), '') from work_item where close_time is null`))
		})
	}
}

package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// The WMS adapter of one host lacks the account. The other host sends.
func TestAMissingAccountBlocksTheHostThatLacksItAndNoOther(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	w.rows.Condition(rowtest.Condition{Kind: "account_missing", Account: "default", Host: "wms-01:7403"})
	gather := func(host string) int {
		w.rows.Exec(`update unsettled_cancellation set batch_until = null`)
		n, err := w.store.Gather(t.Context(), ledger.Gathering{
			Revisions: map[string]int{rowtest.SchemeName: 1}, Limit: 10, Size: 10, Hold: time.Minute, Host: host,
		}, func(pgx.Tx, []ledger.Batch) error { return nil })
		require.NoError(t, err)
		return n
	}
	for host, want := range map[string]bool{"wms-01:7403": false, "wms-02:7403": true, "": true} {
		may, err := w.store.HostMaySend(t.Context(), host, "default")
		require.NoError(t, err)
		require.Equal(t, want, may, host)
		require.Equal(t, want, gather(host) == 1, host)
	}
	may, err := w.store.HostMaySend(t.Context(), "wms-01:7403", "second")
	require.NoError(t, err)
	require.True(t, may, "another account")
	may, err = w.store.MaySend(t.Context(), rowtest.SchemeName, "default")
	require.NoError(t, err)
	require.True(t, may, "the scheme goes on")

	probes := func(host string) []ledger.Condition {
		w.rows.Exec(`update condition set probe_time = now() - interval '1 second'`)
		found, err := w.store.TakeHostProbes(t.Context(), host, minutely, rule.ConditionAccountMissing)
		require.NoError(t, err)
		return found
	}
	require.Empty(t, probes("wms-02:7403"), "only the host itself can ask")
	require.Empty(t, probes(""))
	require.Len(t, probes("wms-01:7403"), 1)
}

func TestTheHarmlessCallIsMadeAtAGrowingPace(t *testing.T) {
	w := setupWriter(t)
	_, err := w.store.OpenCondition(t.Context(), ledger.Condition{
		Kind: rule.ConditionWMSAway, Account: "default", ProbeAfter: 5 * time.Second,
	})
	require.NoError(t, err)
	pace := ledger.Pace{First: 5 * time.Second, Longest: time.Minute}
	for _, want := range []int{5, 10, 20, 40, 60, 60} {
		w.rows.Exec(`update condition set probe_time = now()`)
		found, err := w.store.TakeProbes(t.Context(), pace, rule.ConditionWMSAway)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, 1, w.count(`select count(*) from condition
where probe_time between now() + $1 * interval '1 second' - interval '2 seconds' and now() + $1 * interval '1 second'`,
			want), "after %d s", want)
	}
}

// An outage that came again and again would have brought an order to its cap of unknown outcomes.
func TestWhatGotNoAnswerWhileTheWMSWasAwayDoesNotCount(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	unknown := w.resultOf(cancellation, rule.Unknown, rule.Next{State: rule.Open, Wait: 8 * time.Minute})
	unknown.Account, unknown.SameDisposition, unknown.SameCount = "default", rule.Unknown, 4
	unknown.SameSince = time.Now()
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{unknown}, nil))
	require.NoError(t, w.store.ForgetSilence(t.Context(), "second", true))
	require.Equal(t, 4, w.due("A1")[0].SameCount)

	require.NoError(t, w.store.ForgetSilence(t.Context(), "default", false))
	require.Equal(t, 4, w.due("A1")[0].SameCount, "the end of a rest says nothing of unknown outcomes")
	require.NoError(t, w.store.ForgetSilence(t.Context(), "default", true))
	again := w.due("A1")[0]
	require.Zero(t, again.SameCount)
	require.Empty(t, again.SameDisposition)
	require.Equal(t, 1, w.count(`
select count(*) from unsettled_cancellation where due_time < now() + interval '3 seconds'`),
		"tried again soon")
}

func TestFirstAttemptsThatFindTheirOrderCancelledAreToldAndBlockNothing(t *testing.T) {
	w := setupWriter(t)
	w.answers(1, 4, rule.AlreadyCancelled)
	require.Empty(t, w.paused())
	w.answers(5, 1, rule.AlreadyCancelled)
	require.Equal(t, "cancelled_elsewhere", w.paused())
	require.Equal(t, "5/5", w.text(`select detail from condition where end_time is null`))
	require.Len(t, w.lease(w.owe(9, "A9", "WH1")), 1, "sending goes on")

	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	require.Empty(t, w.paused())
	w.answers(10, 4, rule.AlreadyCancelled)
	require.Empty(t, w.paused(), "counted anew after a person has looked")
}

// A second attempt may have found what the first one did, and an order of an earlier generation was ours.
func TestWhatWeMayHaveCancelledOurselvesTellsOfNobodyElse(t *testing.T) {
	w := setupWriter(t)
	for i := range 6 {
		leased := w.lease(w.owe(int64(i+1), "A"+string(rune('a'+i)), "WH1"))
		w.answer(leased[0], rule.Unknown)
		leased = w.lease(leased)
		require.Len(t, leased, 1)
		w.answer(leased[0], rule.AlreadyCancelled)
	}
	require.Empty(t, w.paused())
	require.Zero(t, w.count(`select count(*) from first_answers`))
}

package push

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// asked plays one answer again and again, as the ledger would, until the cancellation is not asked again. It answers
// the waits, how it ends, and which work items were opened on the way.
func asked(
	t *testing.T, due ledger.Due, answer rule.Answer,
) (waits []time.Duration, end rule.Next, work []rule.WorkKind) {
	t.Helper()
	r, now := intake.NewRegistry(nil, nil), time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for range 2000 {
		got := complete(r, due, ledger.Result{Answer: answer}, now)
		if got.Next.Work != "" && (len(work) == 0 || work[len(work)-1] != got.Next.Work) {
			work = append(work, got.Next.Work)
		}
		if got.Next.State != rule.Open || got.Next.AwaitsText {
			return waits, got.Next, work
		}
		waits = append(waits, got.Next.Wait)
		now = now.Add(got.Next.Wait)
		due.SameDisposition, due.SameCount, due.SameSince = got.SameDisposition, got.SameCount, got.SameSince
		due.AnswerChanges, due.UnsentSince = got.AnswerChanges, got.UnsentSince
		due.AnswerLost = due.AnswerLost || answer.Lost
	}
	return waits, rule.Next{}, work
}

// requireWaits wants these waits in minutes, each with its jitter.
func requireWaits(t *testing.T, minutes []int, jitter float64, got []time.Duration) {
	t.Helper()
	require.Len(t, got, len(minutes))
	for i, wait := range got {
		least := time.Duration(minutes[i]) * time.Minute
		require.GreaterOrEqual(t, wait, least, "wait %d", i+1)
		require.LessOrEqual(t, wait, least+time.Duration(jitter*float64(least)), "wait %d", i+1)
	}
}

func sum(waits []time.Duration) (total time.Duration) {
	for _, wait := range waits {
		total += wait
	}
	return total
}

// TestTheTableOfAnswersLineByLine holds each line of "disposition: the cancellation" with its schedule, its cap and its
// work item.
func TestTheTableOfAnswersLineByLine(t *testing.T) {
	t.Parallel()
	snapshot, weak := ledger.Due{Evidence: rule.EvidenceSnapshot}, ledger.Due{Evidence: rule.EvidenceWeak}
	landed := ledger.Due{Evidence: rule.EvidenceSnapshot, AnswerLost: true}

	t.Run("cancelled and already cancelled end it", func(t *testing.T) {
		t.Parallel()
		for _, d := range []rule.Disposition{rule.Cancelled, rule.AlreadyCancelled} {
			waits, end, work := asked(t, snapshot, rule.Answer{Disposition: d})
			require.Empty(t, waits)
			require.Equal(t, rule.Next{State: rule.Done, Outcome: string(d)}, end)
			require.Empty(t, work)
		}
	})
	t.Run("in progress is asked again after a while, at most nine times, then a person", func(t *testing.T) {
		t.Parallel()
		waits, end, _ := asked(t, snapshot, rule.Answer{Disposition: rule.InProgress, Recognised: true})
		requireWaits(t, []int{1, 2, 4, 8, 15, 15, 15, 15, 15}, 0.1, waits)
		require.Equal(t, rule.Next{State: rule.NeedsAttention, Work: rule.WorkInProgress}, end)
	})
	t.Run("not found within the grace, then done if it may have landed", func(t *testing.T) {
		t.Parallel()
		waits, end, work := asked(t, landed, rule.Answer{Disposition: rule.NotFound, Recognised: true})
		require.InDelta(t, 30, sum(waits).Minutes(), 1.2)
		require.Equal(t, rule.Next{State: rule.Done, Outcome: "not_found_after_possible_cancel", Inferred: true}, end)
		require.Empty(t, work)
	})
	t.Run("not found within the grace, then no order if the evidence is weak", func(t *testing.T) {
		t.Parallel()
		waits, end, work := asked(t, weak, rule.Answer{Disposition: rule.NotFound, Recognised: true})
		require.InDelta(t, 30, sum(waits).Minutes(), 1.2)
		require.Equal(t, rule.Next{State: rule.Closed, Outcome: "no_order"}, end)
		require.Empty(t, work)
	})
	t.Run("not found within the grace, else a person, and hourly for a day", func(t *testing.T) {
		t.Parallel()
		waits, end, work := asked(t, snapshot, rule.Answer{Disposition: rule.NotFound, Recognised: true})
		var hourly int
		for _, wait := range waits {
			if wait >= time.Hour {
				hourly++
			}
		}
		require.InDelta(t, 23, hourly, 1)
		require.InDelta(t, 24, sum(waits).Hours(), 1.2)
		require.Equal(t, rule.Next{State: rule.NeedsAttention, Work: rule.WorkOrderNotFound}, end)
		require.Equal(t, []rule.WorkKind{rule.WorkOrderNotFound}, work, "from the end of the grace on")
	})
	t.Run("too late and a refusal that is understood are a person's at once", func(t *testing.T) {
		t.Parallel()
		for answer, want := range map[rule.Answer]rule.WorkKind{
			{Disposition: rule.TooLate, Recognised: true}:  rule.WorkTooLate,
			{Disposition: rule.Rejected, Recognised: true}: rule.WorkRejected,
		} {
			waits, end, _ := asked(t, snapshot, answer)
			require.Empty(t, waits)
			require.Equal(t, rule.Next{State: rule.NeedsAttention, Work: want}, end)
		}
	})
	t.Run("a refusal that nobody knows is verified and asked again after 1, 5 and 15 minutes, then awaits its text",
		func(t *testing.T) {
			t.Parallel()
			waits, end, _ := asked(t, snapshot, rule.Answer{Disposition: rule.Rejected})
			requireWaits(t, []int{1, 5, 15}, 0.1, waits)
			require.Equal(t, rule.Next{State: rule.Open, Work: rule.WorkUnrecognised, AwaitsText: true}, end)
			require.True(t, complete(intake.NewRegistry(nil, nil), snapshot,
				ledger.Result{Answer: rule.Answer{Disposition: rule.Rejected}}, time.Now()).Next.Verify)
		})
	t.Run("a success that nobody understands is asked again after 1, 5 and 15 minutes, then awaits its text",
		func(t *testing.T) {
			t.Parallel()
			provisional := rule.Answer{Disposition: rule.InProgress, Provisional: true}
			waits, end, _ := asked(t, snapshot, provisional)
			requireWaits(t, []int{1, 5, 15}, 0.1, waits)
			require.Equal(t, rule.Next{State: rule.Open, Work: rule.WorkUnrecognised, AwaitsText: true}, end)
			interception := ledger.Due{SameDisposition: rule.InProgress, SameCount: 8}
			waits, _, _ = asked(t, interception, provisional)
			requireWaits(t, []int{1, 5, 15}, 0.1, waits)
		})
	t.Run("too fast and not sent wait with the account, and no order with a person", func(t *testing.T) {
		t.Parallel()
		for _, d := range []rule.Disposition{rule.Throttled, rule.NotSent} {
			waits, end, work := asked(t, snapshot, rule.Answer{Disposition: d})
			requireWaits(t, []int{1}, 0.5, waits[:1])
			for _, wait := range waits {
				require.LessOrEqual(t, wait, 7*time.Minute+30*time.Second)
			}
			require.NotEqual(t, waits[len(waits)-1], waits[len(waits)-2], "with jitter")
			require.Len(t, waits, 2000, "six days")
			require.Zero(t, end)
			require.Empty(t, work)
		}
	})
	t.Run("unknown is verified and asked again, at most four times, then a person", func(t *testing.T) {
		t.Parallel()
		waits, end, _ := asked(t, snapshot, rule.Answer{Disposition: rule.Unknown})
		requireWaits(t, []int{1, 2, 4, 8}, 0.1, waits)
		require.Equal(t, rule.Next{State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown}, end)
		require.True(t, complete(intake.NewRegistry(nil, nil), snapshot,
			ledger.Result{Answer: rule.Answer{Disposition: rule.Unknown}}, time.Now()).Next.Verify)
	})
}

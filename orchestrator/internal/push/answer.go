package push

import (
	"math/rand/v2"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// complete completes a result with what becomes of its cancellation, by the table of answers.
func complete(r *intake.Registry, due ledger.Due, result ledger.Result, now time.Time) ledger.Result {
	// A cancellation of a scheme that this process has not loaded is decided all the same: a lapsed attempt must be
	// closed.
	timing := rule.DefaultTiming()
	if e, loaded := r.Entry(due.Scheme); loaded {
		timing = e.Timing()
	}
	result.Due, result.Timing, result.Now = due, timing, now
	return decide(result)
}

// decide says what becomes of a cancellation that got an answer, unless that is said already.
func decide(result ledger.Result) ledger.Result {
	due, now := result.Due, result.Now
	result.SameDisposition, result.SameCount, result.SameSince = streak(due, result.Answer, now)
	result.AnswerChanges, result.UnsentSince = due.AnswerChanges, time.Time{}
	switch {
	case unsent(result.Answer.Disposition):
		if result.UnsentSince = due.UnsentSince; result.UnsentSince.IsZero() {
			result.UnsentSince = now
		}
	case result.Answer.Disposition == rule.Auth:
		result.UnsentSince = due.UnsentSince
	case due.SameDisposition != "" && due.SameDisposition != result.SameDisposition:
		result.AnswerChanges++
	}
	if result.Next.State == "" {
		result.Next = result.Timing.After(result.Answer, rule.History{
			Evidence: due.Evidence, Question: due.Question,
			AnswerLost: due.AnswerLost, CancelledBefore: result.CancelledBefore,
			Same: result.SameCount, FirstSame: result.SameSince, Rested: due.Rested, Changes: result.AnswerChanges,
			FirstUnsent: result.UnsentSince,
		}, now)
	}
	if result.Next.State == rule.Open && !result.Next.AwaitsText {
		// Jitter keeps a crowd from coming back in one moment: a tenth, and a half for those who met a limit or a
		// closed door together.
		share := int64(10)
		if unsent(result.Answer.Disposition) {
			share = 2
		}
		spread := rand.Int64N(int64(result.Next.Wait)/share + 1) //nolint:gosec // spreading load, not a secret
		result.Next.Wait += time.Duration(spread)
	}
	return result
}

// forgiven is what was due without its count of unknown outcomes: it begins anew.
func forgiven(due ledger.Due) ledger.Due {
	due.SameDisposition, due.SameCount, due.SameSince = "", 0, time.Time{}
	return due
}

// unsent says whether the answer is that nothing was sent.
func unsent(answer rule.Disposition) bool { return answer == rule.NotSent || answer == rule.Throttled }

// streak counts answers of one kind in a row. "Nothing was sent" is no answer about the order, nor is a refused login:
// they do not interrupt it.
func streak(due ledger.Due, answer rule.Answer, now time.Time) (rule.Disposition, int, time.Time) {
	switch same := answer.Streak(); {
	case unsent(answer.Disposition) || answer.Disposition == rule.Auth:
		return due.SameDisposition, due.SameCount, due.SameSince
	case same == due.SameDisposition:
		return same, due.SameCount + 1, due.SameSince
	default:
		return same, 1, now
	}
}

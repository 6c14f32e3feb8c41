package jobs

import (
	"math/rand/v2"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// fallbackTiming serves debts of a scheme that this process has not loaded: a lapsed attempt is closed all the same.
var fallbackTiming = rule.Timing{
	Backoff: time.Minute, NotFoundGrace: 30 * time.Minute, NotFoundHourly: time.Hour, NotFoundLimit: 24 * time.Hour,
	RetryFor: 24 * time.Hour, MaxInProgress: 10, MaxUnrecognised: 3, MaxUnknown: 5, MaxChanges: 20,
}

// judge completes a result with what becomes of its cancellation, by the table of answers.
func (r *registry) judge(due ledger.Due, result ledger.Result, now time.Time) ledger.Result {
	timing := fallbackTiming
	if e, loaded := r.entries[due.Scheme]; loaded {
		timing = e.Timing()
	}
	result.SameDisposition, result.SameCount, result.SameSince = streak(due, result.Answer.Disposition, now)
	result.AnswerChanges, result.UnsentSince = due.AnswerChanges, time.Time{}
	switch {
	case unsent(result.Answer.Disposition):
		result.UnsentSince = due.UnsentSince
		if result.UnsentSince.IsZero() {
			result.UnsentSince = now
		}
	case due.SameDisposition != "" && due.SameDisposition != result.SameDisposition:
		result.AnswerChanges++
	}
	if result.Next.State == "" {
		result.Next = timing.After(result.Answer, rule.History{
			Evidence: due.Evidence, MayHaveLanded: due.MaybeLanded, Same: result.SameCount, FirstSame: result.SameSince,
			Changes: result.AnswerChanges, FirstUnsent: result.UnsentSince,
		}, now)
	}
	if result.Next.State == rule.Open {
		// A tenth of jitter keeps a crowd from coming back in one moment.
		result.Next.Wait += time.Duration(rand.Int64N(int64(result.Next.Wait)/10 + 1)) //nolint:gosec // spreading load, not a secret
	}
	return result
}

// unsent says whether the answer is that nothing was sent.
func unsent(answer rule.Disposition) bool { return answer == rule.NotSent || answer == rule.Throttled }

// streak counts answers of one kind in a row. "Nothing was sent" is no answer and does not interrupt it.
func streak(due ledger.Due, answer rule.Disposition, now time.Time) (rule.Disposition, int, time.Time) {
	switch {
	case unsent(answer):
		return due.SameDisposition, due.SameCount, due.SameSince
	case answer == due.SameDisposition:
		return answer, due.SameCount + 1, due.SameSince
	default:
		return answer, 1, now
	}
}

package push

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// answeredEvery is how often it is written down that an account's WMS answers: often enough to tell an outage from a
// refusal, too seldom to be felt between a thousand answers a second.
const answeredEvery = 5 * time.Second

// answered remembers when this process last wrote down that an account answers. What is lost with it is written again
// by the next answer.
type answered struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due answers the accounts of these results that answered and whose answer is worth writing down.
func (a *answered) due(results []ledger.Result) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var accounts []string
	for _, r := range results {
		if r.Account == "" || !isAnswer(r.Answer.Disposition) || time.Since(a.last[r.Account]) < answeredEvery {
			continue
		}
		if a.last == nil {
			a.last = map[string]time.Time{}
		}
		a.last[r.Account] = time.Now()
		accounts = append(accounts, r.Account)
	}
	return accounts
}

// isAnswer says whether the WMS itself said something.
func isAnswer(d rule.Disposition) bool { return d != rule.NotSent && d != rule.Unknown && d != "" }

func writeAnswered(ctx context.Context, tx pgx.Tx, accounts []string) error {
	if len(accounts) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
insert into wms_answer (account, answer_time)
select a, now() from unnest($1::text[]) as a order by a
on conflict (account) do update set answer_time = excluded.answer_time`, accounts)
	return err
}

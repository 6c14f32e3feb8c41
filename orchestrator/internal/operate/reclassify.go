package operate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// mostAnswers bounds what one reclassification looks at.
const mostAnswers = 200_000

// answerRow is a cancellation that waits with the text as its last answer.
type answerRow struct {
	CancellationID  int64
	Scheme          string
	BillID          int64
	BillNo          string
	VendorFlag      string
	VendorMessage   string
	Disposition     string
	Evidence        string
	AnswerLost      bool
	SameDisposition string
	SameCount       int
	SameSince       *time.Time
	InFlight        bool
}

// Reclassify takes the text of a filter for what a person says that it means: the cancellations that need attention
// whose last answer it is, and the open ones that are asked again because nobody knew it, go on as if it had been
// known. Their attempts keep what they were taken for then. Of the filter, only the scheme, the account, and the text
// with its code count. timing is that of a scheme. A dry run changes and records nothing.
func (s *Operator) Reclassify(
	ctx context.Context, tx pgx.Tx, act ledger.Act, f ledger.CancellationFilter,
	meaning rule.Disposition, b ledger.Bounds,
	timing func(scheme string) rule.Timing,
) (ledger.Effect, error) {
	rows, err := answersOf(ctx, tx, f, !b.DryRun)
	if err != nil {
		return ledger.Effect{}, err
	}
	effect := ledger.Effect{DryRun: b.DryRun, Outcomes: map[string]int64{}}
	taken := sortAnswers(rows, meaning, &effect)
	if effect.Count = int64(len(taken)); !b.DryRun && effect.Count > b.Max {
		return ledger.Effect{}, &ledger.CapError{Count: effect.Count, Max: b.Max}
	}
	moves := nextAfterAnswers(taken, meaning, timing, time.Now())
	for i, id := range moves.IDs {
		effect.Outcomes[moves.States[i]]++
		if i < ledger.Listed {
			effect.IDs = append(effect.IDs, id)
		}
	}
	what := string(ledger.Reclassify) + " " + string(meaning)
	if b.DryRun {
		_, effect.Token, err = tokenOf(ctx, tx, what, `c.cancellation_id = any(@ids)`,
			pgx.StrictNamedArgs{"ids": moves.IDs})
		return effect, err
	}
	if err := agreed(ctx, tx, what, moves.IDs, b); err != nil {
		return ledger.Effect{}, err
	}
	if len(taken) > 0 {
		if err := writeMoves(ctx, tx, moves, act, meaning); err != nil {
			return ledger.Effect{}, err
		}
	}
	// An act on a text is about no one scheme, though its filter may name one.
	_, err = record(ctx, tx, ledger.Reclassify, act, reclassifyParameters{f, meaning, b.Max}, effect, moves.IDs...)
	return effect, err
}

type reclassifyParameters struct {
	Filter      ledger.CancellationFilter `json:"filter"`
	Disposition rule.Disposition          `json:"disposition"`
	Max         int64                     `json:"max_count"`
}

// sortAnswers answers those that follow, and puts the others and the flags of all into effect.
func sortAnswers(rows []answerRow, meaning rule.Disposition, effect *ledger.Effect) (taken []answerRow) {
	for _, r := range rows {
		if flag := strings.ToLower(r.VendorFlag); !slices.Contains(effect.Flags, flag) {
			effect.Flags = append(effect.Flags, flag)
		}
		if why := refuseAnswer(r, meaning); why != "" {
			effect.Refuse(ledger.Refusal{CancellationID: r.CancellationID, BillNo: r.BillNo, Message: why})
			continue
		}
		taken = append(taken, r)
	}
	slices.Sort(effect.Flags)
	return taken
}

// refuseAnswer says why one of them does not follow. The flag comes first: a failure is never a fresh cancel.
func refuseAnswer(r answerRow, meaning rule.Disposition) string {
	switch {
	case r.InFlight:
		return inFlightWords
	case meaning == rule.Cancelled && !strings.EqualFold(r.VendorFlag, "success"):
		return "旺店通答复的标志不是成功，不能当作取消成功；若该单已取消，请用 already_cancelled"
	}
	return ""
}

// answersOf answers what waits with the text of a filter as its last answer.
func answersOf(ctx context.Context, tx pgx.Tx, f ledger.CancellationFilter, lock bool) ([]answerRow, error) {
	args := pgx.StrictNamedArgs{"limit": mostAnswers}
	facts, standing := f.Conditions("c", "c", args)
	query := `
select c.cancellation_id, c.scheme, c.bill_id, f.bill_no, a.vendor_flag, c.vendor_message, c.disposition, f.evidence,
       c.answer_lost, c.same_disposition, c.same_count, c.same_since, c.lease_until is not null as in_flight
from unsettled_cancellation c
join cancellation f using (cancellation_id)
join attempt a on a.cancellation_id = c.cancellation_id
    and a.attempt = c.attempt - case when c.lease_until is null then 0 else 1 end
where (c.state = 'needs_attention' or c.state = 'open' and a.disposition = 'rejected' and not a.recognised)` +
		facts + standing + `
order by c.cancellation_id
limit @limit`
	if lock {
		query += ` for update of c`
	}
	rows, err := tx.Query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[answerRow])
}

// nextAfterAnswers lets the table of answers decide, with the history that the answer has: since when it is the same,
// and how often.
func nextAfterAnswers(
	rows []answerRow, meaning rule.Disposition, timing func(string) rule.Timing, now time.Time,
) ledger.AnswerMoves {
	var m ledger.AnswerMoves
	for _, r := range rows {
		history := rule.History{Evidence: rule.Evidence(r.Evidence), AnswerLost: r.AnswerLost, Same: 1, FirstSame: now}
		if r.SameDisposition == r.Disposition && r.SameSince != nil {
			history.Same, history.FirstSame = max(r.SameCount, 1), *r.SameSince
		}
		next := timing(r.Scheme).After(rule.Answer{Disposition: meaning, Recognised: true}, history, now)
		m.IDs = append(m.IDs, r.CancellationID)
		m.States = append(m.States, string(next.State))
		m.Outcomes = append(m.Outcomes, next.Outcome)
		m.Inferred = append(m.Inferred, next.Inferred)
		m.Waits = append(m.Waits, next.Wait)
		m.Counts = append(m.Counts, history.Same)
		m.Since = append(m.Since, history.FirstSame)
		if next.Work != "" {
			m.Work = append(m.Work, ledger.WorkItem{Scheme: r.Scheme, Work: ledger.Work{
				Kind: next.Work, BillID: r.BillID, BillNo: r.BillNo,
				CancellationID: r.CancellationID, Detail: r.VendorMessage,
			}})
		}
		if next.State == rule.Done {
			m.Done = append(m.Done, r.CancellationID)
		}
	}
	return m
}

func writeMoves(ctx context.Context, tx pgx.Tx, m ledger.AnswerMoves, act ledger.Act, meaning rule.Disposition) error {
	if err := ledger.FollowMeaning(ctx, tx, m, meaning); err != nil {
		return err
	}
	if err := ledger.CloseCancellationWork(ctx, tx, m.IDs,
		byWhom("reclassified as "+string(meaning), act)); err != nil {
		return err
	}
	if _, err := ledger.OpenItems(ctx, tx, m.Work); err != nil {
		return err
	}
	return doneOfLive(ctx, tx, m.Done)
}

package operate

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// mostAnswers bounds what one reclassification looks at; a second one of the same text takes the next.
const mostAnswers = 200_000

// answerRow is a cancellation whose last answer has the text.
type answerRow struct {
	CancellationID  int64
	Scheme          string
	BillID          int64
	BillNo          string
	VendorMessage   string
	Disposition     string
	Evidence        string
	Question        int
	AnswerLost      bool
	SameDisposition string
	SameCount       int
	SameSince       *time.Time
	InFlight        bool
	CancelledBefore bool
}

// Reclassify writes down what a person says that a text means which the adapter does not know, for all answers with it
// from now on, of whatever scheme and account: who stores one finds it here. The cancellations that wait for it, those
// that are asked again because nobody knew it, and those that need attention with it as their last answer go on as if
// it had been known; one whose request is on its way follows with its answer. Attempts keep what they were taken for.
// timing is that of a scheme. A dry run changes and records nothing. What cannot be said of the text is a
// ledger.TextError.
func (s *Operator) Reclassify(
	ctx context.Context, tx pgx.Tx, act ledger.Act, choice ledger.TextChoice,
	meaning rule.Disposition, b ledger.Bounds,
	timing func(scheme string) rule.Timing,
) (ledger.Effect, error) {
	text, err := lockText(ctx, tx, choice)
	if err != nil {
		return ledger.Effect{}, err
	}
	switch {
	case meaning == rule.Cancelled && !text.Success:
		return ledger.Effect{}, &ledger.TextError{Fault: ledger.TextFailed, Field: "disposition", Text: text}
	case text.Disposition != "" && text.Disposition != meaning && text.Disposition != choice.InsteadOf:
		return ledger.Effect{}, &ledger.TextError{Fault: ledger.TextClassified, Field: "disposition", Text: text}
	}
	rows, err := answersOf(ctx, tx, text.TextID, !b.DryRun)
	if err != nil {
		return ledger.Effect{}, err
	}
	effect := ledger.Effect{DryRun: b.DryRun, Outcomes: map[string]int64{}, Text: &text}
	var taken []answerRow
	for _, r := range rows {
		if r.InFlight {
			effect.Refuse(ledger.Refusal{
				CancellationID: r.CancellationID, BillNo: r.BillNo, Message: "请求正在途中，其答复回来后即按此归类处理",
			})
			continue
		}
		taken = append(taken, r)
	}
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
	if err := writeMeaning(ctx, tx, &text, act, meaning); err != nil {
		return ledger.Effect{}, err
	}
	if len(taken) > 0 {
		if err := writeMoves(ctx, tx, moves, act, meaning); err != nil {
			return ledger.Effect{}, err
		}
	}
	// An act on a text is about no one scheme.
	_, err = record(ctx, tx, ledger.Reclassify, act, reclassifyParameters{choice, meaning, b.Max}, effect, moves.IDs...)
	return effect, err
}

type reclassifyParameters struct {
	Text        ledger.TextChoice `json:"text"`
	Disposition rule.Disposition  `json:"disposition"`
	Max         int64             `json:"max_count"`
}

// lockText finds the text that is meant, and locks it: results with it that are being written are found afterwards, and
// those that come meanwhile wait. Of two that are alike but for their flag, the one that nobody has classified is
// meant.
func lockText(ctx context.Context, tx pgx.Tx, choice ledger.TextChoice) (ledger.AnswerText, error) {
	where, field := `t.text_id = (select nullif(w.subject, '')::bigint from work_item w
    where w.work_item_id = @item and w.kind = @kind)`, "work_item_id"
	args := pgx.StrictNamedArgs{"item": choice.WorkItemID, "kind": string(rule.WorkUnrecognised)}
	if choice.WorkItemID == 0 {
		field = "text"
		args = pgx.StrictNamedArgs{"text": ledger.CleanText(choice.Text)}
		where = `t.text = @text or btrim(t.example, E' \t\r\n') = btrim(@text, E' \t\r\n') or t.text_id in (
    select u.text_id from unsettled_cancellation u
    where u.text_id is not null and btrim(u.vendor_message, E' \t\r\n') = btrim(@text, E' \t\r\n'))`
	}
	rows, err := tx.Query(ctx, `
select t.text_id, t.success, t.text, t.example, t.disposition, t.classified_by, t.reason
from answer_text t
where `+where+`
order by t.success, t.text collate "C"
for update`, args)
	if err != nil {
		return ledger.AnswerText{}, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[ledger.AnswerText])
	if err != nil {
		return ledger.AnswerText{}, err
	}
	var open []ledger.AnswerText
	for _, text := range found {
		if text.Disposition == "" {
			open = append(open, text)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(open) == 1:
		return open[0], nil
	case len(found) == 0:
		return ledger.AnswerText{}, &ledger.TextError{
			Fault: ledger.TextNotMet, Field: field, Text: ledger.AnswerText{Text: choice.Text},
		}
	}
	return ledger.AnswerText{}, &ledger.TextError{Fault: ledger.TextTwice, Field: field, Text: found[0]}
}

// answersOf answers the cancellations that go on once a text has a meaning.
func answersOf(ctx context.Context, tx pgx.Tx, text int64, lock bool) ([]answerRow, error) {
	query := `
select c.cancellation_id, c.scheme, c.bill_id, f.bill_no, c.vendor_message, c.disposition, f.evidence, f.question,
       c.answer_lost, c.same_disposition, c.same_count, c.same_since, c.lease_until is not null as in_flight,
       f.evidence = 'snapshot' and exists (select from cancellation c
           where c.cancellation_id = f.cancellation_id and ` + ledger.CancelledBefore + `) as cancelled_before
from unsettled_cancellation c
join cancellation f using (cancellation_id)
where c.text_id = @text and c.state in ('needs_attention', 'open')
order by c.cancellation_id
limit @limit`
	if lock {
		query += ` for update of c`
	}
	rows, err := tx.Query(ctx, query, pgx.StrictNamedArgs{"text": text, "limit": mostAnswers})
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
		history := rule.History{
			Evidence: rule.Evidence(r.Evidence), Question: r.Question > 0, AnswerLost: r.AnswerLost,
			CancelledBefore: r.CancelledBefore,
			Same:            1, FirstSame: now,
		}
		same := r.SameDisposition == r.Disposition || r.SameDisposition == string(rule.Provisional)
		if same && r.SameSince != nil {
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

// writeMeaning writes down what the text means, and closes its work item.
func writeMeaning(
	ctx context.Context, tx pgx.Tx, text *ledger.AnswerText, act ledger.Act, meaning rule.Disposition,
) error {
	if text.Disposition != meaning {
		if _, err := tx.Exec(ctx, `
update answer_text set disposition = @meaning, classify_time = now(), classified_by = @by, reason = @reason
where text_id = @text`, pgx.StrictNamedArgs{
			"text": text.TextID, "meaning": string(meaning), "by": act.Actor, "reason": act.Reason,
		}); err != nil {
			return err
		}
		text.Disposition, text.ClassifiedBy, text.Reason = meaning, act.Actor, act.Reason
	}
	// What is held meanwhile waits for its release alone, and is asked again then.
	if _, err := tx.Exec(ctx, `
update unsettled_cancellation set text_id = null, awaits_text = false, update_time = now()
where text_id = $1 and state not in ('needs_attention', 'open')`, text.TextID); err != nil {
		return err
	}
	return ledger.CloseWorkItems(ctx, tx, byWhom("reclassified as "+string(meaning), act),
		`w.kind = @kind and w.subject = @text`, pgx.StrictNamedArgs{
			"kind": string(rule.WorkUnrecognised), "text": strconv.FormatInt(text.TextID, 10),
		})
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

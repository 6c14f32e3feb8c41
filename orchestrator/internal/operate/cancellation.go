package operate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/remap"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

type filterParameters struct {
	Filter ledger.CancellationFilter `json:"filter"`
	Max    int64                     `json:"max_count"`
}

// Operate does a verb to the cancellations that a filter selects in one scheme: all of them or, when they are more than
// the bounds allow, none. What may lead to a request is verified afresh before it is sent, like any other. A dry run
// changes and records nothing.
func (s *Operator) Operate(
	ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, f ledger.CancellationFilter, b ledger.Bounds,
) (ledger.Effect, error) {
	by, ok := verbs[verb]
	if !ok {
		return ledger.Effect{}, fmt.Errorf("no such act: %s", verb)
	}
	act.Scheme = f.Scheme
	if err := lockScheme(ctx, tx, act.Scheme); err != nil {
		return ledger.Effect{}, err
	}
	chosen := choose(verb, f, by.verbRule)
	effect, ids, err := chosen.take(ctx, tx, b)
	if err != nil || b.DryRun {
		return effect, err
	}
	if len(ids) > 0 {
		if err := by.change(ctx, tx, act, ids); err != nil {
			return ledger.Effect{}, err
		}
	}
	_, err = record(ctx, tx, verb, act, filterParameters{f, b.Max}, effect, ids...)
	return effect, err
}

// verbs is what each act on cancellations applies to, and does.
var verbs = map[ledger.Verb]struct {
	verbRule
	change func(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) error
}{
	ledger.Retry:       {retryRule, retry},
	ledger.Ignore:      {ignoreRule, ignore},
	ledger.MarkDone:    {markDoneRule, markDone},
	ledger.ReleaseHeld: {releaseRule, release},
}

// byWhom is a close reason that tells what was done, by whom and why.
func byWhom(what string, act ledger.Act) string { return what + " by " + act.Actor + ": " + act.Reason }

// retry opens cancellations, as if they had never been answered, by the names that their orders have now.
func retry(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) error {
	with, err := ledger.EndedWith(ctx, tx, ids)
	if err != nil {
		return err
	}
	anew, err := remap.Renamed(ctx, tx, act.Scheme, append(with, ids...))
	if err != nil {
		return err
	}
	if err := ledger.Reopen(ctx, tx, ids, anew); err != nil {
		return err
	}
	return ledger.CloseCancellationWork(ctx, tx, ids, byWhom("retried", act))
}

// ignore ends cancellations without an effect: the order stays as it is.
func ignore(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) error {
	if err := ledger.CloseByHand(ctx, tx, ids); err != nil {
		return err
	}
	return endByHand(ctx, tx, act, ids, "ignored")
}

// markDone ends cancellations whose order a person knows to be cancelled. Of a bill that is live that is a person's
// matter again.
func markDone(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) error {
	if err := ledger.FinishByHand(ctx, tx, ids); err != nil {
		return err
	}
	if err := endByHand(ctx, tx, act, ids, "marked_done"); err != nil {
		return err
	}
	return doneOfLive(ctx, tx, ids)
}

// endByHand closes the work items that asked for cancellations which a person has ended.
func endByHand(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64, outcome string) error {
	if err := ledger.CloseCancellationWork(ctx, tx, ids, byWhom(outcome, act)); err != nil {
		return err
	}
	if err := intake.CloseHolds(ctx, tx, act.Scheme, byWhom(outcome, act)); err != nil {
		return err
	}
	// The safety limits go on counting: that these are settled does not say that the next ones are meant.
	return intake.EndSafetyLimits(ctx, tx, act.Scheme, byWhom(outcome, act))
}

// doneOfLive opens restored_after_cancel for cancellations that are done now although the ledger knows their bill live,
// and closes it where the bill is voided again.
func doneOfLive(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if err := ledger.OpenFound(ctx, tx, `
select `+ledger.AboutCancellation+`, `+ledger.OrderDetail+ledger.DoneAndLive,
		pgx.StrictNamedArgs{"ids": ids, "kind": string(rule.WorkRestored)}); err != nil {
		return err
	}
	return ledger.CloseRestored(ctx, tx, ids)
}

package rooms_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// moved is what move moves: the cancellations of one scheme, their bills, and for what is owed or answered the rows to
// write.
type moved struct {
	Scheme        string
	IDs, Bills    []int64
	Cancellations []ledger.Cancellation
	Results       []ledger.Result
}

// move carries out the statement of an event.
func move(ctx context.Context, pool *pgxpool.Pool, e rule.Event, m moved) error {
	meaning := map[rule.Event]rule.CancellationState{
		rule.EventMeansWaits: rule.Open, rule.EventMeansDone: rule.Done, rule.EventMeansAsks: rule.NeedsAttention,
		rule.EventMeansCloses: rule.Closed,
	}
	return ledger.InKeyedTx(ctx, pool, func(tx pgx.Tx) error {
		var err error
		switch e {
		case rule.EventOwed, rule.EventOwedForMore, rule.EventOwedAsDeleted, rule.EventOwedFreely,
			rule.EventOwedAskingFirst, rule.EventOwedNow:
			run := &ledger.Run{Scheme: m.Scheme, Revision: 1}
			page := ledger.Page{Cancellations: m.Cancellations, Gone: e == rule.EventOwedAsDeleted}
			return ledger.PlanCancellations(ctx, tx, run, &page)
		case rule.EventAsked:
			return ledger.PlanQuestions(ctx, tx, &ledger.Run{Scheme: m.Scheme, Revision: 1}, m.Cancellations)
		case rule.EventDecidedAnew:
			_, err = ledger.TakeBack(ctx, tx, m.Scheme, m.Bills)
		case rule.EventTakenOver:
			later := slices.Clone(m.Cancellations)
			for i := range later {
				later[i].Generation++
			}
			_, err = ledger.TakeOver(ctx, tx, m.Scheme, later)
		case rule.EventPartRemoved, rule.EventPartRemovedLanded:
			var warehouses []string
			for _, c := range m.Cancellations {
				warehouses = append(warehouses, c.Order.Warehouse)
			}
			return ledger.WithdrawParts(ctx, tx, m.Scheme, warehouses, nil)
		case rule.EventCorrected:
			named := slices.Clone(m.Cancellations)
			for i := range named {
				named[i].OrderCode += "-NEW"
			}
			_, err = ledger.TakeCorrected(ctx, tx, m.Scheme, named)
		case rule.EventNoTrigger:
			_, err = ledger.WithdrawBills(ctx, tx, m.Scheme, m.Bills)
		case rule.EventRunEnded:
			_, err = ledger.OpenPlan(ctx, tx, m.Scheme, intake.PlannedByAll)
		case rule.EventRunEndedHolding:
			_, err = ledger.HoldPlan(ctx, tx, m.Scheme, intake.PlannedByAll)
		case rule.EventRunEndedWatching:
			_, err = ledger.EndPlanAsDryRun(ctx, tx, m.Scheme, intake.PlannedByAll)
		case rule.EventLimitReached:
			return ledger.HoldAtLimit(ctx, tx, m.Scheme, rule.HoldSafetyLimitHour)
		case rule.EventReadAway:
			_, err = ledger.WithdrawVerified(ctx, tx, m.IDs, string(rule.NoTrigger))
		case rule.EventReadUnconfirmed:
			return ledger.AwaitClaimants(ctx, tx, claimedBy(m.IDs))
		case rule.EventReadShared:
			return ledger.AwaitSharers(ctx, tx, m.IDs)
		case rule.EventUnread, rule.EventUnreadTooLong:
			return ledger.AwaitRead(ctx, tx, m.IDs, time.Minute, time.Hour)
		case rule.EventOrderRefused:
			return ledger.AskAboutRefused(ctx, tx, m.Results)
		case rule.EventAnswerWaits, rule.EventAnswerDone, rule.EventAnswerAsks, rule.EventAnswerCloses:
			return push.WriteResults(ctx, tx, m.Results)
		case rule.EventCancelledLate:
			_, err = ledger.FinishLate(ctx, tx, m.Results)
		case rule.EventRetried:
			return ledger.Reopen(ctx, tx, m.IDs, nil)
		case rule.EventReleased:
			_, err = ledger.OpenReleased(ctx, tx, m.Scheme, m.IDs)
		case rule.EventIgnored:
			return ledger.CloseByHand(ctx, tx, m.IDs)
		case rule.EventMarkedDone:
			return ledger.FinishByHand(ctx, tx, m.IDs)
		case rule.EventSetToSend:
			_, err = ledger.EndUnsentAsDryRun(ctx, tx, m.Scheme)
		case rule.EventMeansWaits, rule.EventMeansDone, rule.EventMeansAsks, rule.EventMeansCloses:
			moves := ledger.AnswerMoves{IDs: m.IDs}
			for range m.IDs {
				moves.States = append(moves.States, string(meaning[e]))
				moves.Outcomes = append(moves.Outcomes, "")
				moves.Inferred = append(moves.Inferred, false)
				moves.Waits = append(moves.Waits, time.Minute)
				moves.Counts = append(moves.Counts, 1)
				moves.Since = append(moves.Since, time.Now())
			}
			return ledger.FollowMeaning(ctx, tx, moves, rule.NotFound)
		default:
			return fmt.Errorf("no statement carries out %s", e)
		}
		return err
	})
}

func claimedBy(ids []int64) []ledger.Claimed {
	claimed := make([]ledger.Claimed, len(ids))
	for i, id := range ids {
		claimed[i] = ledger.Claimed{ID: id, By: "B1"}
	}
	return claimed
}

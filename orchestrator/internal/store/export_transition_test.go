package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Moved is what Move moves: the cancellations of one scheme, their bills, and for what is owed or answered the rows to
// write.
type Moved struct {
	Scheme        string
	IDs, Bills    []int64
	Cancellations []ledger.Cancellation
	Results       []ledger.Result
}

// Move carries out the statement of an event.
func (s *Store) Move(ctx context.Context, e rule.Event, m Moved) error {
	meaning := map[rule.Event]rule.CancellationState{
		rule.EventMeansWaits: rule.Open, rule.EventMeansDone: rule.Done, rule.EventMeansAsks: rule.NeedsAttention,
		rule.EventMeansCloses: rule.Closed,
	}
	return s.inKeyedTx(ctx, func(tx pgx.Tx) error {
		var err error
		switch e {
		case rule.EventOwed, rule.EventOwedForMore, rule.EventOwedAsDeleted, rule.EventOwedFreely,
			rule.EventOwedAskingFirst:
			run := &ledger.Run{Scheme: m.Scheme, Revision: 1}
			return planCancellations(ctx, tx, run, &ledger.Page{Cancellations: m.Cancellations})
		case rule.EventDecidedAnew:
			return takeBack(ctx, tx, m.Scheme, m.Bills)
		case rule.EventNoTrigger:
			_, err = withdrawBills(ctx, tx, m.Scheme, m.Bills)
		case rule.EventRunEnded:
			_, err = openPlan(ctx, tx, m.Scheme, plannedByAll)
		case rule.EventRunEndedHolding:
			_, err = holdPlan(ctx, tx, m.Scheme, plannedByAll)
		case rule.EventRunEndedWatching:
			_, err = endPlanAsDryRun(ctx, tx, m.Scheme, plannedByAll)
		case rule.EventLimitReached:
			return holdAtLimit(ctx, tx, m.Scheme, rule.HoldSafetyLimitHour)
		case rule.EventReadAway:
			_, err = withdrawVerified(ctx, tx, m.IDs, string(rule.NoTrigger))
		case rule.EventReadTaken:
			return holdTaken(ctx, tx, m.IDs)
		case rule.EventUnread, rule.EventUnreadTooLong:
			return awaitRead(ctx, tx, m.IDs, time.Minute, time.Hour)
		case rule.EventUnsent, rule.EventUnsentTooLong:
			return awaitSending(ctx, tx, m.IDs, time.Minute, time.Hour, "not handed over")
		case rule.EventOrderRefused:
			return askAboutRefused(ctx, tx, m.Results)
		case rule.EventAnswerWaits, rule.EventAnswerDone, rule.EventAnswerAsks, rule.EventAnswerCloses:
			return writeResults(ctx, tx, m.Results)
		case rule.EventCancelledLate:
			_, err = finishLate(ctx, tx, columnsOf(m.Results))
		case rule.EventRetried:
			return reopen(ctx, tx, m.IDs)
		case rule.EventReleased:
			_, err = releaseHeld(ctx, tx, m.Scheme, m.IDs)
		case rule.EventIgnored:
			return closeByHand(ctx, tx, m.IDs)
		case rule.EventMarkedDone:
			return finishByHand(ctx, tx, m.IDs)
		case rule.EventSetToSend:
			_, err = endUnsentAsDryRun(ctx, tx, m.Scheme)
		case rule.EventMeansWaits, rule.EventMeansDone, rule.EventMeansAsks, rule.EventMeansCloses:
			moves := answerMoves{ids: m.IDs}
			for range m.IDs {
				moves.states = append(moves.states, string(meaning[e]))
				moves.outcomes = append(moves.outcomes, "")
				moves.inferred = append(moves.inferred, false)
				moves.waits = append(moves.waits, time.Minute)
				moves.counts = append(moves.counts, 1)
				moves.since = append(moves.since, time.Now())
			}
			return followMeaning(ctx, tx, moves, rule.NotFound)
		default:
			return fmt.Errorf("no statement carries out %s", e)
		}
		return err
	})
}

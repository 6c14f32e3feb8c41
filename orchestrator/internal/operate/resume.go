package operate

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Resume ends what only a person ends: a scheme that was stopped, paused or suspected reads and sends again, at once.
// Safety limits stay as they are: what they hold is released. Resuming a scheme that runs is no fault.
func (s *Operator) Resume(ctx context.Context, tx pgx.Tx, act ledger.Act) error {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return err
	}
	resumed, err := resume(ctx, tx, act)
	if err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.Resume, act, nothing{}, counted{resumed})
	return err
}

func resume(ctx context.Context, tx pgx.Tx, act ledger.Act) (resumed int64, err error) {
	ended, err := ledger.EndConditions(ctx, tx, act.Actor+": "+act.Reason,
		`o.scheme = @scheme and o.by_person and o.kind <> @limit`,
		pgx.StrictNamedArgs{"scheme": act.Scheme, "limit": rule.ConditionSafetyLimit})
	if err != nil {
		return 0, err
	}
	for _, c := range ended {
		if err := forget(ctx, tx, c); err != nil {
			return 0, err
		}
	}
	// Whoever resumes has seen to it: accounts of the scheme that are refused are asked at once rather than in minutes.
	if err := ledger.ProbeSoon(ctx, tx, `
exists (select from scheme s where s.scheme = @scheme and o.account = any(s.wms_accounts))`,
		pgx.StrictNamedArgs{"scheme": act.Scheme}); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `
update run_failure set not_before = now() where scheme = $1 and not_before > now()`, act.Scheme)
	return int64(len(ended)), err
}

// forget undoes what had led to a condition that a person ended: the person has looked.
func forget(ctx context.Context, tx pgx.Tx, c ledger.Condition) (err error) {
	switch {
	case c.Kind == rule.ConditionMappingSuspected:
		_, err = tx.Exec(ctx, `
update mapping_answers set answers = $2, bad_in_row = $3, examples = '{}' where scheme = $1`,
			c.Scheme, rule.ReviewedAnswers.Answers, rule.ReviewedAnswers.BadInRow)
	case c.Kind == rule.ConditionCancelledElsewhere:
		_, err = tx.Exec(ctx, `delete from first_answers where scheme = $1`, c.Scheme)
	case c.Reason == rule.StopZone:
		// Whichever zone comes next is the zone from now on.
		_, err = tx.Exec(ctx, `update watermark set time_zone = '' where scheme = $1`, c.Scheme)
	}
	return err
}

type runParameters struct {
	Kind ledger.RunKind `json:"kind"`
}

// AskedForRun records that an incremental run, a recheck or a reconcile run was asked for, and answers when;
// ledger.ErrStopped for a scheme that is stopped.
func (s *Operator) AskedForRun(ctx context.Context, tx pgx.Tx, act ledger.Act, kind ledger.RunKind) (time.Time, error) {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return time.Time{}, err
	}
	standing, err := ledger.StandingIn(ctx, tx, act.Scheme)
	if err != nil {
		return time.Time{}, err
	}
	if standing.Stopped {
		return time.Time{}, fmt.Errorf("scheme %s: %w", act.Scheme, ledger.ErrStopped)
	}
	return record(ctx, tx, ledger.StartRun, act, runParameters{kind}, counted{})
}

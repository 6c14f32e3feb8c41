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
//
// restoredTo is the time to which Kingdee was restored from an older copy, by its own clock; zero for none. It ends
// kingdee_went_back for every scheme of the data centre, and sets their watermarks back to it where they are later, so
// that what happened since is read again. It is refused (*ledger.WatermarkError) if it lies ahead.
func (s *Operator) Resume(ctx context.Context, tx pgx.Tx, act ledger.Act, restoredTo time.Time) error {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return err
	}
	resumed, err := resume(ctx, tx, act)
	if err != nil {
		return err
	}
	if restoredTo.IsZero() {
		_, err = record(ctx, tx, ledger.Resume, act, nothing{}, counted{resumed})
		return err
	}
	ended, err := restored(ctx, tx, act, restoredTo)
	if err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.Resume, act, restoredParameters{restoredTo.UTC()}, counted{resumed + ended})
	return err
}

type restoredParameters struct {
	KingdeeRestoredTo time.Time `json:"kingdee_restored_to"`
}

// restored goes on with an older copy of Kingdee, for every scheme of the data centre. The versions of the watermarks
// move in any case, so that no run that read the Kingdee before can end.
func restored(ctx context.Context, tx pgx.Tx, act ledger.Act, to time.Time) (ended int64, err error) {
	var ahead bool
	if err := tx.QueryRow(ctx, `select $1::timestamptz > now()`, to).Scan(&ahead); err != nil {
		return 0, err
	}
	if ahead {
		return 0, &ledger.WatermarkError{
			Why: fmt.Sprintf("%s is in the future; 晚于当前时间", to.UTC().Format(time.RFC3339)),
		}
	}
	args := pgx.StrictNamedArgs{"scheme": act.Scheme}
	conditions, err := ledger.EndConditions(ctx, tx, act.Actor+": "+act.Reason, `o.kind = 'kingdee_went_back'
    and o.data_center_id = (select s.data_center_id from scheme s where s.scheme = @scheme)`, args)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `
with before as (
    select m.scheme, m.watermark_time
    from watermark m join scheme s using (scheme)
    where s.data_center_id = (select o.data_center_id from scheme o where o.scheme = @scheme)
    order by m.scheme
    for update of m
), moved as (
    update watermark m
    set watermark_time = least(m.watermark_time, @to), version = m.version + 1, restored_to = @to, restored_told = now()
    from before b
    where m.scheme = b.scheme
)
insert into watermark_change (scheme, move_time, watermark_before, watermark_after, actor, reason)
select b.scheme, clock_timestamp(), b.watermark_time, @to, @actor, @reason
from before b
where b.watermark_time > @to`, pgx.StrictNamedArgs{
		"scheme": act.Scheme, "to": to, "actor": ledger.CleanText(act.Actor), "reason": ledger.CleanText(act.Reason),
	})
	return int64(len(conditions)), err
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
		// Whichever zone comes next is the zone from now on. That dates differ then begins no other generation, and
		// makes no bill another one, once.
		if _, err = tx.Exec(ctx, `update watermark set time_zone = '' where scheme = $1`, c.Scheme); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
update bill set bill_create_time = null, generation_approve = null, generation_cancel = null, update_time = now()
where scheme = $1 and gone_time is null`, c.Scheme)
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
	if err := notRetired(ctx, tx, act.Scheme); err != nil {
		return time.Time{}, err
	}
	return record(ctx, tx, ledger.StartRun, act, runParameters{kind}, counted{})
}

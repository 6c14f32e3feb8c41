package operate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Pause stops sending for a scheme; it reads and withdraws all the same. A scheme that is paused already stays as it
// is, also with its reason.
func (s *Operator) Pause(ctx context.Context, tx pgx.Tx, act ledger.Act) error {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
update scheme set pause_reason = 'operator', pause_detail = $2, pause_time = now(), update_time = now()
where scheme = $1 and pause_reason = ''`, act.Scheme, ledger.CleanText(act.Actor+": "+act.Reason))
	if err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.Pause, act, nothing{}, counted{tag.RowsAffected()})
	return err
}

// endPause lets a scheme send again, if it was paused. The person has looked: what its answers had told of the mapping
// is forgotten, and accounts of it that are paused are probed at once rather than in minutes.
func endPause(ctx context.Context, tx pgx.Tx, scheme string) error {
	var reason string
	if err := tx.QueryRow(ctx, `select pause_reason from scheme where scheme = $1`, scheme).Scan(&reason); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
update account_pause p set probe_time = now() from scheme s where s.scheme = $1 and p.account = any(s.wms_accounts)`,
		scheme); err != nil || reason == "" {
		return err
	}
	if _, err := tx.Exec(ctx, `
update scheme set pause_reason = '', pause_detail = '', pause_time = null, update_time = now() where scheme = $1`,
		scheme); err != nil {
		return err
	}
	if err := ledger.ForgetUnsent(ctx, tx, scheme); err != nil {
		return err
	}
	if reason == "mapping_suspected" {
		if _, err := tx.Exec(ctx, `
update mapping_answers set answers = $2, bad_in_row = $3, examples = '{}' where scheme = $1`,
			scheme, rule.ReviewedAnswers.Answers, rule.ReviewedAnswers.BadInRow); err != nil {
			return err
		}
	}
	return ledger.CloseSchemeKind(ctx, tx, scheme, rule.WorkMappingSuspected, "resumed")
}

// StopAll keeps every orchestrator from sending anything, for whatever scheme, and answers since when, and how many
// attempts are in flight, which finish. When all is stopped already it stays so, since when it was.
func (s *Operator) StopAll(
	ctx context.Context, tx pgx.Tx, act ledger.Act,
) (since time.Time, inFlight int64, err error) {
	if err := lockAll(ctx, tx); err != nil {
		return time.Time{}, 0, err
	}
	if _, err := tx.Exec(ctx, `
insert into stop_all (stop_time, actor, reason) values (clock_timestamp(), $1, $2)
on conflict do nothing`, ledger.CleanText(act.Actor), ledger.CleanText(act.Reason)); err != nil {
		return time.Time{}, 0, err
	}
	if err := tx.QueryRow(ctx, `
select stop_time, (
    select count(*)
    from attempt a join cancellation_now c on c.cancellation_id = a.cancellation_id and c.attempt = a.attempt
    where a.disposition = '' and c.lease_until > now())
from stop_all`).Scan(&since, &inFlight); err != nil {
		return time.Time{}, 0, err
	}
	_, err = record(ctx, tx, ledger.StopAll, act, nothing{}, counted{inFlight})
	return since.UTC(), inFlight, err
}

// ResumeAll ends StopAll, and says whether there was one. The time in which nothing could be sent does not count
// against any cancellation.
func (s *Operator) ResumeAll(ctx context.Context, tx pgx.Tx, act ledger.Act) (resumed bool, err error) {
	if err := lockAll(ctx, tx); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `delete from stop_all`)
	if err != nil {
		return false, err
	}
	if resumed = tag.RowsAffected() > 0; resumed {
		if err := ledger.ForgetUnsentOf(ctx, tx, `select scheme from scheme`); err != nil {
			return false, err
		}
	}
	_, err = record(ctx, tx, ledger.ResumeAll, act, nothing{}, counted{tag.RowsAffected()})
	return resumed, err
}

package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Pause stops sending for a scheme; it reads and withdraws all the same. A scheme that is paused already stays as it is, also with
// its reason.
func (s *Store) Pause(ctx context.Context, act ledger.Act) error {
	_, err := s.perform(ctx, verbPause, act, struct{}{}, func(tx pgx.Tx, _ string) (int64, error) {
		tag, err := tx.Exec(ctx, `
update scheme set pause_reason = 'operator', pause_detail = $2, pause_time = now(), update_time = now()
where scheme = $1 and pause_reason = ''`, act.Scheme, ledger.CleanText(act.Actor+": "+act.Reason))
		return tag.RowsAffected(), err
	})
	return err
}

// endPause lets a scheme send again, if it was paused. The person has looked: what its answers had told of the mapping is forgotten,
// and accounts of it that are paused are probed at once rather than in minutes.
func endPause(ctx context.Context, tx pgx.Tx, scheme string) error {
	var reason string
	if err := tx.QueryRow(ctx, `select pause_reason from scheme where scheme = $1`, scheme).Scan(&reason); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
update account_pause p set probe_time = now() from scheme s where s.scheme = $1 and p.account = any(s.wms_accounts)`, scheme); err != nil || reason == "" {
		return err
	}
	if _, err := tx.Exec(ctx, `
update scheme set pause_reason = '', pause_detail = '', pause_time = null, update_time = now() where scheme = $1`, scheme); err != nil {
		return err
	}
	if err := forgetUnsent(ctx, tx, scheme); err != nil {
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

// StopAll keeps every orchestrator from sending anything, for whatever scheme, and answers since when, and how many attempts are in
// flight, which finish. When all is stopped already it stays so, since when it was.
func (s *Store) StopAll(ctx context.Context, act ledger.Act) (since time.Time, inFlight int64, err error) {
	var stood time.Time
	done, err := s.performForAll(ctx, verbStopAll, act, func(tx pgx.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, `
insert into stop_all (stop_time, actor, reason) values (clock_timestamp(), $1, $2) on conflict do nothing`, ledger.CleanText(act.Actor), ledger.CleanText(act.Reason))
		if err != nil {
			return 0, err
		}
		if tag.RowsAffected() == 0 {
			if err := tx.QueryRow(ctx, `select stop_time from stop_all`).Scan(&stood); err != nil {
				return 0, err
			}
		}
		var inFlight int64
		err = tx.QueryRow(ctx, `select count(*) from cancellation where lease_until > now()`).Scan(&inFlight)
		return inFlight, err
	})
	if stood.IsZero() {
		stood = done.Time
	}
	return stood.UTC(), done.Count, err
}

// ResumeAll ends StopAll, and says whether there was one. The time in which nothing could be sent does not count against any cancellation.
func (s *Store) ResumeAll(ctx context.Context, act ledger.Act) (resumed bool, err error) {
	done, err := s.performForAll(ctx, verbResumeAll, act, func(tx pgx.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, `delete from stop_all`)
		if err != nil || tag.RowsAffected() == 0 {
			return 0, err
		}
		return 1, forgetUnsentOf(ctx, tx, `select scheme from scheme`)
	})
	return done.Count > 0, err
}

// forgetUnsentOf is forgetUnsent for the schemes that a query finds.
func forgetUnsentOf(ctx context.Context, tx pgx.Tx, query string, args ...any) error {
	rows, err := tx.Query(ctx, query+` order by scheme`, args...)
	if err != nil {
		return err
	}
	schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, scheme := range schemes {
		if err := forgetUnsent(ctx, tx, scheme); err != nil {
			return err
		}
	}
	return nil
}

// performForAll is perform for what concerns all schemes: one such act at a time.
func (s *Store) performForAll(ctx context.Context, verb string, act ledger.Act, do func(pgx.Tx) (int64, error)) (performed, error) {
	var result performed
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('voidrelay acts for all', 0))`); err != nil {
			return err
		}
		var found bool
		var err error
		if result, found, err = recall(ctx, tx, verb, act, struct{}{}); found || err != nil {
			return err
		}
		if result.Count, err = do(tx); err != nil {
			return err
		}
		result.Time, err = record(ctx, tx, verb, act, struct{}{}, result)
		return err
	})
	if ledger.Violates(err, "operator_action_request") {
		err = ledger.ErrRequestIDReused
	}
	if err != nil {
		return performed{}, fmt.Errorf("%s: %w", verb, faultOf(err))
	}
	return result, nil
}

// allStopped answers who stopped everything and why; empty when nobody did.
func (s *Store) allStopped(ctx context.Context) (string, error) {
	var reason string
	err := s.pool.QueryRow(ctx, `select actor || ': ' || reason from stop_all`).Scan(&reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read stop of everything: %w", faultOf(err))
	}
	return reason, nil
}

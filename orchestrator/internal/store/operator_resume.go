package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// stoppedForZone is the stop reason of a scheme whose server's times would be read in another zone than before.
const stoppedForZone = "TIME_ZONE_DIFFERS"

// Resume lets a stopped scheme read and send again, at once, ends a pause of its sending, and closes the work items that said so.
// Resuming a scheme that runs is no fault.
func (s *Store) Resume(ctx context.Context, act ledger.Act) error {
	_, err := s.perform(ctx, verbResume, act, struct{}{}, func(tx pgx.Tx, _ string) (int64, error) {
		// Who resumes a scheme that stopped for its zone has seen to it: whichever comes next is the zone from now on.
		if _, err := tx.Exec(ctx, `
update watermark m set time_zone = '' from scheme s where s.scheme = m.scheme and s.scheme = $1 and s.state = 'stopped' and s.stop_reason = $2`,
			act.Scheme, stoppedForZone); err != nil {
			return 0, err
		}
		tag, err := tx.Exec(ctx, `
update scheme set state = 'running', stop_reason = '', stop_detail = '', update_time = now() where scheme = $1 and state = 'stopped'`, act.Scheme)
		if err != nil {
			return 0, err
		}
		if tag.RowsAffected() > 0 {
			if err := forgetUnsent(ctx, tx, act.Scheme); err != nil {
				return 0, err
			}
		}
		if err := endPause(ctx, tx, act.Scheme); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, `update run_failure set not_before = now() where scheme = $1 and not_before > now()`, act.Scheme); err != nil {
			return 0, err
		}
		return tag.RowsAffected(), ledger.CloseSchemeKind(ctx, tx, act.Scheme, rule.WorkSchemeStopped, "resumed")
	})
	return err
}

// forgetUnsent lets the time in which nothing could be sent begin anew: while the scheme was at rest nobody tried.
func forgetUnsent(ctx context.Context, tx pgx.Tx, scheme string) error {
	_, err := tx.Exec(ctx, `update cancellation set `+ledger.ForgetUnsentColumns+` where scheme = $1 and state = 'open' and (unsent_since is not null or unread_since is not null)`, scheme)
	return err
}

// RunRequested answers when a run was asked for under this request id; found is false when it was not, or the id is empty.
func (s *Store) RunRequested(ctx context.Context, act ledger.Act) (at time.Time, found bool, err error) {
	done, found, err := recall(ctx, s.pool, verbStartRun, act, struct{}{})
	if err != nil {
		return time.Time{}, false, fmt.Errorf("%s: %w", verbStartRun, faultOf(err))
	}
	return done.Time.UTC(), found, nil
}

// RecordRunRequest records that a run was asked for, and answers when.
func (s *Store) RecordRunRequest(ctx context.Context, act ledger.Act) (time.Time, error) {
	done, err := s.perform(ctx, verbStartRun, act, struct{}{}, func(pgx.Tx, string) (int64, error) { return 0, nil })
	return done.Time.UTC(), err
}

package operate

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

// Resume lets a stopped scheme read and send again, at once, ends a pause of its sending, and closes the work items
// that said so. Resuming a scheme that runs is no fault.
func (s *Operator) Resume(ctx context.Context, tx pgx.Tx, act ledger.Act) error {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return err
	}
	resumed, err := resume(ctx, tx, act.Scheme)
	if err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.Resume, act, nothing{}, counted{resumed})
	return err
}

func resume(ctx context.Context, tx pgx.Tx, scheme string) (resumed int64, err error) {
	// Who resumes a scheme that stopped for its zone has seen to it: whichever comes next is the zone from now on.
	if _, err := tx.Exec(ctx, `
update watermark m set time_zone = ''
from scheme s
where s.scheme = m.scheme and s.scheme = $1 and s.state = 'stopped' and s.stop_reason = $2`,
		scheme, stoppedForZone); err != nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, `
update scheme set state = 'running', stop_reason = '', stop_detail = '', update_time = now()
where scheme = $1 and state = 'stopped'`, scheme)
	if err != nil {
		return 0, err
	}
	if tag.RowsAffected() > 0 {
		if err := ledger.ForgetUnsent(ctx, tx, scheme); err != nil {
			return 0, err
		}
	}
	if err := endPause(ctx, tx, scheme); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `
update run_failure set not_before = now() where scheme = $1 and not_before > now()`, scheme); err != nil {
		return 0, err
	}
	return tag.RowsAffected(), ledger.CloseSchemeKind(ctx, tx, scheme, rule.WorkSchemeStopped, "resumed")
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
	var stopped bool
	if err := tx.QueryRow(ctx, `
select state = 'stopped' from scheme where scheme = $1`, act.Scheme).Scan(&stopped); err != nil {
		return time.Time{}, err
	}
	if stopped {
		return time.Time{}, fmt.Errorf("scheme %s: %w", act.Scheme, ledger.ErrStopped)
	}
	return record(ctx, tx, ledger.StartRun, act, runParameters{kind}, counted{})
}

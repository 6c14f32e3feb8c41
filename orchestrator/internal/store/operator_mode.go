package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

type modeParameters struct {
	Mode string `json:"mode"`
}

func modeOf(send bool) modeParameters {
	if send {
		return modeParameters{"send"}
	}
	return modeParameters{"dry_run"}
}

// ModeSet answers what SetMode with this request id and content came to; found is false when it was not called, or the id is empty.
func (s *Store) ModeSet(ctx context.Context, act ledger.Act, send bool) (dryRun int64, found bool, err error) {
	done, found, err := recall(ctx, s.pool, verbSetMode, act, modeOf(send))
	if err != nil {
		return 0, false, fmt.Errorf("%s: %w", verbSetMode, faultOf(err))
	}
	return done.Count, found, nil
}

// SetMode sets a scheme to dry run (send false) or send, and answers how many cancellations ended as dry_run by it. Going to send is a
// new cutover: every cancellation that cannot have reached the WMS yet ends as dry_run, and with it the work items about it; one that may
// have stays open, because what it came to must be found out. Setting the mode that a scheme has already changes nothing.
// Whether a scheme may send is the caller's question.
func (s *Store) SetMode(ctx context.Context, act ledger.Act, send bool) (dryRun int64, err error) {
	wanted := modeOf(send)
	done, err := s.perform(ctx, verbSetMode, act, wanted, func(tx pgx.Tx, present string) (int64, error) {
		if present == wanted.Mode {
			return 0, nil
		}
		if !send {
			_, err := tx.Exec(ctx, `update scheme set mode = 'dry_run', update_time = now() where scheme = $1`, act.Scheme)
			return 0, err
		}
		if _, err := tx.Exec(ctx, `update scheme set mode = 'send', send_since = now(), safety_limit_reset_time = now(), update_time = now() where scheme = $1`, act.Scheme); err != nil {
			return 0, err
		}
		if err := forgetUnsent(ctx, tx, act.Scheme); err != nil {
			return 0, err
		}
		return endAsDryRun(ctx, tx, act.Scheme)
	})
	return done.Count, err
}

// endAsDryRun ends the scheme's cancellations that cannot have reached the WMS as dry_run, and closes their work items.
func endAsDryRun(ctx context.Context, tx pgx.Tx, scheme string) (int64, error) {
	ended, err := ledger.EndUnsentAsDryRun(ctx, tx, scheme)
	if err != nil {
		return 0, err
	}
	if err := ledger.CloseWorkItems(ctx, tx, "dry_run", `w.cancellation_id = any(@ended)`, pgx.StrictNamedArgs{"ended": ended}); err != nil {
		return 0, err
	}
	if err := closeHolds(ctx, tx, scheme, "dry_run"); err != nil {
		return 0, err
	}
	_, err = closeSafetyLimitWork(ctx, tx, scheme, "dry_run")
	return int64(len(ended)), err
}

package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// StillNewest refuses what was decided under a revision or an operator's cutover that is not the scheme's any longer,
// or for a scheme that is retired, and keeps the next one from being stored until the transaction ends. What a new
// revision adds counts from when it is stored: a bill decided under the one before it after that moment would be
// unchanged for all who follow, and what the addition owes of it would be lost. And what is decided under the cutover
// before the operator's would be sent, although it ended before somebody allowed any sending.
func StillNewest(ctx context.Context, tx pgx.Tx, scheme string, revision int, sendSince time.Time) error {
	var newest int
	var cutover time.Time
	var active bool
	if err := tx.QueryRow(ctx, `select revision, send_since, active from scheme where scheme = $1 for key share`,
		scheme).Scan(&newest, &cutover, &active); err != nil {
		return err
	}
	if !active {
		return fmt.Errorf("scheme %s was retired while this was decided: %w", scheme, ledger.ErrConflict)
	}
	if newest != revision {
		return fmt.Errorf("scheme %s has revision %d by now, this was decided under %d: %w",
			scheme, newest, revision, ledger.ErrConflict)
	}
	if !cutover.Equal(sendSince) {
		return fmt.Errorf("scheme %s was set to send while this was decided: %w", scheme, ledger.ErrConflict)
	}
	return nil
}

package push

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Postpone makes cancellations that could not even be handed over due again later; no attempt is used up. Time counts
// only while the WMS answers somebody else of the account: after limit of such time they wait for a person.
func (s *Rows) Postpone(ctx context.Context, ids []int64, wait, limit time.Duration, why string) error {
	err := ledger.InTx(ctx, s.pool,
		func(tx pgx.Tx) error { return ledger.AwaitSending(ctx, tx, ids, wait, limit, why) })
	if err != nil {
		return fmt.Errorf("postpone: %w", err)
	}
	return nil
}

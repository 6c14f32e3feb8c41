package push

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// AskAboutRefused gives a person cancellations whose own request is refused as not allowed, by an account that is
// accepted otherwise. Each stands for the attempt that was refused: what was tried or decided since is left alone.
func (s *Rows) AskAboutRefused(ctx context.Context, refused []ledger.Result) error {
	if len(refused) == 0 {
		return nil
	}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error { return ledger.AskAboutRefused(ctx, tx, refused) })
	if err != nil {
		return fmt.Errorf("give a person what is not allowed: %w", err)
	}
	return nil
}

package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// moveFormer keeps bills whose ids show others by now under ids of their own, with all that the ledger has of them. The
// ids are free then for the bills that have them.
func moveFormer(ctx context.Context, tx pgx.Tx, scheme string, former []ledger.Former) error {
	for _, f := range former {
		tag, err := tx.Exec(ctx, `
update bill set bill_id = $3, former_id = bill_id, reread_time = null, update_time = now(),
    absent_since = coalesce(absent_since, now())
where scheme = $1 and bill_id = $2 and read_time = $4`, scheme, f.BillID, f.FormerID, f.Before)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("bill %d was read anew meanwhile: %w", f.BillID, ledger.ErrConflict)
		}
		if err := ledger.MoveBill(ctx, tx, scheme, f.BillID, f.FormerID); err != nil {
			return err
		}
	}
	return nil
}

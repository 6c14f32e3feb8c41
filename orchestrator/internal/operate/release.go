package operate

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// release lets held cancellations go, and closes the work items that asked for it. They are due at once, and verified
// before they are sent like any other; for one that was held for its number, a person has now spoken about the live
// bills that the ledger knew of it: only what is seen from now on counts. When the last ones that waited behind a
// safety limit of the scheme go, the limits count anew.
func release(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) error {
	var limited bool
	if err := tx.QueryRow(ctx, `
select exists (select from unsettled_cancellation c where c.cancellation_id = any($1) and `+ledger.BehindLimit+`)`,
		ids).Scan(&limited); err != nil {
		return err
	}
	freed, err := ledger.OpenReleased(ctx, tx, act.Scheme, ids)
	if err != nil {
		return err
	}
	if err := ledger.CloseWorkItems(ctx, tx, "released", `w.cancellation_id = any(@freed) and w.kind = any(@kinds)`,
		pgx.StrictNamedArgs{
			"freed": freed, "kinds": []rule.WorkKind{rule.WorkNumberReuse},
		}); err != nil {
		return err
	}
	if err := intake.CloseHolds(ctx, tx, act.Scheme, "released"); err != nil || !limited {
		return err
	}
	if err := intake.EndSafetyLimits(ctx, tx, act.Scheme, "released"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
update scheme set safety_limit_reset_time = now(), update_time = now()
where scheme = $1
  and not exists (select from unsettled_cancellation c where c.scheme = $1 and `+ledger.BehindLimit+`)`, act.Scheme)
	return err
}

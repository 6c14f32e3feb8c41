package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

type releaseParameters struct {
	CancellationIDs []int64 `json:"cancellation_ids"`
}

// Release lets held cancellations of a scheme go, all of them or those with these ids, and closes the work items that asked for it. Once
// nothing waits behind its safety limits any longer, they count anew. It answers how many went; ids that are not held, or not this
// scheme's, are not counted. They are due at once, and verified before they are sent like any other; for one that was held for its
// number, a person has now spoken about the live bills that the ledger knew of it: only what is seen from now on counts.
func (s *Store) Release(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64) (released int64, err error) {
	if ids == nil {
		ids = []int64{}
	}
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return 0, err
	}
	if released, err = free(ctx, tx, act.Scheme, ids); err != nil {
		return 0, err
	}
	_, err = record(ctx, tx, ledger.ReleaseHeld, act, releaseParameters{ids}, counted{released})
	return released, err
}

// free lets held cancellations of a scheme go: these, or all of them when none is named.
func free(ctx context.Context, tx pgx.Tx, scheme string, ids []int64) (int64, error) {
	freed, err := ledger.OpenReleased(ctx, tx, scheme, ids)
	if err != nil {
		return 0, err
	}
	count := int64(len(freed))
	if err := ledger.CloseWorkItems(ctx, tx, "released", `w.cancellation_id = any(@freed) and w.kind = any(@kinds)`, pgx.StrictNamedArgs{
		"freed": freed, "kinds": []rule.WorkKind{rule.WorkNumberTaken, rule.WorkSafetyLimit, rule.WorkNumberReuse},
	}); err != nil {
		return 0, err
	}
	if err := closeHolds(ctx, tx, scheme, "released"); err != nil {
		return 0, err
	}
	released, err := closeSafetyLimitWork(ctx, tx, scheme, "released")
	if err != nil || (!released && len(ids) > 0) {
		return count, err
	}
	_, err = tx.Exec(ctx, `update scheme set safety_limit_reset_time = now(), update_time = now() where scheme = $1`, scheme)
	return count, err
}

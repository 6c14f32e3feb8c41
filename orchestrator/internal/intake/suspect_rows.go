package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// OpenSuspect opens permission_suspect for the whole scheme: nothing that the ledger knows is shown.
func (s *BillRows) OpenSuspect(ctx context.Context, scheme, detail string) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error { return suspect(ctx, tx, scheme, "", detail) })
	if err != nil {
		return fmt.Errorf("open permission_suspect: %w", err)
	}
	return nil
}

// SuspectOrgs opens permission_suspect for each of these organisations, of which bills are missing while none can be
// read.
func SuspectOrgs(ctx context.Context, tx pgx.Tx, scheme string, orgs []string) error {
	for _, org := range orgs {
		if err := suspect(ctx, tx, scheme, org,
			"organisation "+org+": bills are missing, and none of it can be read"); err != nil {
			return err
		}
	}
	return nil
}

// suspect opens permission_suspect. It lasts until a person has looked, also when bills are shown again meanwhile: what
// was hidden may have been voided.
func suspect(ctx context.Context, tx pgx.Tx, scheme, reason, detail string) error {
	_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
		Kind: rule.ConditionPermissionSuspect, Scheme: scheme, Reason: reason, Detail: detail,
	})
	return err
}

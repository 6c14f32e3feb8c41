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
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		return ledger.OpenWorkItems(ctx, tx, scheme, []ledger.Work{{Kind: rule.WorkPermission, Detail: detail}})
	})
	if err != nil {
		return fmt.Errorf("open permission_suspect: %w", err)
	}
	return nil
}

// CloseSuspect closes the scheme's permission_suspect: a known bill is shown again.
func (s *BillRows) CloseSuspect(ctx context.Context, scheme string) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		return ledger.CloseWorkItems(ctx, tx,
			"a known bill is shown again", `w.scheme = @scheme and w.kind = @kind and w.subject = ''`,
			pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkPermission)})
	})
	if err != nil {
		return fmt.Errorf("close permission_suspect: %w", err)
	}
	return nil
}

// SuspectOrgs opens permission_suspect for these organisations and closes it for all others of the scheme.
func SuspectOrgs(ctx context.Context, tx pgx.Tx, scheme string, orgs []string) error {
	if orgs == nil {
		orgs = []string{}
	}
	if err := ledger.CloseWorkItems(ctx, tx, "its bills are shown again, or gone",
		`w.scheme = @scheme and w.kind = @kind and w.subject <> '' and w.subject <> all(@orgs)`,
		pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkPermission), "orgs": orgs}); err != nil {
		return err
	}
	work := make([]ledger.Work, len(orgs))
	for i, org := range orgs {
		work[i] = ledger.Work{Kind: rule.WorkPermission, Subject: org, Detail: "bills of this organisation are " +
			"missing, and none of it can be read"}
	}
	return ledger.OpenWorkItems(ctx, tx, scheme, work)
}

package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// OpenSuspect opens permission_suspect for the whole scheme: nothing that the ledger knows is shown.
func (s *Store) OpenSuspect(ctx context.Context, scheme, detail string) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		return openWork(ctx, tx, scheme, []ledger.Work{{Kind: rule.WorkPermission, Detail: detail}})
	})
	if err != nil {
		return fmt.Errorf("open permission_suspect: %w", err)
	}
	return nil
}

// CloseSuspect closes the scheme's permission_suspect: a known bill is shown again.
func (s *Store) CloseSuspect(ctx context.Context, scheme string) error {
	if _, err := s.pool.Exec(ctx, `
update work_item set close_time = now(), close_reason = 'a known bill is shown again'
where scheme = $1 and kind = $2 and subject = '' and close_time is null`, scheme, string(rule.WorkPermission)); err != nil {
		return fmt.Errorf("close permission_suspect: %w", err)
	}
	return nil
}

// suspectOrgs opens permission_suspect for these organisations and closes it for all others of the scheme.
func suspectOrgs(ctx context.Context, tx pgx.Tx, scheme string, orgs []string) error {
	if orgs == nil {
		orgs = []string{}
	}
	if _, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = 'its bills are shown again, or gone'
where scheme = $1 and kind = $2 and subject <> '' and subject <> all($3) and close_time is null`, scheme, string(rule.WorkPermission), orgs); err != nil {
		return err
	}
	work := make([]ledger.Work, len(orgs))
	for i, org := range orgs {
		work[i] = ledger.Work{Kind: rule.WorkPermission, Subject: org, Detail: "bills of this organisation are missing, and none of it can be read"}
	}
	return openWork(ctx, tx, scheme, work)
}

package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// CommitLook stores a page that was decided outside a run and settles its cancellations, behind the same safety limits, in one transaction; then
// runs in the same one (to move a cursor, to insert a job). The watermark and what runs have planned are left alone. The answer is
// ledger.ErrConflict, and nothing is written, when the ledger has moved on since the page was decided.
func (s *Store) CommitLook(ctx context.Context, look ledger.Look, page ledger.Page, then func(pgx.Tx, ledger.Looked) error) (ledger.Looked, error) {
	var looked ledger.Looked
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var err error
		if looked, err = writeLook(ctx, tx, look, page); err != nil {
			return err
		}
		return then(tx, looked)
	})
	if err != nil {
		return ledger.Looked{}, fmt.Errorf("commit look: %w", err)
	}
	return looked, nil
}

func writeLook(ctx context.Context, tx pgx.Tx, look ledger.Look, page ledger.Page) (ledger.Looked, error) {
	var looked ledger.Looked
	if page.Empty() && len(page.Work) == 0 && len(page.Readable) == 0 {
		looked.RunCounts = page.RunCounts
		return looked, page.RunCounts.Check()
	}
	if err := stillNewest(ctx, tx, look.Scheme, look.Revision, look.SendSince); err != nil {
		return looked, err
	}
	var newest int64
	if err := tx.QueryRow(ctx, `select coalesce(max(work_item_id), 0) from work_item`).Scan(&newest); err != nil {
		return looked, err
	}
	// A run has seen whatever changed, and so whoever was given a cancellation's number; a look has not. So the cancellation's bill is read again, by
	// number too, before anything is sent.
	page.Cancellations = slices.Clone(page.Cancellations)
	for i := range page.Cancellations {
		page.Cancellations[i].VerifiedTime = time.Unix(0, 0)
	}
	nobody := &ledger.Run{Scheme: look.Scheme, Revision: look.Revision}
	if err := writePage(ctx, tx, nobody, &page); err != nil {
		return looked, err
	}
	if err := page.RunCounts.Check(); err != nil {
		return looked, err
	}
	looked.RunCounts = page.RunCounts
	if len(page.Cancellations) > 0 {
		var err error
		if looked.Finished, err = openPlanned(ctx, tx, look.Scheme, look.SafetyLimits, plannedHere); err != nil {
			return looked, fmt.Errorf("settle planned: %w", err)
		}
	}
	return looked, tx.QueryRow(ctx, `
select count(*) from work_item where work_item_id > $1 and scheme = $2 and create_time = now()`, newest, look.Scheme).Scan(&looked.Work)
}

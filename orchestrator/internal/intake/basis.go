package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// CommitDecided stores a page that was decided outside a run and settles its cancellations, behind the same safety
// limits, in one transaction; then runs in the same one (to move a cursor, to insert a job). The watermark and what
// runs have planned are left alone. The answer is ledger.ErrConflict, and nothing is written, when the ledger has moved
// on since the page was decided.
func (s *BillRows) CommitDecided(
	ctx context.Context, basis ledger.Basis, page ledger.Page, then func(pgx.Tx, ledger.Committed) error,
) (ledger.Committed, error) {
	var committed ledger.Committed
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		var err error
		if committed, err = WritePageOn(ctx, tx, basis, page); err != nil {
			return err
		}
		return then(tx, committed)
	})
	if err != nil {
		return ledger.Committed{}, fmt.Errorf("commit look: %w", err)
	}
	return committed, nil
}

// WritePageOn writes a page that was decided on a basis; ledger.ErrConflict when that has changed meanwhile.
func WritePageOn(ctx context.Context, tx pgx.Tx, basis ledger.Basis, page ledger.Page) (ledger.Committed, error) {
	var committed ledger.Committed
	if page.Empty() && len(page.Work) == 0 && len(page.Readable) == 0 {
		committed.RunCounts = page.RunCounts
		return committed, page.RunCounts.Check()
	}
	if err := StillNewest(ctx, tx, basis.Scheme, basis.Revision, basis.SendSince); err != nil {
		return committed, err
	}
	var newest int64
	if err := tx.QueryRow(ctx, `select coalesce(max(work_item_id), 0) from work_item`).Scan(&newest); err != nil {
		return committed, err
	}
	// A run has seen whatever changed, and so whoever was given a cancellation's number; a look has not. So the
	// cancellation's bill is read again, by number too, before anything is sent.
	page.Cancellations = slices.Clone(page.Cancellations)
	for i := range page.Cancellations {
		page.Cancellations[i].VerifiedTime = time.Unix(0, 0)
	}
	nobody := &ledger.Run{Scheme: basis.Scheme, Revision: basis.Revision}
	if err := WritePage(ctx, tx, nobody, &page); err != nil {
		return committed, err
	}
	if err := page.RunCounts.Check(); err != nil {
		return committed, err
	}
	committed.RunCounts = page.RunCounts
	if len(page.Cancellations)+len(page.Questions) > 0 {
		var err error
		if committed.Finished, err = OpenPlanned(ctx, tx, basis.Scheme, basis.SafetyLimits, plannedHere); err != nil {
			return committed, fmt.Errorf("settle planned: %w", err)
		}
	}
	return committed, tx.QueryRow(ctx, `
select count(*) from work_item where work_item_id > $1 and scheme = $2 and create_time = now()`,
		newest, basis.Scheme).Scan(&committed.Work)
}

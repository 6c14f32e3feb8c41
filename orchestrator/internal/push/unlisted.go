package push

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// listed are those of these cancellations whose warehouse and order kind the scheme lists. The others are asked for no
// longer: the warehouse table is the list of what may be cancelled, also for what was asked for before. They are
// withdrawn or, where something may have come of them in the WMS, a person's to look at. So nothing is lost of a
// request that was on its way when a revision took its warehouse out.
func (v *Verifier) listed(ctx context.Context, e intake.Entry, due []ledger.Due) ([]ledger.Due, error) {
	var kept []ledger.Due
	var unlisted []int64
	for _, d := range due {
		if e.Lists(d.Order) || d.ID == 0 { // a probe is about no cancellation
			kept = append(kept, d)
		} else {
			unlisted = append(unlisted, d.ID)
		}
	}
	if len(unlisted) == 0 {
		return due, nil
	}
	err := v.Store.WithdrawUnlisted(ctx, e.Name, e.Revision, unlisted)
	if errors.Is(err, ledger.ErrConflict) {
		v.Logger.InfoContext(ctx, "verification gave way", slog.String("scheme", e.Name), slog.Any("err", err))
		err = nil
	}
	return kept, err
}

// WithdrawUnlisted ends what is asked for of warehouses and order kinds that the scheme does not list, or hands it to a
// person where something may have come of it. It is ErrConflict where this is not the scheme's newest revision.
func (s *Rows) WithdrawUnlisted(ctx context.Context, scheme string, revision int, ids []int64) error {
	return ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := isNewest(ctx, tx, scheme, revision); err != nil {
			return err
		}
		return ledger.WithdrawUnlisted(ctx, tx, scheme, ids)
	})
}

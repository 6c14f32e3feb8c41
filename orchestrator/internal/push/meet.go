package push

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// meetStore is what storing other bills asks of the ledger.
type meetStore interface {
	intake.PageStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	CommitDecided(
		ctx context.Context, basis ledger.Basis, page ledger.Page, then func(pgx.Tx, ledger.Committed) error,
	) (ledger.Committed, error)
}

// meetAgain is how often what other bills come to is decided anew because the ledger moved on meanwhile.
const meetAgain = 3

// meet stores the other bills that a read showed, where the ledger does not know them as they are: whoever carries a
// cancellation's number, or claims its order. One that the ledger never saw, because it is old, or new, or of another
// organisation, is read whole and mapped; only then does the ledger know whose the orders are.
func (v *Verifier) meet(ctx context.Context, r intake.Reader, fresh *freshRead, due []ledger.Due) error {
	own := make(map[int64]bool, len(due))
	for _, d := range due {
		own[d.BillID] = true
	}
	light := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(fresh.left)}
	for id, s := range fresh.shown {
		if !own[id] {
			light.States, light.Rows = append(light.States, s), light.GetRows()+1
		}
	}
	if len(light.GetStates()) == 0 {
		return nil
	}
	standing, err := v.Store.Scheme(ctx, r.Entry.Name)
	if err != nil {
		return err
	}
	p := intake.NewPager(v.Store, r, intake.Outside(r.Entry, fresh.centre), standing, fresh.centre)
	for range meetAgain {
		var page ledger.Page
		if page, err = p.Decide(ctx, light); err != nil {
			return err
		}
		_, err = v.Store.CommitDecided(ctx, ledger.Basis{
			Scheme: r.Entry.Name, Revision: r.Entry.Revision, SendSince: standing.SendSince,
			SafetyLimits: r.Entry.SafetyLimits(),
		}, page, func(pgx.Tx, ledger.Committed) error { return nil })
		if !errors.Is(err, ledger.ErrConflict) {
			return err
		}
	}
	return err
}

package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// kingdeeNow asks Kingdee for a person, as the runs of a scheme would.
type kingdeeNow struct {
	kingdee kingdeev1.BillServiceClient
	schemes *intake.Registry
}

// BillsNow implements rpc.KingdeeNow.
func (k kingdeeNow) BillsNow(ctx context.Context, scheme, billNo string) (rpc.BillsNow, error) {
	entry, loaded := k.schemes.Entry(scheme)
	if !loaded {
		return rpc.BillsNow{}, ledger.ErrNotFound
	}
	page, err := intake.Reader{Kingdee: k.kingdee, Entry: entry, Now: time.Now}.BillNow(ctx, billNo)
	if stop := (*intake.StopError)(nil); errors.As(err, &stop) {
		return rpc.BillsNow{}, fmt.Errorf("%w: %w", ledger.ErrStopped, err)
	}
	if err != nil {
		return rpc.BillsNow{}, &rpc.KingdeeError{Reason: apierr.Info(err, apierr.Kingdee).GetReason(), Cause: err}
	}
	shown := rpc.BillsNow{Read: page.GetQueryLeftTime().AsTime()}
	for _, state := range page.GetStates() {
		bill := rpc.BillNow{}
		var known bool
		if bill.State, known = intake.StateOf(entry.BillForm(), state); !known {
			bill.Problem = "it carries a state or a kind that this program does not know"
		}
		shown.Bills = append(shown.Bills, bill)
	}
	for _, p := range page.GetProblems() {
		shown.Bills = append(shown.Bills, rpc.BillNow{
			State:   rule.State{ID: p.GetId(), Number: p.GetNumber()},
			Problem: fmt.Sprintf("%s: %s", p.GetField(), p.GetDetail()),
		})
	}
	return shown, nil
}

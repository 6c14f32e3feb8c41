package push

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// goneLimit bounds how many bills one verification asks Kingdee for one by one; where Kingdee is slow, so that together
// they take no longer than goneWithin, at least one. The others are unread, and have their turn later.
const (
	goneLimit  = 20
	goneWithin = 20 * time.Second
)

// askForGone answers which of the bills that were proved gone do not exist, on Kingdee's own word. Any other answer, or
// none, leaves the bill unread.
func (v *Verifier) askForGone(ctx context.Context, e intake.Entry, due []ledger.Due) map[int64]bool {
	limit := goneLimit
	if slowest := e.Pace.Slowest(); slowest > 0 {
		limit = max(1, min(limit, int(goneWithin/slowest)))
	}
	gone := map[int64]bool{}
	asked := map[int64]bool{}
	for _, d := range due {
		if d.BillID < 0 {
			gone[d.BillID] = true // another bill has its id
			continue
		}
		if !d.BillGone || asked[d.BillID] || len(asked) == limit {
			continue
		}
		asked[d.BillID] = true
		is, err := isGone(ctx, v.Kingdee, e.Ask(d.BillID))
		if err != nil {
			v.Logger.WarnContext(ctx, "bill that was deleted could not be verified", slog.String("bill_no", d.BillNo),
				slog.String("err", intake.VendorFault(apierr.Kingdee, err)))
		}
		gone[d.BillID] = is
	}
	maps.DeleteFunc(gone, func(_ int64, is bool) bool { return !is })
	return gone
}

// isGone says whether there is no such bill, on Kingdee's own word. The error is that of the call.
func isGone(ctx context.Context, kingdee kingdeev1.BillServiceClient, bill *kingdeev1.GetBillRequest) (bool, error) {
	_, err := kingdee.GetBill(ctx, bill)
	if apierr.HasReason(err, apierr.Kingdee, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND) {
		return true, nil
	}
	return false, err
}

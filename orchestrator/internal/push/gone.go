package push

import (
	"context"
	"log/slog"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// goneLimit bounds how many bills one verification asks Kingdee for one by one. The others are unread, and have their
// turn later.
const goneLimit = 20

// askForGone asks Kingdee whether bills that were proved gone, and were not shown just now, do not exist. Only its own
// word counts: any other answer, or none, leaves the bill unread.
func (v *Verifier) askForGone(ctx context.Context, e intake.Entry, fresh *freshRead, due []ledger.Due) {
	asked := 0
	for _, d := range due {
		_, shown := fresh.byID[d.BillID]
		if shown || fresh.gone[d.BillID] || !d.BillGone || asked == goneLimit {
			continue
		}
		asked++
		gone, err := isGone(ctx, v.Kingdee, e.Ask(d.BillID))
		if err != nil {
			v.Logger.WarnContext(ctx, "bill that was deleted could not be verified", slog.String("bill_no", d.BillNo),
				slog.String("err", intake.VendorFault(apierr.Kingdee, err)))
			continue
		}
		fresh.gone[d.BillID] = gone
	}
}

// isGone says whether there is no such bill, on Kingdee's own word. The error is that of the call.
func isGone(ctx context.Context, kingdee kingdeev1.BillServiceClient, bill *kingdeev1.GetBillRequest) (bool, error) {
	_, err := kingdee.GetBill(ctx, bill)
	if apierr.HasReason(err, apierr.Kingdee, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND) {
		return true, nil
	}
	return false, err
}

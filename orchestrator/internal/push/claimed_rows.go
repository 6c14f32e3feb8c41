package push

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// storeClaimed withdraws cancellations whose order another bill claims, and tells a person of each, unless that bill
// was to be expected. If an earlier request may have landed, it may have been that bill's order: that is told, too.
// A question about such an order is withdrawn, and that is all.
func storeClaimed(ctx context.Context, tx pgx.Tx, scheme string, verified []ledger.Verified) error {
	var owed, asked []ledger.Verified
	for _, v := range verified {
		if v.Question {
			asked = append(asked, v)
		} else {
			owed = append(owed, v)
		}
	}
	if _, err := endVerified(ctx, tx, asked, "not_asked"); err != nil {
		return err
	}
	verified = owed
	bills, err := endVerified(ctx, tx, verified, string(rule.OrderClaimed))
	if err != nil || len(bills) == 0 {
		return err
	}
	var ids, cancellations []int64
	var told []ledger.Claimed
	for _, v := range verified {
		bill, withdrawn := bills[v.ID]
		if !withdrawn {
			continue
		}
		ids, cancellations = append(ids, bill), append(cancellations, v.ID)
		if !v.Expected {
			told = append(told, ledger.Claimed{ID: v.ID, By: v.By.Number})
		}
	}
	if err := ledger.AwaitRelease(ctx, tx, cancellations); err != nil {
		return err
	}
	if err := ledger.TellClaimed(ctx, tx, rule.WorkOrderClaimed, told); err != nil {
		return err
	}
	return ledger.OpenRestored(ctx, tx, scheme, ids, false)
}

// storeUnconfirmed leaves cancellations open while it is not confirmed that another bill claims their order.
func storeUnconfirmed(ctx context.Context, tx pgx.Tx, verified []ledger.Verified) error {
	claimed := make([]ledger.Claimed, len(verified))
	for i, v := range verified {
		claimed[i] = ledger.Claimed{ID: v.ID, By: v.By.Number}
	}
	return ledger.AwaitClaimants(ctx, tx, claimed)
}

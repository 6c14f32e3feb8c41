package intake

import (
	"context"
	"fmt"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// SuspectStore is what suspecting a lack of permission asks of the ledger.
type SuspectStore interface {
	Controls(ctx context.Context, scheme string, limit int) ([]int64, error)
	OpenSuspect(ctx context.Context, scheme, detail string) error
}

// ControlBills is how many bills are asked for beside the others, only to see that anything is shown at all. The newest
// few may be just those that were deleted together.
const ControlBills = 20

// AskForKnown reads the newest known bills by id. That a query answers nothing may mean that nothing changed, or that
// this user is not shown anything any longer: only bills that are known to be there tell the two apart. A ledger
// without bills has nothing to ask for.
func AskForKnown(ctx context.Context, store SuspectStore, r Reader, scheme string) (shown bool, err error) {
	ids, err := store.Controls(ctx, scheme, ControlBills)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		return true, nil
	}
	err = r.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
	}, func(DataCentre) error { return nil }, func(page *kingdeev1.StatePage) error {
		shown = shown || len(page.GetStates())+len(page.GetProblems()) > 0
		return nil
	})
	if err != nil {
		return false, err
	}
	if shown {
		return true, nil
	}
	return false, store.OpenSuspect(ctx, scheme, fmt.Sprintf("FID %v", ids))
}

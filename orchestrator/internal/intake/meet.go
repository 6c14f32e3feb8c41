package intake

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// meet reads who else carries the numbers of the cancellations that a run's page owes. The run sends them soon without
// another read, as far as it is fresh enough; and an order that is named after the number may be another bill's, which
// the ledger has never seen because it is old, or new, or of another organisation. Such a bill is decided with the
// page, so that its claims stand before anything leaves. decided are the bills of the page. What a look outside a run
// owes is verified before it is sent, and that asks the same.
func (p *Pager) meet(ctx context.Context, page *ledger.Page, decided []int64) error {
	if !p.Meets || len(page.Cancellations) == 0 {
		return nil
	}
	var numbers []string
	for _, c := range page.Cancellations {
		numbers = append(numbers, c.BillNo)
	}
	slices.Sort(numbers)
	others := map[int64]rule.State{}
	var left time.Time
	err := p.reader.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
			Numbers: &kingdeev1.BillNumbers{Numbers: slices.Compact(numbers)},
		},
	}, func(DataCentre) error { return nil }, func(light *kingdeev1.StatePage) error {
		if at := TimeOf(light.GetQueryLeftTime()); left.IsZero() || at.Before(left) {
			left = at
		}
		for _, s := range light.GetStates() {
			state, ok := StateOf(p.entry.BillForm(), s)
			if !ok {
				verifyFirst(page, s.GetNumber())
			} else if !slices.Contains(decided, state.ID) {
				others[state.ID] = state
			}
		}
		for _, problem := range light.GetProblems() {
			verifyFirst(page, problem.GetNumber())
		}
		return nil
	})
	if status.Code(err) == codes.InvalidArgument {
		// One of the numbers cannot be asked for. A verification finds out which, and stops only that one.
		verifyFirst(page, "")
		return nil
	}
	if err != nil || len(others) == 0 {
		return err
	}
	ids := make([]int64, 0, len(others))
	for id := range others {
		ids = append(ids, id)
	}
	known, err := p.store.Known(ctx, p.run.Scheme, ids)
	if err != nil {
		return err
	}
	changed := map[int64]listed{}
	for id, state := range others {
		if k := known[id]; !rule.Stale(k, left) && rule.Changed(k, state) {
			changed[id] = listed{known: k, state: state, left: left}
		}
	}
	page.RunCounts.Bills += int64(len(changed))
	return p.readWhole(ctx, page, changed)
}

// verifyFirst has what is owed under a number read again before it is sent: some bill carries it that cannot be read,
// and may be live. One that does not even show its number may carry any.
func verifyFirst(page *ledger.Page, number string) {
	for i, c := range page.Cancellations {
		if number == "" || strings.EqualFold(c.BillNo, number) {
			page.Cancellations[i].VerifiedTime = time.Unix(0, 0)
		}
	}
}

package backfill

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// numbersAtOnce is how many numbers, or bills of a plan, are asked for at a time.
const numbersAtOnce = 200

// rangeOf reads light what changed since the range's beginning, from the cursor on, and decides what lies in the range.
func (r *refill) rangeOf(ctx context.Context) error {
	b := r.backfill
	return r.states(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{
			Since: timestamppb.New(b.Backfill.From), AfterId: b.Cursor,
		}},
	}, func(light *kingdeev1.StatePage) error {
		outside := r.cut(light)
		pieces, err := r.pager.Pieces(ctx, light)
		if err != nil {
			return err
		}
		return r.commitAll(ctx, pieces, func(i int) ledger.BackfillStep {
			step := ledger.BackfillStep{Cursor: max(pieces[i].GetLastId(), b.Cursor)}
			if i == len(pieces)-1 {
				step.Outside = outside
			}
			return step
		})
	})
}

// cut takes off a page what lies behind the range, and answers how many rows that were. What cannot be decoded stays:
// nobody can say where it lies.
func (r *refill) cut(light *kingdeev1.StatePage) int64 {
	within := light.GetStates()[:0]
	for _, s := range light.GetStates() {
		if r.within(s) {
			within = append(within, s)
		}
	}
	outside := int64(len(light.GetStates()) - len(within))
	light.States, light.Rows = within, light.GetRows()-outside
	return outside
}

// within says whether one of the bill's dates lies in the range. The read's lower edge may be lower, for dates without
// a time.
func (r *refill) within(s *kingdeev1.BillState) bool {
	for _, at := range []*timestamppb.Timestamp{
		s.GetCreateTime(), s.GetModifyTime(), s.GetApproveTime(), s.GetCancelTime(),
	} {
		t := intake.TimeOf(at)
		if at == nil || !t.Before(r.backfill.Backfill.To) {
			continue
		}
		if !t.Before(r.backfill.Backfill.From) || dateOnly(t, r.pager.DataCentre.Offset) &&
			t.Add(24*time.Hour).After(r.backfill.Backfill.From) {
			return true
		}
	}
	return false
}

// dateOnly says whether a stamp is a midnight of the server's: it may stand for its whole day.
func dateOnly(t time.Time, offset time.Duration) bool {
	return t.Add(offset).Equal(t.Add(offset).Truncate(24 * time.Hour))
}

// numbers reads a list part by part, from the cursor on.
func (r *refill) numbers(ctx context.Context) error {
	b := r.backfill
	for b.Cursor < int64(len(b.Backfill.Numbers)) {
		part := b.Backfill.Numbers[b.Cursor:min(b.Cursor+numbersAtOnce, int64(len(b.Backfill.Numbers)))]
		light, err := r.byNumber(ctx, part)
		if err != nil {
			return err
		}
		shown := map[string]bool{}
		for _, s := range light.GetStates() {
			shown[strings.ToUpper(s.GetNumber())] = true
		}
		for _, problem := range light.GetProblems() {
			shown[strings.ToUpper(problem.GetNumber())] = true
		}
		step := ledger.BackfillStep{Cursor: b.Cursor + int64(len(part))}
		for _, number := range part {
			if !shown[strings.ToUpper(number)] {
				step.NotFound = append(step.NotFound, number)
				step.Items = append(step.Items, ledger.BackfillItem{
					BillNo: number, State: ledger.ItemUndecodable,
					Detail: "金蝶查不到此单号 Kingdee shows no bill with this number",
				})
			}
		}
		if err := r.commitAll(ctx, []*kingdeev1.StatePage{light},
			func(int) ledger.BackfillStep { return step }); err != nil {
			return err
		}
	}
	return nil
}

// byNumber reads light all bills that carry one of these numbers, as one page.
func (r *refill) byNumber(ctx context.Context, numbers []string) (*kingdeev1.StatePage, error) {
	return r.gather(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Numbers{Numbers: &kingdeev1.BillNumbers{Numbers: numbers}},
	})
}

// byID reads light the bills with these ids, as one page.
func (r *refill) byID(ctx context.Context, ids []int64) (*kingdeev1.StatePage, error) {
	return r.gather(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
	})
}

// gather reads a selection of bounded size as one page, as old as the oldest of its queries.
func (r *refill) gather(ctx context.Context, request *kingdeev1.StreamBillStatesRequest) (*kingdeev1.StatePage, error) {
	whole := &kingdeev1.StatePage{}
	err := r.states(ctx, request, func(page *kingdeev1.StatePage) error {
		whole.States = append(whole.States, page.GetStates()...)
		whole.Problems = append(whole.Problems, page.GetProblems()...)
		whole.Rows += page.GetRows()
		if left := page.GetQueryLeftTime(); whole.QueryLeftTime == nil ||
			left.AsTime().Before(whole.GetQueryLeftTime().AsTime()) {
			whole.QueryLeftTime = left
		}
		return nil
	})
	return whole, err
}

// states reads light; with the header it gets ready to decide.
func (r *refill) states(
	ctx context.Context, request *kingdeev1.StreamBillStatesRequest, page func(*kingdeev1.StatePage) error,
) error {
	return r.reader.States(ctx, request, r.header, page)
}

// header makes the pager. Its run only names the scheme and its revision.
func (r *refill) header(a intake.DataCentre) error {
	b := r.backfill
	r.pager = intake.NewPager(r.Store, r.reader, intake.Outside(r.entry, a), r.standing, a)
	r.pager.Again = true
	if b.Backfill.BeforeCutover {
		r.pager.Policy = r.pager.Policy.WithoutCutovers()
	}
	return nil
}

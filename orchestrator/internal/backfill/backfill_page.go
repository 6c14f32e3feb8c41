package backfill

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// ahead is a light page that is being decided.
type ahead struct {
	light *kingdeev1.StatePage
	page  ledger.Page
	err   error
	done  chan struct{}
}

// commitAll decides and writes pages one after the other. Each is read and decided while the one before it is written:
// what the ledger learns of its bills meanwhile is found when it is written itself.
func (r *refill) commitAll(
	ctx context.Context, pages []*kingdeev1.StatePage, step func(i int) ledger.BackfillStep,
) error {
	ctx, cancel := context.WithCancel(ctx)
	next := r.decideAhead(ctx, pages[0])
	defer func() {
		cancel()
		<-next.done
	}()
	for i := range pages {
		decided := next
		<-decided.done
		if i+1 < len(pages) {
			next = r.decideAhead(ctx, pages[i+1])
		}
		if err := r.commitDecided(ctx, decided, step(i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *refill) decideAhead(ctx context.Context, light *kingdeev1.StatePage) *ahead {
	a, pager := &ahead{light: light, done: make(chan struct{})}, r.pager
	go func() {
		defer close(a.done)
		a.page, a.err = pager.Decide(ctx, light)
	}()
	return a
}

// commitDecided writes what one light page was decided to come to, or for a plan what it would. A page that the ledger
// has newer knowledge of is read again until both are of one mind: an incremental run may be at work on the same bills.
func (r *refill) commitDecided(ctx context.Context, decided *ahead, step ledger.BackfillStep) error {
	if err := r.giveWay(ctx); err != nil {
		return err
	}
	late := false
	also := func(tx pgx.Tx) error {
		if late = r.late(); late {
			return r.leave(ctx, tx)
		}
		return nil
	}
	light, page, err := decided.light, decided.page, decided.err
	for tries := 1; ; tries++ {
		if err != nil {
			return err
		}
		if page.RunCounts.Stale == 0 {
			if err = r.commit(ctx, light, page, step, also); err == nil && late {
				return intake.ErrLeft
			}
			if errors.Is(err, ledger.ErrRunMoved) || !errors.Is(err, ledger.ErrConflict) {
				return err
			}
		}
		if tries == maxAgain {
			return errAgain
		}
		if light, err = r.fresh(ctx, light); err != nil {
			return err
		}
		page, err = r.pager.Decide(ctx, light)
	}
}

// fresh reads a page again by its ids. What cannot be decoded and has no id is kept as it was.
func (r *refill) fresh(ctx context.Context, light *kingdeev1.StatePage) (*kingdeev1.StatePage, error) {
	kept := &kingdeev1.StatePage{LastId: light.GetLastId()}
	var ids []int64
	for _, s := range light.GetStates() {
		ids = append(ids, s.GetId())
	}
	for _, problem := range light.GetProblems() {
		if problem.GetId() > 0 {
			ids = append(ids, problem.GetId())
		} else {
			kept.Problems = append(kept.Problems, problem)
			kept.Rows += int64(problem.GetRows())
		}
	}
	again, err := r.byID(ctx, ids)
	if err != nil {
		return nil, err
	}
	again.LastId, again.Rows = kept.GetLastId(), again.GetRows()+kept.GetRows()
	again.Problems = append(again.Problems, kept.GetProblems()...)
	return again, nil
}

func (r *refill) commit(
	ctx context.Context, light *kingdeev1.StatePage, page ledger.Page,
	step ledger.BackfillStep, also func(pgx.Tx) error,
) error {
	items, err := r.items(ctx, light, page)
	if err != nil {
		return err
	}
	b := r.backfill
	step.Items = append(items, step.Items...)
	if b.Backfill.PlanOnly {
		return r.Store.CommitPlan(ctx, b, page, step, also)
	}
	page.Reopen = b.Backfill.BeforeCutover
	return r.Store.CommitBackfill(ctx, b, r.basis(), page, step, also)
}

func (r *refill) basis() ledger.Basis {
	return ledger.Basis{Scheme: r.backfill.Scheme, Revision: r.entry.Revision, SendSince: r.standing.SendSince,
		SafetyLimits: r.entry.SafetyLimits()}
}

// items are a page's orders that are owed, what cannot be read or mapped and, where somebody named the bills, those
// that owe nothing, too. The rest of a range is counted and not listed.
func (r *refill) items(
	ctx context.Context, light *kingdeev1.StatePage, page ledger.Page,
) ([]ledger.BackfillItem, error) {
	decided := make(map[int64]*ledger.BillWrite, len(page.Bills))
	for i := range page.Bills {
		decided[page.Bills[i].After.State.ID] = &page.Bills[i]
	}
	listed := map[int64]bool{}
	var items []ledger.BackfillItem
	for _, d := range page.Cancellations {
		item := ledger.BackfillItem{BillID: d.BillID, BillNo: d.BillNo, Cancellation: d}
		if w := decided[d.BillID]; w != nil {
			item.Class = w.After.Class
			if r.backfill.Backfill.PlanOnly {
				item.Seen = &w.After.State
			}
		}
		listed[d.BillID] = true
		items = append(items, item)
	}
	for _, w := range page.Work {
		detail, ok := unable[w.Kind]
		if !ok {
			continue
		}
		item := ledger.BackfillItem{
			BillID: w.BillID, BillNo: w.BillNo, State: ledger.ItemUndecodable, Detail: detail + ": " + w.Detail,
		}
		if b := decided[w.BillID]; b != nil {
			item.Class = b.After.Class
		}
		listed[w.BillID] = true
		items = append(items, item)
	}
	if len(r.backfill.Backfill.Numbers) > 0 {
		var err error
		if items, err = r.nothingOwed(ctx, light, decided, listed, items); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(items, func(a, b ledger.BackfillItem) int { return cmp.Compare(a.BillID, b.BillID) })
	return items, nil
}

// unable are the work items that say why a bill, or an order of it, cannot be owed.
var unable = map[rule.WorkKind]string{
	rule.WorkUndecodable: "无法识别 cannot be read",
	rule.WorkNoWarehouse: "仓库未映射 warehouse not in the scheme's table",
	rule.WorkNoLines:     "单据没有分录 the bill has no lines",
	rule.WorkBareLines:   "有的行没有仓库 some lines name no warehouse",
}

// nothingOwed adds the bills of a list that owe nothing, with their class.
func (r *refill) nothingOwed(
	ctx context.Context, light *kingdeev1.StatePage, decided map[int64]*ledger.BillWrite,
	listed map[int64]bool, items []ledger.BackfillItem,
) ([]ledger.BackfillItem, error) {
	var quiet []int64
	for _, s := range light.GetStates() {
		if !listed[s.GetId()] {
			quiet = append(quiet, s.GetId())
		}
	}
	if len(quiet) == 0 {
		return items, nil
	}
	known, err := r.Store.Known(ctx, r.backfill.Scheme, quiet)
	if err != nil {
		return nil, err
	}
	for _, s := range light.GetStates() {
		if listed[s.GetId()] {
			continue
		}
		item := ledger.BackfillItem{BillID: s.GetId(), BillNo: s.GetNumber(), State: ledger.ItemNothingOwed}
		if w := decided[s.GetId()]; w != nil {
			item.Class, item.Detail = w.After.Class, w.Reason
		} else if k := known[s.GetId()]; k != nil {
			item.Class = k.Class
		}
		items = append(items, item)
	}
	return items, nil
}

package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// applyStore is what carrying out a plan asks of the ledger.
type applyStore interface {
	PlannedItems(ctx context.Context, backfill, after int64, limit int) ([]ledger.BackfillItem, error)
	CommitApplied(
		ctx context.Context, b *ledger.Run, basis ledger.Basis, page ledger.Page,
		applied ledger.Applied, also func(pgx.Tx) error,
	) error
	CheckPlan(ctx context.Context, b *ledger.Run, revision int, cursor int64, done bool) error
}

// planned is one bill of a plan.
type planned struct {
	id    int64
	no    string
	items []ledger.BackfillItem
}

// owes says whether the plan has anything new for the bill: what is owed or settled already is nothing to carry out.
func (p planned) owes() bool { return slices.ContainsFunc(p.items, carriedOut) }

func carriedOut(item ledger.BackfillItem) bool {
	return item.HasOrder() &&
		(item.State == ledger.ItemNew || item.State == ledger.ItemHeld && item.CancellationID == 0)
}

// apply carries a plan out, bill by bill: each is read and decided anew, and becomes a cancellation only where that
// comes to what the plan says. Under another revision than the plan's the whole plan is compared first, and refused
// whole if a request would differ.
func (r *refill) apply(ctx context.Context) error {
	b := r.backfill
	check := r.entry.Revision != b.Revision && r.entry.Revision != b.Backfill.CheckedRevision
	for {
		bills, cursor, err := r.next(ctx)
		if err != nil {
			return err
		}
		switch {
		case len(bills) == 0 && check:
			if err := r.Store.CheckPlan(ctx, b, r.entry.Revision, 0, true); err != nil {
				return err
			}
			check = false
			continue
		case len(bills) == 0:
			return r.end(ctx)
		}
		do := r.carryOut
		if check {
			do = r.check
		}
		if err := do(ctx, bills, cursor); err != nil {
			return err
		}
		if r.late() {
			return errAgain
		}
	}
}

// next answers the bills of the plan behind the cursor, each with all its items, and where they end.
func (r *refill) next(ctx context.Context) ([]planned, int64, error) {
	items, err := r.Store.PlannedItems(ctx, r.backfill.ID, r.backfill.Cursor, numbersAtOnce)
	if err != nil || len(items) == 0 {
		return nil, 0, err
	}
	if last := items[len(items)-1].BillID; len(items) == numbersAtOnce && items[0].BillID != last {
		// The rest of the last bill may lie behind: it is whole in the next group.
		items = items[:slices.IndexFunc(items, func(item ledger.BackfillItem) bool { return item.BillID == last })]
	}
	cursor := items[len(items)-1].Item
	var bills []planned
	for _, item := range items {
		if n := len(bills); n == 0 || bills[n-1].id != item.BillID {
			bills = append(bills, planned{id: item.BillID, no: item.BillNo})
		}
		last := &bills[len(bills)-1]
		last.items = append(last.items, item)
	}
	return bills, cursor, nil
}

// check compares the requests of a plan with those of the present revision, and owes nothing. What has changed in the
// bills themselves is left to the applying.
func (r *refill) check(ctx context.Context, bills []planned, cursor int64) error {
	found, _, err := r.decideAnew(ctx, bills)
	if err != nil {
		return err
	}
	for _, p := range bills {
		if !p.owes() || found.differs(p) != "" {
			continue
		}
		if difference := found.requests(p); difference != "" {
			err := r.Store.FailRun(ctx, r.backfill,
				fmt.Sprintf("the plan was made under revision %d; under revision %d the request of bill %s would "+
					"differ: %s; nothing was owed, make a new plan (方案已修订，请重新计划)",
					r.backfill.Revision, r.entry.Revision, p.no, difference))
			return errors.Join(err, errEnded)
		}
	}
	return r.Store.CheckPlan(ctx, r.backfill, r.entry.Revision, cursor, false)
}

// carryOut owes what the plan says of these bills, where nothing has changed since.
func (r *refill) carryOut(ctx context.Context, bills []planned, cursor int64) error {
	late := false
	also := func(tx pgx.Tx) error {
		if late = r.late(); late {
			return r.leave(ctx, tx)
		}
		return nil
	}
	if !slices.ContainsFunc(bills, planned.owes) {
		return r.Store.CommitApplied(ctx, r.backfill, r.basis(), ledger.Page{}, ledger.Applied{Cursor: cursor}, also)
	}
	if err := r.giveWay(ctx); err != nil {
		return err
	}
	refused := map[int64]string{}
	for range maxAgain {
		page, again, err := r.agreed(ctx, bills, refused)
		if err != nil {
			return err
		}
		if again {
			continue
		}
		applied := ledger.Applied{Cursor: cursor, Refused: refused}
		for _, p := range bills {
			for _, item := range p.items {
				if carriedOut(item) {
					applied.Items = append(applied.Items, item)
				}
			}
		}
		page.Reopen = r.backfill.Backfill.BeforeCutover
		err = r.Store.CommitApplied(ctx, r.backfill, r.basis(), page, applied, also)
		if errors.Is(err, ledger.ErrConflict) && !errors.Is(err, ledger.ErrRunMoved) {
			continue
		}
		if err == nil && late {
			return intake.ErrLeft
		}
		return err
	}
	return errAgain
}

// agreed decides anew those bills that are not refused yet, and answers the page that owes them; again, when it found
// more to refuse or the ledger moved on. Nothing of a refused bill is written: incremental runs learn of it as of any
// other.
func (r *refill) agreed(
	ctx context.Context, bills []planned, refused map[int64]string,
) (page ledger.Page, again bool, err error) {
	var wanted []planned
	for _, p := range bills {
		if _, no := refused[p.id]; !no && p.owes() {
			wanted = append(wanted, p)
		}
	}
	if len(wanted) == 0 {
		return ledger.Page{}, false, nil
	}
	found, page, err := r.decideAnew(ctx, wanted)
	if err != nil {
		return page, false, err
	}
	for _, p := range wanted {
		why := found.differs(p)
		if why == "" {
			why = found.requests(p)
		}
		if why == "" {
			why = found.taken(p)
		}
		if why != "" {
			refused[p.id], again = why, true
		}
	}
	return page, again || page.RunCounts.Stale > 0, nil
}

// anew is what a fresh read made of the bills of a plan.
type anew struct {
	form          rule.Form
	bills         map[int64]ledger.BillWrite
	cancellations map[int64][]ledger.Cancellation
	work          map[int64]string
	holders       map[string][]*kingdeev1.BillState
}

// decideAnew reads these bills by id, and who else carries their numbers, and lets the rules decide.
func (r *refill) decideAnew(ctx context.Context, bills []planned) (anew, ledger.Page, error) {
	found := anew{
		form: r.reader.Entry.BillForm(), bills: map[int64]ledger.BillWrite{},
		cancellations: map[int64][]ledger.Cancellation{}, work: map[int64]string{},
		holders: map[string][]*kingdeev1.BillState{},
	}
	ids, numbers := make([]int64, len(bills)), make([]string, len(bills))
	for i, p := range bills {
		ids[i], numbers[i] = p.id, p.no
	}
	carriers, err := r.byNumber(ctx, numbers)
	if err != nil {
		return found, ledger.Page{}, err
	}
	for _, s := range carriers.GetStates() {
		no := strings.ToUpper(s.GetNumber())
		found.holders[no] = append(found.holders[no], s)
	}
	light, err := r.byID(ctx, ids)
	if err != nil {
		return found, ledger.Page{}, err
	}
	page, err := r.pager.Decide(ctx, light)
	if err != nil {
		return found, page, err
	}
	for _, w := range page.Bills {
		found.bills[w.After.State.ID] = w
	}
	for _, d := range page.Cancellations {
		found.cancellations[d.BillID] = append(found.cancellations[d.BillID], d)
	}
	for _, w := range page.Work {
		if detail, ok := unable[w.Kind]; ok {
			found.work[w.BillID] = detail + ": " + w.Detail
		}
	}
	return found, page, nil
}

// differs says in words how a bill is no longer as the plan saw it; empty when it is.
func (a anew) differs(p planned) string {
	w, shown := a.bills[p.id]
	if !shown {
		if why := a.work[p.id]; why != "" {
			return why
		}
		return "金蝶已查不到此单，或已恢复 Kingdee no longer shows the bill as the plan saw it"
	}
	first := p.items[slices.IndexFunc(p.items, carriedOut)]
	var changes []string
	if first.Seen != nil {
		changes = stateChanges(*first.Seen, w.After.State)
	}
	if first.Cancellation.Generation != w.After.Generation && len(changes) == 0 {
		changes = append(changes, fmt.Sprintf("第几次生效 generation %d → %d",
			first.Cancellation.Generation, w.After.Generation))
	}
	if first.Class != w.After.Class && len(changes) == 0 {
		changes = append(changes, fmt.Sprintf("判定 class %s → %s", first.Class, w.After.Class))
	}
	return strings.Join(changes, "; ")
}

// requests says in words how the orders of a bill would differ from the plan's; empty when they would not.
func (a anew) requests(p planned) string {
	now := a.cancellations[p.id]
	var changes []string
	for _, item := range p.items {
		if !item.HasOrder() {
			continue
		}
		at := slices.IndexFunc(now, func(d ledger.Cancellation) bool { return sameOrder(d, item.Cancellation) })
		if at < 0 {
			changes = append(changes, fmt.Sprintf("不再应取消 no longer owed: %s %s",
				item.Cancellation.Order.Kind(), item.Cancellation.Order.Warehouse))
			continue
		}
		changes = append(changes, requestChanges(item.Cancellation, now[at])...)
	}
	for _, d := range now {
		if !slices.ContainsFunc(p.items,
			func(item ledger.BackfillItem) bool { return item.HasOrder() && sameOrder(item.Cancellation, d) }) {
			changes = append(changes, fmt.Sprintf("计划中没有 not in the plan: %s %s", d.Order.Kind(), d.Order.Warehouse))
		}
	}
	return strings.Join(changes, "; ")
}

// taken says which live bill carries the number now.
func (a anew) taken(p planned) string {
	for _, s := range a.holders[strings.ToUpper(p.no)] {
		if state, ok := intake.StateOf(a.form, s); ok && state.ID != p.id && state.Live() {
			return fmt.Sprintf("单号已被有效单据使用 the number is now carried by the live bill with FID %d", state.ID)
		}
	}
	return ""
}

func sameOrder(a, b ledger.Cancellation) bool {
	return a.Order.Kind() == b.Order.Kind() && a.Order.Warehouse == b.Order.Warehouse
}

// stateChanges lists what differs between two reads of a bill.
func stateChanges(before, now rule.State) []string {
	if before.Same(now) {
		return nil
	}
	var changes []string
	add := func(name, a, b string) {
		if a != b {
			changes = append(changes, fmt.Sprintf("%s %s → %s", name, a, b))
		}
	}
	add("单据编号 number", before.Number, now.Number)
	add("单据状态 document status", before.DocumentStatus, now.DocumentStatus)
	add("作废状态 cancel status", before.CancelStatus, now.CancelStatus)
	add("关闭 closed", strconv.FormatBool(before.Closed), strconv.FormatBool(now.Closed))
	add("单据种类 kind", before.Kind, now.Kind)
	add("库存组织 organisation", before.Org, now.Org)
	add("作废日期 cancel date", stampOf(before.CancelTime), stampOf(now.CancelTime))
	add("审核日期 approve date", stampOf(before.ApproveTime), stampOf(now.ApproveTime))
	add("修改日期 modify date", stampOf(before.ModifyTime), stampOf(now.ModifyTime))
	add("创建日期 create date", stampOf(before.CreateTime), stampOf(now.CreateTime))
	return changes
}

// requestChanges lists what differs between two requests for the same order.
func requestChanges(before, now ledger.Cancellation) []string {
	var changes []string
	add := func(name, a, b string) {
		if a != b {
			changes = append(changes, fmt.Sprintf("%s %s: %s → %s", now.Order.Kind(), name, a, b))
		}
	}
	add("account", before.Account, now.Account)
	add("warehouse_code", before.WarehouseCode, now.WarehouseCode)
	add("order_code", before.OrderCode, now.OrderCode)
	add("order_type", before.OrderType, now.OrderType)
	add("cancel_reason", before.CancelReason, now.CancelReason)
	add("owner_code", before.OwnerCode, now.OwnerCode)
	// Printed maps are in the order of their keys; an empty one and none are the same.
	add("extend_props", fmt.Sprint(before.ExtendProps), fmt.Sprint(now.ExtendProps))
	return changes
}

// stampOf is a date as people read it, by UTC; a dash when unset.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

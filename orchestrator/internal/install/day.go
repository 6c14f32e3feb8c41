package install

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Day is a day at the merchant, played on the sandboxes while the orchestrator works.
type Day struct {
	Vendors *Vendors
	Client  *Client
	// Report hears of each step before it is played; may be nil.
	Report func(step ksample.Step, of int)
	// Played hears how many steps lie behind, after each; may be nil.
	Played func(steps int) error
}

// Bills are the numbers that the day is about, in order of appearance.
func (Day) Bills() []string {
	var numbers []string
	for _, step := range ksample.Day() {
		if !slices.Contains(numbers, step.BillNo) {
			numbers = append(numbers, step.BillNo)
		}
	}
	return numbers
}

// rewind is how many steps a killed Kingdee sandbox may have forgotten: it writes its state a little after each change,
// and more than this are never played without a run between.
const rewind = 5

// Play lets the day happen, or what is left of it after so many steps. Of those steps the last are played again, since
// the sandbox may have been killed before it kept them; what it does remember it refuses.
func (d Day) Play(ctx context.Context, played int) error {
	steps := ksample.Day()
	for i := max(0, min(played, len(steps))-rewind); i < len(steps); i++ {
		step := steps[i]
		if step.AfterRun {
			if err := d.Client.Run(ctx); err != nil {
				return err
			}
		}
		if i == len(steps)-1 {
			if err := d.beginWork(&step); err != nil {
				return err
			}
		}
		if d.Report != nil {
			d.Report(step, len(steps))
		}
		if _, err := d.Vendors.Kingdee.Play(ctx, step); err != nil && !(i <= played && played > 0 && refused(err)) {
			return err
		}
		if d.Played != nil {
			if err := d.Played(i + 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// refused says that a step does not fit what the sandbox has: it was played before.
func refused(err error) bool {
	flow := (*books.FlowError)(nil)
	return errors.As(err, &flow) || errors.Is(err, books.ErrNumberTaken) || errors.Is(err, books.ErrNotFound)
}

// beginWork lets the warehouse be faster than the office once: one of the bill's orders is being received when it is
// voided.
func (d Day) beginWork(step *ksample.Step) error {
	bill, err := d.Vendors.Kingdee.Bill(step.BillNo)
	if err != nil {
		return err
	}
	var last *warehouse.Key
	for _, order := range bill.Orders() {
		if key, ok := d.Vendors.orders.watched(order); ok {
			last = &key
		}
	}
	if last == nil {
		return nil
	}
	order, err := d.Vendors.WMS.Truth(*last)
	if err != nil || order.Order == nil || order.Order.State != warehouse.StateApproved {
		return err
	}
	if _, err :=
		d.Vendors.WMS.SetState(warehouse.Move{Key: *last, To: warehouse.StateWorking, Note: "开始收货"}); err != nil {
		return fmt.Errorf("begin work on %s: %w", last, err)
	}
	step.Remark += fmt.Sprintf("; but %s is already receiving, that one is too late", last.WarehouseCode)
	step.RemarkZH += fmt.Sprintf("；但仓库 %s 已开始收货，那一张来不及", last.WarehouseCode)
	return nil
}

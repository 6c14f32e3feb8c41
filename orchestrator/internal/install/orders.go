package install

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Order types of the WMS for goods that come in and go out otherwise than by purchase or sale (其他入库, 其他出库).
const (
	typeIn  = "QTRK"
	typeOut = "QTCK"
)

// settledAfter is how long a warehouse takes: orders of bills audited earlier are done, unless the sample day is about
// them.
const settledAfter = 7 * 24 * time.Hour

// orders makes warehouse orders from audited bills.
type orders struct {
	wms        *wms.Server
	warehouses map[string]string
	logger     *slog.Logger
}

// onAudit is the platform hearing of an audit. A number that is there already is the same order pushed again.
func (o *orders) onAudit(b books.Bill) {
	for _, order := range b.Orders() {
		if err := o.create(order, warehouse.StateApproved); err != nil {
			o.logger.ErrorContext(context.Background(), "order not made", "bill_no", b.BillNo, "err", err)
		}
	}
}

// backfill makes the orders of all audits there were, in the state in which a warehouse would have them today.
func (o *orders) backfill(k *kingdee.Server) error {
	cast := make(map[string]bool)
	for _, step := range ksample.Day() {
		cast[step.BillNo] = true
	}
	present := make(map[int64]books.Bill)
	for _, b := range k.Bills() {
		present[b.ID] = b
	}
	for _, order := range append(k.AuditedOrders(), k.OutboundOrders()...) {
		state := warehouse.StateApproved
		switch b, found := present[order.BillID]; {
		case !found || b.CancelStatus == books.Voided:
			state = warehouse.StateCancelled
		case b.Live() && !cast[b.BillNo] && time.Since(order.AuditedAt) > settledAfter:
			state = warehouse.StateDone
		}
		if err := o.create(order, state); err != nil {
			return err
		}
	}
	return nil
}

func (o *orders) create(order books.Order, state warehouse.State) error {
	key, ok := o.key(order)
	if !ok {
		return nil
	}
	_, err := o.wms.CreateOrder(warehouse.Order{Key: key, State: state})
	if err != nil && !errors.Is(err, warehouse.ErrConflict) {
		return fmt.Errorf("make order %s: %w", key, err)
	}
	return nil
}

// key is the WMS's name for an order of a bill; false for a warehouse that the WMS does not run.
func (o *orders) key(order books.Order) (warehouse.Key, bool) {
	code, ok := o.warehouses[order.Stock]
	if !ok {
		return warehouse.Key{}, false
	}
	key := warehouse.Key{SID: wms.DemoSID, WarehouseCode: code, OrderCode: order.BillNo, OrderType: typeIn}
	if order.Direction == books.Outbound {
		key.OrderType = typeOut
	}
	return key, true
}

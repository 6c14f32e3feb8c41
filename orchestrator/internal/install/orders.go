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

// Order types of the WMS: for goods that come in and go out otherwise than by purchase or sale (其他入库, 其他出库), and
// for goods that go back to their supplier (采购退货).
const (
	typeIn     = "QTRK"
	typeOut    = "QTCK"
	typeReturn = "CGTH"
)

// returnSupplier is the one supplier to whom the warehouse sends goods back; the others fetch theirs, and no warehouse
// order is made of that.
const returnSupplier = "VEN00010"

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

// watched is the key of an order whose cancel is a shipped scheme's business: what comes in of an assembly bill, and
// what goes back to the supplier.
func (o *orders) watched(order books.Order) (warehouse.Key, bool) {
	if order.Form == books.AssembledApp && order.Direction != books.Inbound {
		return warehouse.Key{}, false
	}
	return o.key(order)
}

// key is the WMS's name for an order of a bill; false for one that the platform does not make: of a warehouse that the
// WMS does not run, or of goods that the supplier fetches.
func (o *orders) key(order books.Order) (warehouse.Key, bool) {
	code, ok := o.warehouses[order.Stock]
	if !ok || order.Form == books.ReturnApp && order.Partner != returnSupplier {
		return warehouse.Key{}, false
	}
	key := warehouse.Key{SID: wms.DemoSID, WarehouseCode: code, OrderCode: order.BillNo, OrderType: typeIn}
	switch {
	case order.Form == books.ReturnApp:
		key.OrderType = typeReturn
	case order.Direction == books.Outbound:
		key.OrderType = typeOut
	}
	return key, true
}

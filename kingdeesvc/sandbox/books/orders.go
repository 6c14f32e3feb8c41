package books

import (
	"cmp"
	"slices"
	"time"
)

// Direction of goods through a warehouse.
const (
	Inbound  = "in"
	Outbound = "out"
)

// Order is one warehouse's part of a bill in one direction, as it was at an audit:
// what a program that pushes audited bills to a WMS makes one order of. An
// Assembly brings its product lines in and takes its component lines out, a
// Dassembly the reverse; the lines of a ReturnApp go out.
type Order struct {
	BillID     int64  `json:"bill_id"`
	BillNo     string `json:"bill_no"`
	StockOrg   string `json:"stock_org,omitempty"`
	Form       string `json:"form"`
	AffairType string `json:"affair_type,omitempty"`
	Direction  string `json:"direction"`
	Stock      string `json:"stock"` // Kingdee warehouse number
	// Partner is the number of whom the goods are had from or sent to, if the form names one.
	Partner   string    `json:"partner,omitempty"`
	Lines     int       `json:"lines"` // how many lines make it up
	AuditSeq  int64     `json:"audit_seq"`
	AuditedAt time.Time `json:"audited_at"`
	// BillLive is whether the bill is live now and this was its last audit.
	BillLive bool `json:"bill_live"`
}

// Orders are the bill's orders by its present content, in order of its lines; lines
// without a warehouse belong to none. AuditSeq is 0.
func (b Bill) Orders() []Order {
	f, _ := formOf(b.Form)
	way := f.ways[b.AffairType]
	var orders []Order
	for i := range b.Lines {
		orders = b.addOrder(orders, way.lines, b.Lines[i].Stock)
		for j := range b.Lines[i].Components {
			orders = b.addOrder(orders, way.components, b.Lines[i].Components[j].Stock)
		}
	}
	for i := range orders {
		orders[i].Partner = b.Extra[f.partner]
	}
	return orders
}

func (b Bill) addOrder(orders []Order, direction, stock string) []Order {
	if stock == "" {
		return orders
	}
	for i := range orders {
		if orders[i].Direction == direction && orders[i].Stock == stock {
			orders[i].Lines++
			return orders
		}
	}
	return append(orders, Order{
		BillID: b.ID, BillNo: b.BillNo, StockOrg: b.StockOrg, Form: b.Form, AffairType: b.AffairType,
		Direction: direction, Stock: stock, Lines: 1, AuditedAt: b.ApproveDate, BillLive: b.Live(),
	})
}

// Orders are the orders in one direction of every audit of every bill there ever was, in the order of the audits.
func (st *Store) Orders(direction string) []Order {
	st.mu.RLock()
	defer st.mu.RUnlock()
	var orders []Order
	for id, h := range st.past {
		b := st.find(id)
		live := b != nil && b.Live()
		last := h.lastAudit()
		for _, e := range h.Events {
			for _, order := range e.Orders {
				if order.Direction == direction {
					order.BillLive = live && e.Seq == last
					orders = append(orders, order)
				}
			}
		}
	}
	slices.SortStableFunc(orders, func(a, b Order) int { return cmp.Compare(a.AuditSeq, b.AuditSeq) })
	return orders
}

func (h *History) lastAudit() int64 {
	for i := len(h.Events) - 1; i >= 0; i-- {
		if h.Events[i].Action == ActionAudit {
			return h.Events[i].Seq
		}
	}
	return 0
}

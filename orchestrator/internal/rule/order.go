package rule

import "slices"

// Directions of an order, seen from the warehouse.
const (
	In  = "in"  // 入库
	Out = "out" // 出库
)

// OrderKind names a sort of order: the kind of the bill, where its form has kinds, and the direction, such as
// "Assembly.in".
type OrderKind struct{ BillKind, Direction string }

func (k OrderKind) String() string {
	if k.BillKind == "" {
		return k.Direction
	}
	return k.BillKind + "." + k.Direction
}

// Source says which lines of a bill an order is made of: what schemes call the entity, such as products.
type Source string

// Order is one warehouse order that a bill gave rise to: in CEL the variable order, with the names in the cel tags.
type Order struct {
	BillKind  string `cel:"bill_kind" json:"bill_kind"`
	Direction string `cel:"direction" json:"direction"`
	// Warehouse is Kingdee's number, never empty: lines that name none make no order.
	Warehouse string `cel:"warehouse" json:"warehouse"`
	// WarehouseCode and Account are what the scheme's warehouse table says of Warehouse; empty before it was asked.
	WarehouseCode string `cel:"warehouse_code" json:"warehouse_code,omitempty"`
	Account       string `cel:"account" json:"account,omitempty"`
	Lines         []Line `cel:"lines" json:"lines,omitempty"`
}

// Kind names the sort of order it is.
func (l Order) Kind() OrderKind { return OrderKind{l.BillKind, l.Direction} }

// same says whether two orders are of one kind and in one warehouse.
func (l Order) same(o Order) bool {
	return l.BillKind == o.BillKind && l.Direction == o.Direction && l.Warehouse == o.Warehouse
}

// Orders splits a bill of a form into its warehouse orders. inScheme are those that the scheme asks for, by the lines
// it names; outside counts those of the bill's kind that it does not ask for. They come as the form lists their kinds,
// then as the lines name them. A line that names no warehouse belongs to none of them: see WithoutWarehouse.
func Orders(b Bill, form Form, sources map[OrderKind]Source) (inScheme []Order, outside int) {
	for _, order := range form.Orders {
		if order.Kind.BillKind != b.Kind {
			continue
		}
		source, wanted := sources[order.Kind]
		if !wanted {
			source = order.Lines
		}
		orders := split(order.Kind, b.Lines[string(source)])
		if wanted {
			inScheme = append(inScheme, orders...)
		} else {
			outside += len(orders)
		}
	}
	return inScheme, outside
}

// WithoutWarehouse counts the lines of a bill that name no warehouse, among those that an order which the scheme asks
// for would be of. Nobody can tell which order such a line went into, if it went into any.
func WithoutWarehouse(b Bill, form Form, sources map[OrderKind]Source) int {
	n := 0
	for _, order := range form.Orders {
		if order.Kind.BillKind != b.Kind {
			continue
		}
		for _, line := range b.Lines[string(sources[order.Kind])] {
			if line.Warehouse == "" {
				n++
			}
		}
	}
	return n
}

// split makes one order of all lines that name the same warehouse.
func split(kind OrderKind, lines []Line) []Order {
	var orders []Order
	for _, line := range lines {
		if line.Warehouse == "" {
			continue
		}
		order := Order{BillKind: kind.BillKind, Direction: kind.Direction, Warehouse: line.Warehouse}
		at := slices.IndexFunc(orders, order.same)
		if at < 0 {
			orders = append(orders, order)
			at = len(orders) - 1
		}
		orders[at].Lines = append(orders[at].Lines, line)
	}
	return orders
}

// missing are the orders of before that are not among after.
func missing(before, after []Order) []Order {
	var gone []Order
	for _, order := range before {
		if !slices.ContainsFunc(after, order.same) {
			gone = append(gone, order)
		}
	}
	return gone
}

package rule

import "slices"

// Directions of a leg, seen from the warehouse.
const (
	In  = "in"  // 入库
	Out = "out" // 出库
)

// Kind names a sort of leg: affair type and direction, such as "Assembly.in".
type Kind struct{ Affair, Direction string }

// Kinds lists all four, in the order they are shown.
var Kinds = []Kind{{Assembly, In}, {Assembly, Out}, {Dassembly, In}, {Dassembly, Out}}

func (k Kind) String() string { return k.Affair + "." + k.Direction }

// Source says which lines of a bill a leg is made of.
type Source string

// The lines of a bill.
const (
	FromProducts   Source = "products"
	FromComponents Source = "components"
)

// natural is where a kind's goods stand on the bill by the meaning of the affair type: an assembly brings its product in
// and takes its components out, a disassembly the reverse.
func (k Kind) natural() Source {
	if (k.Affair == Assembly) == (k.Direction == In) {
		return FromProducts
	}
	return FromComponents
}

// Leg is one warehouse order that a bill gave rise to: in CEL the variable leg, with the names in the cel tags.
type Leg struct {
	Affair    string `cel:"affair" json:"affair"`
	Direction string `cel:"direction" json:"direction"`
	// Warehouse is Kingdee's number; empty when the lines name none.
	Warehouse string `cel:"warehouse" json:"warehouse"`
	// WarehouseCode and Account are what the scheme's warehouse table says of Warehouse; empty before it was asked.
	WarehouseCode string `cel:"warehouse_code" json:"warehouse_code,omitempty"`
	Account       string `cel:"account" json:"account,omitempty"`
	Lines         []Line `cel:"lines" json:"lines,omitempty"`
}

// Kind names the sort of leg it is.
func (l Leg) Kind() Kind { return Kind{l.Affair, l.Direction} }

// same says whether two legs are the same order in the same warehouse.
func (l Leg) same(o Leg) bool {
	return l.Affair == o.Affair && l.Direction == o.Direction && l.Warehouse == o.Warehouse
}

// Legs splits a bill into its legs. inScheme are those that the scheme asks for, by the lines it names; outside counts those
// of the bill's affair type that it does not ask for. Order is that of Kinds, then of first appearance.
func Legs(b Bill, sources map[Kind]Source) (inScheme []Leg, outside int) {
	for _, kind := range Kinds {
		if kind.Affair != b.Affair {
			continue
		}
		source, wanted := sources[kind]
		if !wanted {
			source = kind.natural()
		}
		legs := split(kind, b.lines(source))
		if wanted {
			inScheme = append(inScheme, legs...)
		} else {
			outside += len(legs)
		}
	}
	return inScheme, outside
}

func (b Bill) lines(source Source) []Line {
	if source == FromComponents {
		return b.Components
	}
	return b.Products
}

// split makes one leg of all lines that name the same warehouse.
func split(kind Kind, lines []Line) []Leg {
	var legs []Leg
	for _, line := range lines {
		leg := Leg{Affair: kind.Affair, Direction: kind.Direction, Warehouse: line.Warehouse}
		at := slices.IndexFunc(legs, leg.same)
		if at < 0 {
			legs = append(legs, leg)
			at = len(legs) - 1
		}
		legs[at].Lines = append(legs[at].Lines, line)
	}
	return legs
}

// missing are the legs of before that are not among after.
func missing(before, after []Leg) []Leg {
	var gone []Leg
	for _, leg := range before {
		if !slices.ContainsFunc(after, leg.same) {
			gone = append(gone, leg)
		}
	}
	return gone
}

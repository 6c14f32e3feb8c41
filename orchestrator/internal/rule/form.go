package rule

import (
	"slices"
	"strings"
)

// Form is what the rules need to know of a form of bill. It is data: package form has the forms that schemes may watch.
type Form struct {
	// ID is Kingdee's, such as STK_AssembledApp; Title is what people call it.
	ID, Title string
	// Kinds are the values of the bill's own kind, such as Assembly; none where the form has only one.
	Kinds []string
	// Fields are the columns of the head that are no field of Bill, by kingdeesvc's names: in CEL bill.fields.
	Fields []string
	// Lines are the entities that orders may be made of, the first of them read with every bill.
	Lines []LineEntity
	// Orders are the order kinds that its bills may give rise to, in the order in which they are shown.
	Orders []FormOrder
	// Closes says that its bills may be closed 关闭: a scheme may count that as an end, and then it is a void in every
	// rule.
	Closes bool
	// WarehouseOptional says that it is ordinary for a line to name no warehouse. Of any other form a person hears of a
	// bill with such a line, even if none of its lines names one: perhaps the warehouses are only not shown to us.
	WarehouseOptional bool
	// Open are the columns whose Kingdee key no public source confirms, by kingdeesvc's names, such as note, or
	// FEntity.lot_number of lines: a scheme may name another key for each.
	Open []string
	// Unkeyed are those of Open for which nobody knows a key: they are not read unless a scheme names one.
	Unkeyed []string
}

// LineEntity is one kind of line of a form: how a scheme calls it, Kingdee's entity, and what people call it.
type LineEntity struct {
	Source Source
	Entity string
	Title  string
	// Fields are its columns that are no field of Line, by kingdeesvc's names.
	Fields []string
}

// FormOrder is an order kind, and of which lines its goods are by the meaning of the form. A scheme may take others.
type FormOrder struct {
	Kind  OrderKind
	Lines Source
}

// Kind is the bill's kind as the form spells it; false for one that the form does not know. A form without kinds knows
// the empty one.
func (f Form) Kind(kind string) (string, bool) {
	if len(f.Kinds) == 0 {
		return "", kind == ""
	}
	return kind, slices.Contains(f.Kinds, kind)
}

// Sources are what schemes call the entities of the form.
func (f Form) Sources() []string {
	names := make([]string, len(f.Lines))
	for i, entity := range f.Lines {
		names[i] = string(entity.Source)
	}
	return names
}

// LineFields are the fields of all its entities, each once: in CEL those of every line, where a line of an entity that
// has no such field gives the empty text.
func (f Form) LineFields() []string {
	var names []string
	for _, entity := range f.Lines {
		for _, name := range entity.Fields {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// OrderKinds are the order kinds of the form.
func (f Form) OrderKinds() []OrderKind {
	kinds := make([]OrderKind, len(f.Orders))
	for i, order := range f.Orders {
		kinds[i] = order.Kind
	}
	return kinds
}

// ParseOrderKind is the order kind of this name, whatever the form; false where it has no direction.
func ParseOrderKind(name string) (OrderKind, bool) {
	at := strings.LastIndexByte(name, '.')
	kind := OrderKind{Direction: name[at+1:]}
	if at >= 0 {
		kind.BillKind = name[:at]
	}
	return kind, kind.String() == name && (kind.Direction == In || kind.Direction == Out)
}

package scheme

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

var (
	exampleKeys = []string{"order_kind", "generation", "bill", "orders"}
	orderKeys   = []string{"warehouse_code", "order_code", "order_type"}
)

// maxGeneration is more lives than an example's bill has.
const maxGeneration = 1000

// example is a bill of which the WMS screen shows what became of it.
type example struct {
	node   *yaml.Node
	kind   rule.OrderKind
	bill   rule.Bill
	orders []expectedOrder
}

// expectedOrder is one order as the WMS screen shows it.
type expectedOrder struct {
	object object
	values map[string]string
}

func (o object) decodeExamples(s *Scheme) {
	names, kinds := kindNames(s)
	for _, n := range o.list("examples") {
		x, ok := o.d.object(n, o.at("examples"), exampleKeys)
		if !ok {
			continue
		}
		e := example{node: x.node}
		order := x.text("order_kind", true)
		if kind, known := kinds[order]; known {
			e.kind = kind
			if _, mapped := s.orders[kind]; !mapped && len(s.orders) > 0 {
				x.fault("order_kind", "the scheme does not cancel `%s`", order)
			}
		} else if order != "" {
			x.fault("order_kind", "unknown order kind `%s`; %s", order, suggest(order, names))
		}
		if bill := x.value("bill", true); bill != nil {
			o.d.fields(bill, x.at("bill"), reflect.ValueOf(&e.bill).Elem())
			for _, name := range slices.Sorted(maps.Keys(e.bill.Lines)) {
				if names := s.BillForm().Sources(); len(names) > 0 && !slices.Contains(names, name) {
					x.fault("bill", "the form has no lines `%s`; %s", name, suggest(name, names))
				}
			}
			for _, fault := range s.unknownFields(e.bill) {
				x.fault("bill", "%s", fault)
			}
			if e.bill.Kind == "" {
				e.bill.Kind = e.kind.BillKind
			}
		}
		e.bill.Generation = int(x.integer("generation", 1, 1, maxGeneration))
		if x.value("orders", true) != nil {
			for _, n := range x.list("orders") {
				if order, ok := o.d.object(n, x.at("orders"), orderKeys); ok {
					e.orders = append(e.orders, order.decodeOrder())
				}
			}
			if len(e.orders) == 0 {
				x.fault("orders", "must list the orders that the WMS shows for this bill")
			}
		}
		s.examples = append(s.examples, e)
	}
}

// unknownFields says which fields of an example's bill its form does not have, each name once for the bill and once for
// its lines.
func (s *Scheme) unknownFields(b rule.Bill) []string {
	var faults []string
	note := func(ofBill bool, fields map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if fault := s.lacksField(ofBill, name); fault != "" && !slices.Contains(faults, fault) {
				faults = append(faults, fault)
			}
		}
	}
	note(true, b.Fields)
	for _, source := range slices.Sorted(maps.Keys(b.Lines)) {
		for _, line := range b.Lines[source] {
			note(false, line.Fields)
		}
	}
	return faults
}

func (o object) decodeOrder() expectedOrder {
	e := expectedOrder{object: o, values: map[string]string{}}
	for _, key := range orderKeys {
		e.values[key] = o.text(key, true)
	}
	return e
}

// fields fills a struct of the rules from a mapping whose keys are its CEL names.
func (d *decoder) fields(n *yaml.Node, path string, to reflect.Value) {
	o, ok := d.object(n, path, celNames(to.Type()))
	if !ok {
		return
	}
	for i, name := range celNames(to.Type()) {
		if !o.has(name) {
			continue
		}
		switch field := to.Field(i).Addr().Interface().(type) {
		case *string:
			*field = o.text(name, false)
		case *int64:
			*field = o.integer(name, 0, 0, 1<<62)
		case *bool:
			*field = o.boolean(name)
		case *time.Time:
			*field = o.moment(name)
		case *map[string]string:
			*field = o.textMap(name)
		case *map[string][]rule.Line:
			*field = o.lines(name)
		}
	}
}

// lines reads the lines of each entity.
func (o object) lines(key string) map[string][]rule.Line {
	entities, ok := o.d.object(o.fields[key].value, o.at(key), nil)
	if !ok {
		return nil
	}
	all := map[string][]rule.Line{}
	for _, name := range entities.order {
		all[name] = []rule.Line{}
		for _, n := range entities.list(name) {
			var line rule.Line
			o.d.fields(n, entities.at(name), reflect.ValueOf(&line).Elem())
			all[name] = append(all[name], line)
		}
	}
	return all
}

func (o object) textMap(key string) map[string]string {
	sub, ok := o.d.object(o.fields[key].value, o.at(key), nil)
	if !ok {
		return nil
	}
	m := map[string]string{}
	for _, name := range sub.order {
		m[name] = sub.text(name, false)
	}
	return m
}

// runExamples maps each example's bill and holds the outcome against what the WMS showed.
func (s *Scheme) runExamples(d *decoder) {
	for _, e := range s.examples {
		orders, _ := rule.Orders(e.bill, s.BillForm(), map[rule.OrderKind]rule.Source{e.kind: s.orders[e.kind].source})
		if len(orders) != len(e.orders) {
			d.fault(e.node, "examples",
				"bill %s gives %d %s orders (one for each warehouse of its lines), but `orders` lists %d",
				e.bill.Number, len(orders), e.kind, len(e.orders))
			continue
		}
		for i, order := range orders {
			s.compare(d, e, order, e.orders[i])
		}
	}
}

func (s *Scheme) compare(d *decoder, e example, order rule.Order, want expectedOrder) {
	got, err := s.Map(e.bill, order)
	if err != nil {
		d.fault(want.object.node, "examples", "%s", err)
		return
	}
	for _, f := range []struct{ key, got string }{
		{"warehouse_code", got.WarehouseCode}, {"order_code", got.OrderCode}, {"order_type", got.OrderType},
	} {
		if want.values[f.key] != f.got {
			want.object.fault(f.key, "the mapping gives `%s` for bill %s, but the example says `%s`", f.got,
				e.bill.Number, want.values[f.key])
		}
	}
}

// checkExamples says whether there are enough examples for a real WMS.
func (s *Scheme) checkExamples(d *decoder) {
	directions, kinds := map[string]int{}, map[rule.OrderKind]int{}
	for _, e := range s.examples {
		directions[e.kind.Direction]++
		kinds[e.kind]++
	}
	asked := map[string]bool{}
	for _, kind := range s.Kinds() {
		if n := directions[kind.Direction]; n < examplesPerDirection && !asked[kind.Direction] {
			asked[kind.Direction] = true
			d.fault(s.place("examples"), "examples", "a real WMS needs at least %d real examples for direction `%s`, "+
				"with number, warehouse and type as its screen shows them; there are %d",
				examplesPerDirection, kind.Direction, n)
		}
		if kinds[kind] == 0 && directions[kind.Direction] >= examplesPerDirection {
			d.fault(s.place("examples"), "examples",
				"a real WMS needs a real example for each order kind; there is none for `%s`", kind)
		}
	}
}

// place is where a key of the scheme stands, or the scheme itself.
func (s *Scheme) place(key string) *yaml.Node {
	if n := s.keys[key]; n != nil {
		return n
	}
	return s.node
}

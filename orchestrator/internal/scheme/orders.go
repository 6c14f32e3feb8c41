package scheme

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

var orderKindKeys = []string{"lines", "order_code", "order_type", "cancel_reason", "owner_code", "extend_props"}

// propertyName is a name that can be an XML element of extendProps.
var propertyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// decodeOrders reads the mapping of each order kind.
func (o object) decodeOrders(s *Scheme) {
	s.orders = map[rule.OrderKind]mapping{}
	n := o.value("orders", true)
	if n == nil {
		return
	}
	env, err := newEnv()
	if err != nil {
		o.fault("orders", "%s", err)
		return
	}
	names, kinds := kindNames(s)
	table, ok := o.d.object(n, o.at("orders"), names)
	if !ok {
		return
	}
	if len(table.order) == 0 && len(n.Content) == 0 {
		o.fault("orders", "must name at least one order kind: %s", suggest("", names))
	}
	for _, name := range table.order {
		order, ok := o.d.object(table.fields[name].value, table.at(name), orderKindKeys)
		if ok {
			s.orders[kinds[name]] = order.decodeMapping(env, kinds[name], s)
		}
	}
}

// kindNames are the order kinds of the scheme's form, by their names; those of all forms where its own is not known.
func kindNames(s *Scheme) ([]string, map[string]rule.OrderKind) {
	var names []string
	kinds := map[string]rule.OrderKind{}
	_, known := form.Of(s.Form)
	for _, f := range form.All {
		if known && f.ID != s.Form {
			continue
		}
		for _, kind := range f.OrderKinds() {
			names = append(names, kind.String())
			kinds[kind.String()] = kind
		}
	}
	return names, kinds
}

func (o object) decodeMapping(env *cel.Env, kind rule.OrderKind, s *Scheme) mapping {
	m := mapping{kind: kind, source: rule.Source(o.text("lines", true))}
	entities := s.BillForm().Lines
	if m.source != "" && len(entities) > 0 && !slices.Contains(s.BillForm().Sources(), string(m.source)) {
		names := make([]string, len(entities))
		for i, e := range entities {
			names[i] = fmt.Sprintf("`%s` (%s)", e.Source, e.Title)
		}
		o.fault("lines", "must be %s, not `%s`", strings.Join(names, " or "), m.source)
	}
	m.orderCode = o.compile(env, s, "order_code", true)
	m.orderType = o.orderType(env, s)
	m.cancelReason = o.compile(env, s, "cancel_reason", false)
	m.ownerCode = o.compile(env, s, "owner_code", false)
	if !o.has("extend_props") {
		return m
	}
	props, ok := o.d.object(o.fields["extend_props"].value, o.at("extend_props"), nil)
	if !ok {
		return m
	}
	if len(props.order) > maxExtendProps {
		o.fault("extend_props", "has %d entries; at most %d are allowed", len(props.order), maxExtendProps)
	}
	for _, key := range props.order {
		if !propertyName.MatchString(key) {
			props.fault(key,
				"`%s` cannot be an XML element: letters, digits, _ . - and a letter or _ first, at most 64", key)
			continue
		}
		m.extendProps = append(m.extendProps, property{key, props.compile(env, s, key, true)})
	}
	return m
}

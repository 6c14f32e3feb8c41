package scheme

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// MapError says why an order of one bill gives no request. It stops that order and nothing else.
type MapError struct {
	Scheme string
	// Field of the mapping: warehouse, order_code, order_type, cancel_reason, owner_code or extend_props.<key>; orders
	// when the scheme does not cancel orders of this kind.
	Field string
	// BillID and BillNo name the bill, Order its kind (Assembly.in), Warehouse the order's Kingdee warehouse.
	BillID                       int64
	BillNo, OrderKind, Warehouse string
	// Reason in words a person can act on.
	Reason string
}

func (e *MapError) Error() string {
	return fmt.Sprintf("scheme %s: bill %s, order %s of warehouse %q: %s %s",
		e.Scheme, e.BillNo, e.OrderKind, e.Warehouse, e.Field, e.Reason)
}

// Map makes the request for one order of a bill. The error is a *MapError. The order's warehouse must be in the table
// and not outside: ask Warehouse first. In expressions order.warehouse_code and order.account are what the table says.
func (s *Scheme) Map(bill rule.Bill, order rule.Order) (rule.Request, error) {
	refuse := func(field, format string, args ...any) (rule.Request, error) {
		return rule.Request{}, &MapError{
			Scheme: s.Name, Field: field, BillID: bill.ID, BillNo: bill.Number,
			OrderKind: order.Kind().String(), Warehouse: order.Warehouse,
			Reason: fmt.Sprintf(format, args...),
		}
	}
	m, ok := s.orders[order.Kind()]
	if !ok {
		return refuse("orders", "does not have this order kind")
	}
	w, ok := s.warehouses[order.Warehouse]
	switch {
	case !ok:
		return refuse("warehouse", "is not in the scheme's warehouse table")
	case w.Outside:
		return refuse("warehouse", "is outside the scheme by its warehouse table")
	}
	if era := s.eraOf(bill); era != nil && era.Orders.names(order) {
		return era.Orders.Map(bill, order)
	}
	order.Account, order.WarehouseCode = w.Account, w.Code
	bill, order = s.complete(bill), s.completeOrder(order)
	r := rule.Request{Account: w.Account, WarehouseCode: w.Code}
	for _, f := range []struct {
		expression expression
		to         *string
		bad        func(string) string
	}{
		{m.orderCode, &r.OrderCode, func(v string) string { return badCode(v, maxCode) }},
		{m.orderType, &r.OrderType, s.badOrderType},
		{m.cancelReason, &r.CancelReason, nil},
		{m.ownerCode, &r.OwnerCode, func(v string) string { return badCode(v, maxCode) }},
	} {
		if !f.expression.given() {
			continue
		}
		value, err := f.expression.eval(bill, order)
		if err != nil {
			return refuse(f.expression.field, "cannot be evaluated: %s", err)
		}
		if f.bad != nil {
			if reason := f.bad(value); reason != "" {
				return refuse(f.expression.field, "%s: %q", reason, shorten(value, 100))
			}
		}
		*f.to = value
	}
	r.CancelReason = shorten(strings.ToValidUTF8(r.CancelReason, "\uFFFD"), maxReason)
	for _, p := range m.extendProps {
		value, err := p.value.eval(bill, order)
		if err != nil {
			return refuse("extend_props."+p.key, "cannot be evaluated: %s", err)
		}
		if n := utf8.RuneCountInString(value); n > maxReason {
			return refuse("extend_props."+p.key, "has %d characters; at most %d are allowed", n, maxReason)
		}
		if value == "" {
			continue
		}
		if r.ExtendProps == nil {
			r.ExtendProps = map[string]string{}
		}
		r.ExtendProps[p.key] = strings.ToValidUTF8(value, "\uFFFD")
	}
	return r, nil
}

func (s *Scheme) badOrderType(v string) string {
	if slices.Contains(s.orderTypes, v) {
		return ""
	}
	return "is not among " + strings.Join(s.orderTypes, ", ")
}

// shorten cuts a text after limit characters.
func shorten(s string, limit int) string {
	for i := range s {
		if limit == 0 {
			return s[:i]
		}
		limit--
	}
	return s
}

package main

import (
	"slices"
	"time"

	ksandbox "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
)

// span is a stretch of a bill's life; to is zero while it lasts.
type span struct{ from, to time.Time }

func (s span) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to))
}

// endedWithin says that it ended before the time, and not longer ago than that.
func (s span) endedWithin(at time.Time, window time.Duration) bool {
	return !s.to.IsZero() && !at.Before(s.to) && at.Sub(s.to) <= window
}

// spans are the stretches of a bill's history in which something was true of it.
func spans(b ksandbox.BillTruth, is func(ksandbox.Event) bool) []span {
	var all []span
	on := false
	for _, e := range b.Events {
		now := e.Action != ksandbox.ActionDelete && is(e)
		switch {
		case now && !on:
			all = append(all, span{from: e.At})
		case !now && on:
			all[len(all)-1].to = e.At
		}
		on = now
	}
	return all
}

func liveSpans(b ksandbox.BillTruth) []span {
	return spans(b, func(e ksandbox.Event) bool {
		return e.DocumentStatus == ksandbox.StatusAudited && e.CancelStatus == ksandbox.NotVoided
	})
}

func voidSpans(b ksandbox.BillTruth) []span {
	return spans(b, func(e ksandbox.Event) bool { return e.CancelStatus == ksandbox.Voided })
}

// downSpans are the stretches in which a bill that had been audited was there and not live, voided or not.
func downSpans(b ksandbox.BillTruth) []span {
	audited := false
	return spans(b, func(e ksandbox.Event) bool {
		audited = audited || e.Action == ksandbox.ActionAudit
		return audited && (e.DocumentStatus != ksandbox.StatusAudited || e.CancelStatus == ksandbox.Voided)
	})
}

// deletedAt is when the bill was deleted; zero if it never was.
func deletedAt(b ksandbox.BillTruth) time.Time {
	if n := len(b.Events); n > 0 && b.Events[n-1].Action == ksandbox.ActionDelete {
		return b.Events[n-1].At
	}
	return time.Time{}
}

// life is a stretch in which a bill was live, with the orders that its audit made.
type life struct {
	span
	keys []wsandbox.Key
}

func livesOf(s *scheme.Scheme, b ksandbox.BillTruth) []life {
	var lives []life
	for _, l := range liveSpans(b) {
		one := life{span: l}
		for _, e := range b.Events {
			if e.Action == ksandbox.ActionAudit && e.At.Equal(l.from) {
				one.keys = keysOf(s, e.Orders)
			}
		}
		lives = append(lives, one)
	}
	return lives
}

// keyOf is the WMS's name for an order of a bill; false for one that is outside the scheme.
func keyOf(s *scheme.Scheme, order ksandbox.Order) (wsandbox.Key, bool) {
	key, ok := orderOf(s, order)
	return key, ok && slices.Contains(s.Kinds(), rule.OrderKind{Affair: order.AffairType, Direction: order.Direction})
}

// orderOf is the same, whether or not the scheme asks for the order's kind; false for a
// warehouse that is not ours.
func orderOf(s *scheme.Scheme, order ksandbox.Order) (wsandbox.Key, bool) {
	w, listed := s.Warehouse(order.Stock)
	if !listed || w.Outside {
		return wsandbox.Key{}, false
	}
	key := wsandbox.Key{SID: wsandbox.DemoSID, WarehouseCode: w.Code, OrderCode: order.BillNo, OrderType: typeIn}
	if order.Direction == ksandbox.Outbound {
		key.OrderType = typeOut
	}
	return key, true
}

// lastOrders are the orders that the bill's last audit made.
func lastOrders(s *scheme.Scheme, b ksandbox.BillTruth) []wsandbox.Key {
	for i := len(b.Events) - 1; i >= 0; i-- {
		if b.Events[i].Action == ksandbox.ActionAudit {
			return keysOf(s, b.Events[i].Orders)
		}
	}
	return nil
}

func keysOf(s *scheme.Scheme, orders []ksandbox.Order) []wsandbox.Key {
	var keys []wsandbox.Key
	for _, order := range orders {
		if key, ok := keyOf(s, order); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

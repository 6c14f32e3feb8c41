package main

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
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
func spans(b books.BillTruth, is func(books.Event) bool) []span {
	var all []span
	on := false
	for _, e := range b.Events {
		now := e.Action != books.ActionDelete && is(e)
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

func liveSpans(b books.BillTruth) []span {
	return spans(b, func(e books.Event) bool {
		return e.DocumentStatus == books.StatusAudited && e.CancelStatus == books.NotVoided
	})
}

func voidSpans(b books.BillTruth) []span {
	return spans(b, func(e books.Event) bool { return e.CancelStatus == books.Voided })
}

// downSpans are the stretches in which a bill that had been audited was there and not live, voided or not.
func downSpans(b books.BillTruth) []span {
	audited := false
	return spans(b, func(e books.Event) bool {
		audited = audited || e.Action == books.ActionAudit
		return audited && (e.DocumentStatus != books.StatusAudited || e.CancelStatus == books.Voided)
	})
}

// deletedAt is when the bill was deleted; zero if it never was.
func deletedAt(b books.BillTruth) time.Time {
	if n := len(b.Events); n > 0 && b.Events[n-1].Action == books.ActionDelete {
		return b.Events[n-1].At
	}
	return time.Time{}
}

// life is a stretch in which a bill was live, with the orders that its audit made, and those of them that the scheme
// asks for: these the bill claims.
type life struct {
	span
	made, keys []warehouse.Key
}

func livesOf(s *scheme.Scheme, b books.BillTruth) []life {
	var lives []life
	for _, l := range liveSpans(b) {
		one := life{span: l}
		for _, e := range b.Events {
			if e.Action == books.ActionAudit && e.At.Equal(l.from) {
				one.keys = keysOf(s, e.Orders)
				for _, order := range e.Orders {
					if key, ok := orderOf(s, order); ok {
						one.made = append(one.made, key)
					}
				}
			}
		}
		lives = append(lives, one)
	}
	return lives
}

// keyOf is the WMS's name for an order of a bill; false for one that is outside the scheme.
func keyOf(s *scheme.Scheme, order books.Order) (warehouse.Key, bool) {
	key, ok := orderOf(s, order)
	return key, ok && slices.Contains(s.Kinds(), rule.OrderKind{BillKind: order.AffairType, Direction: order.Direction})
}

// orderOf is the same, whether or not the scheme asks for the order's kind; false for a
// warehouse that is not ours.
func orderOf(s *scheme.Scheme, order books.Order) (warehouse.Key, bool) {
	w, listed := s.Warehouse(order.Stock)
	if !listed || w.Outside {
		return warehouse.Key{}, false
	}
	key := warehouse.Key{SID: wsandbox.DemoSID, WarehouseCode: w.Code, OrderCode: order.BillNo, OrderType: typeIn}
	if order.Direction == books.Outbound {
		key.OrderType = typeOut
	}
	return key, true
}

// lastOrders are the orders that the bill's last audit made.
func lastOrders(s *scheme.Scheme, b books.BillTruth) []warehouse.Key {
	for i := len(b.Events) - 1; i >= 0; i-- {
		if b.Events[i].Action == books.ActionAudit {
			return keysOf(s, b.Events[i].Orders)
		}
	}
	return nil
}

func keysOf(s *scheme.Scheme, orders []books.Order) []warehouse.Key {
	var keys []warehouse.Key
	for _, order := range orders {
		if key, ok := keyOf(s, order); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

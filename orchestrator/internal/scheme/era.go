package scheme

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Era is a time of a scheme in which orders were named otherwise than now: a person said of a later revision that the
// way in which it names them counts from then on, and not for what was there.
type Era struct {
	// Until is the first revision that names orders in the new way, From since when, by Kingdee's clock; zero where
	// nobody knew that clock.
	Until int
	From  time.Time
	// Orders is the last revision that named them in the old way.
	Orders *Scheme
}

// has says whether the orders of a bill's content were made in this era: by the revision that it was stored under or,
// of content that nobody has stored, by its approve date. One without a time of day counts as the end of that day.
func (e Era) has(bill rule.Bill) bool {
	if bill.Revision > 0 {
		return bill.Revision < e.Until
	}
	at := bill.ApproveTime
	if at.IsZero() || e.From.IsZero() {
		return false
	}
	if at.Equal(at.Truncate(time.Hour)) {
		at = at.Add(24*time.Hour - time.Second)
	}
	return at.Before(e.From)
}

// WithEras is the scheme with its eras, in any order.
func (s *Scheme) WithEras(eras []Era) *Scheme {
	with := *s
	with.eras = slices.SortedFunc(slices.Values(eras), func(a, b Era) int { return a.Until - b.Until })
	return &with
}

// eraOf is the era that the orders of a bill's content were made in; nil for the present one.
func (s *Scheme) eraOf(bill rule.Bill) *Era {
	for i := range s.eras {
		if s.eras[i].has(bill) {
			return &s.eras[i]
		}
	}
	return nil
}

// names says whether the scheme knows the kind and the warehouse of an order.
func (s *Scheme) names(order rule.Order) bool {
	_, kind := s.orders[order.Kind()]
	warehouse, listed := s.warehouses[order.Warehouse]
	return kind && listed && !warehouse.Outside
}

// NamedBy is the revision that a bill's content is to be stored with, read under this one: it says how the orders are
// named that were made of it.
func (s *Scheme) NamedBy(bill rule.Bill, revision int) int {
	if era := s.eraOf(bill); era != nil {
		return era.Until - 1
	}
	return revision
}

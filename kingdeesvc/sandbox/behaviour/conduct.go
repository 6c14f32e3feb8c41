// Package behaviour is how the sandbox behaves: the switches of its personality, for everything in which servers
// differ, the faults that it plays on the next calls, and the damage to rows of single bills.
//
// It says what is to happen; package wire and package books make it happen.
package behaviour

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// Conduct is how a sandbox behaves now: its personality, the faults still to come, and the damage. Its methods may be
// called from any goroutine.
type Conduct struct {
	behave  atomic.Pointer[Personality]
	faults  faultQueue
	damage  atomic.Pointer[Damages]
	queries atomic.Uint64
}

// NewConduct begins with a personality, without a fault.
func NewConduct(p Personality) *Conduct {
	c := &Conduct{}
	c.behave.Store(&p)
	return c
}

// Personality is how the server behaves now.
func (c *Conduct) Personality() Personality { return *c.behave.Load() }

// SetPersonality changes how the server behaves from the next call on.
func (c *Conduct) SetPersonality(p Personality) { c.behave.Store(&p) }

// AddFault queues a fault; it says what is wrong with one that makes no sense.
func (c *Conduct) AddFault(f Fault) error { return c.faults.add(f) }

// Faults are those still to come.
func (c *Conduct) Faults() []Fault { return c.faults.pending() }

// ClearFaults forgets faults still to come, and all damage.
func (c *Conduct) ClearFaults() {
	c.faults.clear()
	c.damage.Store(nil)
}

// SetDamage makes the rows of the bill with this id unreadable, or whole again when d says nothing.
func (c *Conduct) SetDamage(id int64, d Damage) {
	for {
		old := c.damage.Load()
		if c.damage.CompareAndSwap(old, old.with(id, d)) {
			return
		}
	}
}

// Damaged is the damage of all bills, in no order.
func (c *Conduct) Damaged() []Damage {
	d := c.damage.Load()
	if d == nil {
		return nil
	}
	return slices.Collect(maps.Values(d.byBill))
}

// TakeFault gives the fault of a call to a service, if one is due.
func (c *Conduct) TakeFault(service string) (Fault, bool) { return c.faults.take(service) }

// AllDamage is what the rows of an answer suffer from.
func (c *Conduct) AllDamage() *Damages { return c.damage.Load() }

// Random gives the disorder of one query: seeded, yet different from call to call.
func (c *Conduct) Random(p Personality) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed, c.queries.Add(1))) //nolint:gosec // disorder, not a secret
}

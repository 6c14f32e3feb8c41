// Package behaviour is how the sandbox behaves: the personality, for everything that no public source says about this
// WMS, and the faults that are played on the next requests.
//
// It says what is to happen; package wire and package warehouse make it happen.
package behaviour

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Conduct is how a sandbox behaves now: its personality and the faults still to come. Its methods may be called from
// any goroutine.
type Conduct struct {
	now         func() time.Time
	first       Personality // what reset returns to
	personality atomic.Pointer[Personality]
	// since is when the personality was set, in nanoseconds.
	since    atomic.Int64
	remember func(Personality)
	mu       sync.Mutex // orders changes of the personality with what remember does
	faults   *faults
}

// NewConduct begins with one personality and returns to another, the first, when it is reset. remember hears of each
// change.
func NewConduct(now func() time.Time, first, begin Personality, remember func(Personality)) *Conduct {
	c := &Conduct{now: now, first: first, remember: remember, faults: newFaults()}
	c.set(begin)
	return c
}

func (c *Conduct) set(p Personality) {
	c.personality.Store(&p)
	c.since.Store(c.now().UnixNano())
}

// Personality returns how the sandbox behaves now.
func (c *Conduct) Personality() Personality { return c.personality.Load().clone() }

// Current is Personality without a copy: what it points to is not to be changed.
func (c *Conduct) Current() *Personality { return c.personality.Load() }

// SetPersonality replaces all of it, from the next request on; empty fields get their defaults.
func (c *Conduct) SetPersonality(p Personality) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p = p.clone().WithDefaults()
	if err := p.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	c.set(p)
	c.remember(p)
	return nil
}

// AddFaults queues faults, all of them or none.
func (c *Conduct) AddFaults(all ...Fault) error { return c.faults.add(all...) }

// Faults lists what is still to be played.
func (c *Conduct) Faults() []Fault { return c.faults.list() }

// ClearFaults forgets the queue. Chaos of the personality goes on.
func (c *Conduct) ClearFaults() { c.faults.clear() }

// TakeFault returns the fault for a request that names this order, if one is due.
func (c *Conduct) TakeFault(orderCode string, chaos map[FaultKind]float64) Fault {
	return c.faults.take(orderCode, chaos)
}

// StartOver has forget do its work with the first personality and returns to that, without a fault; if forget fails,
// nothing changes.
func (c *Conduct) StartOver(forget func(Personality) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := forget(c.first); err != nil {
		return err
	}
	c.set(c.first)
	c.faults.clear()
	return nil
}

// What may stand in front of the WMS and answer in its stead.
const (
	FrontNone          = "none"
	FrontRouterTimeout = "router_timeout"
	FrontCallLimit     = "call_limit"
)

var frontKinds = []string{
	"bad_gateway", "unavailable", "gateway_timeout", "redirect", "maintenance",
	FrontCallLimit, "signature", "app_key", "permission", "clock", FrontRouterTimeout,
}

// InFront says which kind answers in the WMS's stead now, and for how many seconds more; 0 for as long as it is set.
func (c *Conduct) InFront(p *Personality, now time.Time) (kind string, left int) {
	if p.Front == FrontNone {
		return FrontNone, 0
	}
	if p.FrontSeconds == 0 {
		return p.Front, 0
	}
	until := time.Unix(0, c.since.Load()).Add(time.Duration(p.FrontSeconds) * time.Second)
	if !now.Before(until) {
		return FrontNone, 0
	}
	return p.Front, int(until.Sub(now)/time.Second) + 1
}

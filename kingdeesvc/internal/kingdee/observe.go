package kingdee

import (
	"context"
	"time"
)

// Observer is told of every request; implementations must not block.
type Observer interface {
	// Request is one HTTP exchange: the vendor's method, the class of its outcome ("ok" or a Class) and how
	// long it took.
	Request(ctx context.Context, method, outcome string, took time.Duration)
	// Turn is how long a call waited for a session and for the pace.
	Turn(ctx context.Context, waited time.Duration)
}

type deaf struct{}

func (deaf) Request(context.Context, string, string, time.Duration) {}
func (deaf) Turn(context.Context, time.Duration)                    {}

// Stats are a client's state at one moment.
type Stats struct {
	// Sessions are open at the vendor's, as far as we know.
	Sessions int
	// Queued are calls that wait for a session or for the pace.
	Queued  int
	Circuit CircuitState
	// Skew is the vendor's clock less ours, good to about a second; zero while HasSkew is false.
	Skew    time.Duration
	HasSkew bool
}

// Stats answers at once.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Sessions: int(c.opened.Load()), Queued: c.gate.queued(), Circuit: c.circuit.current(),
		Skew: c.skew, HasSkew: c.hasSkew,
	}
}

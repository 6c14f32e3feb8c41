package kingdee

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// CircuitState says whether calls are sent at all.
type CircuitState int

const (
	// CircuitClosed is the ordinary state.
	CircuitClosed CircuitState = iota
	// CircuitHalfOpen lets one call through to see.
	CircuitHalfOpen
	// CircuitOpen sends nothing: the last calls all failed alike, and more of them would only hold callers up.
	CircuitOpen
)

const (
	// circuitFailures in a row open the circuit; each is a call that failed after its own repetitions.
	circuitFailures = 5
	circuitFirst    = 5 * time.Second
	circuitLongest  = time.Minute
)

// circuit opens when the vendor does not answer as the WebAPI: unreachable, 5xx, or somebody else's pages in its place.
type circuit struct {
	now    func() time.Time
	logger *slog.Logger

	mu       sync.Mutex
	state    CircuitState
	failures int
	pause    time.Duration
	until    time.Time
	last     string
	trying   bool
}

// enter says whether a call may be sent; trial is whether it is the one that decides.
func (c *circuit) enter() (trial bool, refused *Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == CircuitClosed {
		return false, nil
	}
	if left := c.until.Sub(c.now()); left > 0 || c.trying {
		return false, &Fault{Class: Unreachable, Code: NoCode, NotSent: true, RetryAfter: max(left, time.Second),
			Message: fmt.Sprintf("not asked: the last %d calls failed; the last one: %s", c.failures, c.last)}
	}
	c.state, c.trying = CircuitHalfOpen, true
	c.logger.Info("kingdee: circuit half open, one call is let through")
	return true, nil
}

// leave notes how a call ended.
func (c *circuit) leave(trial bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if trial {
		c.trying = false
	}
	switch presenceOf(err) {
	case answered:
		if c.state != CircuitClosed {
			c.logger.Info("kingdee: circuit closed, the vendor answers")
		}
		c.state, c.failures, c.pause = CircuitClosed, 0, 0
	case silent:
		c.failures++
		c.last = err.Error()
		if c.state == CircuitClosed && c.failures < circuitFailures ||
			c.state == CircuitOpen && c.now().Before(c.until) {
			return
		}
		c.pause = min(max(2*c.pause, circuitFirst), circuitLongest)
		c.state, c.until = CircuitOpen, c.now().Add(c.pause)
		c.logger.Warn("kingdee: circuit open, nothing is sent for a while",
			"failures", c.failures, "pause", c.pause, "err", err)
	case undecided:
		if trial {
			c.state = CircuitOpen // its pause is over: the next call is the trial
		}
	}
}

func (c *circuit) current() CircuitState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// presence is whether the vendor shows that it is there.
type presence int

const (
	undecided presence = iota
	answered
	silent
)

// presenceOf says what the end of a call shows of the vendor as a whole. One odd or cut answer may be the query's own
// fault; no answer, 5xx and HTML pages are not.
func presenceOf(err error) presence {
	fault, ok := asFault(err)
	switch {
	case err == nil:
		return answered
	case !ok, fault.HTTPStatus == 0 && fault.Class != Unreachable:
		return undecided // the caller left, or we never asked
	case fault.Class == Unreachable, fault.Odd && fault.Shape == 10:
		return silent
	}
	return answered
}

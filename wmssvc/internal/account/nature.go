package account

import (
	"errors"
	"sync/atomic"
)

// Environment tells a vendor's server from one of our sandboxes.
type Environment int32

// What is known of the server; EnvironmentUnknown until a first answer.
const (
	EnvironmentUnknown Environment = iota
	EnvironmentReal
	EnvironmentSandbox
)

// Told is what a caller was told of an account's server. What that caller hands over is sent only while it is still so:
// once another kind of server has answered, nothing of it leaves, also when the first kind answers again.
type Told struct{ change uint64 }

// nature is which kind of server answers, and how often it became another one.
type nature struct {
	// state is the count of changes, and in its lowest two bits the Environment.
	state atomic.Uint64
	// told is the count of changes at the time when somebody was last told: what callers go by who are told
	// nothing themselves.
	told atomic.Uint64
}

func (n *nature) environment() Environment { return Environment(n.state.Load() & 3) } //nolint:gosec // two bits

// tell answers what there is to be told now.
func (n *nature) tell() (Environment, Told) {
	state := n.state.Load()
	n.told.Store(state >> 2)
	return Environment(state & 3), Told{change: state >> 2} //nolint:gosec // two bits
}

// lastTold is what was last told to anybody.
func (n *nature) lastTold() Told { return Told{change: n.told.Load()} }

// learn notes which kind answered, and says which was known before.
func (n *nature) learn(found Environment) (before Environment) {
	for {
		state := n.state.Load()
		before, next := Environment(state&3), state>>2<<2|uint64(found) //nolint:gosec // two bits
		if before == found {
			return before
		}
		if before != EnvironmentUnknown {
			next += 1 << 2
		}
		if n.state.CompareAndSwap(state, next) {
			return before
		}
	}
}

// forget makes the server another one that nothing is known of.
func (n *nature) forget() {
	for {
		state := n.state.Load()
		if n.state.CompareAndSwap(state, (state>>2+1)<<2|uint64(EnvironmentUnknown)) {
			return
		}
	}
}

// errOtherServer keeps requests back whose callers were told of another kind of server.
var errOtherServer = errors.New("another kind of server answers than was announced; nothing leaves for it until it " +
	"is announced anew")

// bar answers why nothing of a caller may leave who was told this.
func (n *nature) bar(told Told) error {
	if n.state.Load()>>2 != told.change {
		return errOtherServer
	}
	return nil
}

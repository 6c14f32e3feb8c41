package pace

import "time"

// A throttled account comes back at a quarter of its rate, or at one request a second where it has no limit of its own,
// and doubles every ten seconds without another throttle answer until it is where it was. An account without a limit
// counts as recovered at unlimitedAgain.
const (
	doubling       = 10 * time.Second
	unlimitedAgain = 128.0
)

// The pause after a throttle answer that does not say how long: the first, and the longest it grows to.
const (
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
)

// recovery is the pause a WMS asked for and the way back from it.
type recovery struct {
	// until is the end of the pause.
	until  time.Time
	active bool
	// grown is the last pause that was chosen here; it is forgotten once the account has recovered.
	grown time.Duration
}

// begin begins or lengthens a pause of d, or, if d is 0, one that grows. left is when the request left that met the
// limit: one from before the last pause was over does not make it grow.
func (r *recovery) begin(now time.Time, d time.Duration, left time.Time) {
	if d == 0 && r.active && left.Before(r.until) && r.until.After(now) {
		return
	}
	if d == 0 {
		d = r.grow(left)
	}
	if until := now.Add(d); until.After(r.until) {
		r.until = until
	}
	r.active = true
}

func (r *recovery) grow(left time.Time) time.Duration {
	switch {
	case !r.active || r.grown == 0:
		r.grown = firstPause
	case !left.Before(r.until):
		r.grown = min(2*r.grown, longestPause)
	}
	return r.grown
}

// refuses says that a request with that deadline would outwait it in the pause.
func (r *recovery) refuses(now, before time.Time) error {
	if r.until.After(now) && r.until.After(before) {
		return &LateError{RetryAfter: r.until.Sub(now), Paused: true}
	}
	return nil
}

// rate is the pace at this moment, given the account's own.
func (r *recovery) rate(now time.Time, own float64) float64 {
	if !r.active {
		return own
	}
	start, enough := own/4, own
	if own == 0 {
		start, enough = 1, unlimitedAgain
	}
	rate := start
	for since := now.Sub(r.until); since >= doubling && rate < enough; since -= doubling {
		rate *= 2
	}
	if rate >= enough {
		r.active, r.grown = false, 0
		return own
	}
	return rate
}

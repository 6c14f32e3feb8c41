package pace

import "time"

// A throttled account comes back at a quarter of its rate, or at one request a second where it has no limit of its own,
// and doubles every ten seconds without another throttle answer until it is where it was. An account without a limit counts
// as recovered at unlimitedAgain.
const (
	doubling       = 10 * time.Second
	unlimitedAgain = 128.0
)

// recovery is the pause a WMS asked for and the way back from it.
type recovery struct {
	// until is the end of the pause.
	until  time.Time
	active bool
}

func (r *recovery) begin(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(r.until) {
		r.until = until
	}
	r.active = true
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
		r.active = false
		return own
	}
	return rate
}

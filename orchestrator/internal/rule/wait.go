package rule

import "time"

// DefaultTiming is that of a scheme which says nothing of its own.
func DefaultTiming() Timing {
	return Timing{
		Backoff: time.Minute, NotFoundGrace: 30 * time.Minute, NotFoundHourly: time.Hour, NotFoundLimit: 24 * time.Hour,
		MaxInProgress: 10, MaxUnrecognised: 3, MaxUnknown: 5, MaxChanges: 20,
	}
}

// The waits of an answer that repeats itself, in backoffs: after 1, 5 and 15 for one that nobody can read; for an
// interception and an unknown outcome twice as long each time, 15 at most; for a request that cannot be sent as long as
// that has been so, 5 at most, since nobody else's patience is tried by asking and everybody waits for the WMS to come
// back.
const (
	secondUnrecognised = 5
	thirdUnrecognised  = 15
	longestDoubled     = 15
	longestUnsent      = 5
)

// doubling is the wait after the same answer came this many times.
func (t Timing) doubling(same int) time.Duration {
	times := longestDoubled
	if same < 5 {
		times = min(1<<max(same-1, 0), longestDoubled)
	}
	return t.Backoff * time.Duration(times)
}

func (t Timing) unrecognised(same int) time.Duration {
	switch {
	case same <= 1:
		return t.Backoff
	case same == 2:
		return t.Backoff * secondUnrecognised
	}
	return t.Backoff * thirdUnrecognised
}

// Unsent is the wait of a request that could not be sent for this long.
func (t Timing) Unsent(since time.Duration) time.Duration {
	return min(max(since, t.Backoff), t.Backoff*longestUnsent)
}

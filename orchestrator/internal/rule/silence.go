package rule

import "slices"

// AwayInRow is how many different orders of an account in a row show, without an answer between them, that the WMS is
// away.
const AwayInRow = 3

// Heard is what a result says of the WMS behind its account.
type Heard int

const (
	// HeardNothing: the request was not sent for a reason of ours.
	HeardNothing Heard = iota
	// HeardAnswer: the WMS itself said something.
	HeardAnswer
	// HeardSilence: it did not; somebody else answered, or nobody.
	HeardSilence
	// HeardRest: it asks to be left alone for a while.
	HeardRest
)

// Heard reads an answer for what it says of the WMS: a page, a redirect, a time-out and a broken connection are no
// answer, and neither is one that could not be read.
func (a Answer) Heard() Heard {
	switch a.Disposition {
	case Throttled:
		return HeardRest
	case Unknown:
		return HeardSilence
	case NotSent:
		switch {
		case a.RetryAfter > 0:
			return HeardRest
		case a.Unreachable:
			return HeardSilence
		}
		return HeardNothing
	case "":
		return HeardNothing
	}
	return HeardAnswer
}

// Silence are the different orders of an account that got no answer, with no answer since the first of them.
type Silence struct{ orders []int64 }

// After is the silence after one more result of an order.
func (s Silence) After(order int64, h Heard) Silence {
	switch h {
	case HeardAnswer, HeardRest:
		return Silence{}
	case HeardSilence:
		if !s.Away() && !slices.Contains(s.orders, order) {
			return Silence{append(slices.Clone(s.orders), order)}
		}
	}
	return s
}

// Away says whether so many orders in a row got no answer that it is the WMS, and not one of them.
func (s Silence) Away() bool { return len(s.orders) >= AwayInRow }

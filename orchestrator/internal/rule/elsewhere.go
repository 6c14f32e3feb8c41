package rule

import "math/bits"

// Another system cancels beside us when so many first attempts in a row, or half of the last so many, find their order
// cancelled already.
const (
	elsewhereInRow = 5
	elsewhereOf    = 20
)

// FirstAnswers is what the WMS said to the last first attempts of a scheme: whether the order was cancelled already.
type FirstAnswers struct {
	// Count of them, at most as many as are remembered.
	Count int
	// Already has a bit for each, the last one lowest: it was cancelled already.
	Already uint32
}

// After counts one more.
func (f FirstAnswers) After(already bool) FirstAnswers {
	f.Already <<= 1
	if already {
		f.Already |= 1
	}
	f.Already &= 1<<elsewhereOf - 1
	f.Count = min(f.Count+1, elsewhereOf)
	return f
}

// AlreadyCount is how many of them found their order cancelled already.
func (f FirstAnswers) AlreadyCount() int { return bits.OnesCount32(f.Already) }

// Elsewhere says whether another system seems to cancel the scheme's orders, too.
func (f FirstAnswers) Elsewhere() bool {
	const row = 1<<elsewhereInRow - 1
	return f.Already&row == row ||
		f.Count == elsewhereOf && f.AlreadyCount() >= elsewhereOf/2
}

// Certain says that one more order which was not cancelled yet changes nothing.
func (f FirstAnswers) Certain() bool { return f.Already == 0 && f.Count == elsewhereOf }

// TellsOfOthers says whether the answer to a first attempt tells whether somebody else had cancelled its order.
func TellsOfOthers(d Disposition) (tells, already bool) {
	switch d {
	case AlreadyCancelled:
		return true, true
	case Cancelled, InProgress, TooLate, NotFound, Rejected:
		return true, false
	}
	return false, false
}

package rule

// When nothing but refusals comes back, it is rather the mapping that is wrong than the orders.
const (
	suspectFirst = 5
	suspectInRow = 20
)

// MappingAnswers is what the WMS has said to the cancellations of one revision of a scheme.
type MappingAnswers struct {
	// Answers in all; only the first few matter.
	Answers int
	// BadInRow is how many of them in a row, up to now, were bad.
	BadInRow int
}

// ReviewedAnswers is where counting begins once a person has looked and let the scheme go on: the first answers are
// behind it.
var ReviewedAnswers = MappingAnswers{Answers: suspectFirst}

// After counts one more answer.
func (m MappingAnswers) After(bad bool) MappingAnswers {
	m.Answers++
	m.BadInRow++
	if !bad {
		m.BadInRow = 0
	}
	return m
}

// Suspect says whether the mapping is suspected: every one of the first answers was bad, or many in a row were later.
func (m MappingAnswers) Suspect() bool {
	return m.BadInRow >= suspectInRow || (m.BadInRow == m.Answers && m.Answers >= suspectFirst)
}

// Certain says that one more good answer changes nothing.
func (m MappingAnswers) Certain() bool { return m.BadInRow == 0 && m.Answers >= suspectFirst }

// TellsOfMapping says whether an answer tells anything of the mapping, and whether it is a bad sign. Whatever shows
// that the WMS knows the order is a good one. A cancellation with weak evidence tells nothing: there may never have
// been an order.
func TellsOfMapping(d Disposition, e Evidence) (tells, bad bool) {
	if e == EvidenceWeak {
		return false, false
	}
	switch d {
	case NotFound, Rejected:
		return true, true
	case Cancelled, AlreadyCancelled, InProgress, TooLate:
		return true, false
	}
	return false, false
}

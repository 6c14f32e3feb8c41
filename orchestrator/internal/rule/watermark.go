package rule

import "time"

// Limits of the watermark.
const (
	// Overlap is how far behind the watermark an incremental run begins: rows may become visible some time after their
	// stamp.
	Overlap = 30 * time.Minute
	// MaxOverlap is how wide the overlap gets while stamps lag behind.
	MaxOverlap = 24 * time.Hour
	// LateBills is how many bills a day show that stamps lag behind.
	LateBills = 3
	// MissedInRow is how many reconcile runs in a row repair what incremental runs had missed before a person hears.
	MissedInRow = 3
	// ClockMargin is how far the watermark stays behind the vendor's clock.
	ClockMargin = 30 * time.Second
	// BlindMargin takes the place of the vendor's clock where it gives none: our own, less this.
	BlindMargin = 10 * time.Minute
	// MaxAhead is how far a stamp may lie ahead of the vendor's clock before clocks are suspect.
	MaxAhead = 2 * time.Minute
	// AheadBills is how many bills that were stamped lately lie ahead of the vendor's clock before the clock is not
	// believed; fewer are their own bills' work items.
	AheadBills = 3
	// AheadLately is how long a stamp counts as a late one after it was first seen.
	AheadLately = time.Hour
	// FitsLately: a stamp that is no older than this by the vendor's clock was made by a clock that fits it.
	FitsLately = 10 * time.Minute
	// AheadPlausible: a baseline has seen no stamp before; one further ahead than this is an old one to it.
	AheadPlausible = 24 * time.Hour
	// BaselineReach is how far back the baseline reads.
	BaselineReach = 90 * 24 * time.Hour
)

// When a scheme counts as behind: its last complete run is older than so many intervals.
const (
	BehindIntervals = 5
	// LeastBehind is the least age that counts: a sandbox is read each second.
	LeastBehind = 30 * time.Second
	// BaselineBehind is how long a scheme's first baseline may take, unless it has failed as often as that.
	BaselineBehind = 15 * time.Minute
)

// Clock is what a run's first header says of time.
type Clock struct {
	// Vendor's clock; zero when the header had none.
	Vendor time.Time
	// Service is kingdeesvc's clock at the same moment.
	Service time.Time
	// Note says what was odd, empty when nothing was.
	Note string
}

// Reading is the moment the run counts from: the vendor's clock, or ours less a margin.
func (c Clock) Reading() time.Time {
	if c.Vendor.IsZero() {
		return c.Service.Add(-BlindMargin)
	}
	return c.Vendor
}

// LowerEdge is where an incremental run reads from, in whole seconds. kingdeesvc rounds further down for fields without
// a time of day. lag is how long after its stamp a bill was seen to appear, where that is more than the overlap allows:
// the overlap is as wide then, a day at most.
func LowerEdge(watermark time.Time, lag time.Duration) time.Time {
	return watermark.Add(-max(Overlap, min(lag, MaxOverlap))).Truncate(time.Second)
}

// Late says whether a bill appeared with a stamp below the lower edge of every run: it was not there, or not as it is
// now, when runs last read that far down. known is what the ledger had of it; nil: nothing. A stamp at midnight may be
// a date without a time of day, and tells nothing.
func Late(known *Known, seen State, edge time.Time, offset time.Duration) bool {
	stamp := seen.Stamp()
	if !stamp.Before(edge) || stamp.Add(offset).UTC().Truncate(24*time.Hour).Equal(stamp.Add(offset)) {
		return false
	}
	return known == nil || stamp.After(known.State.Stamp())
}

// NextWatermark is where the watermark stands after a run whose first header said clock: never backwards.
func NextWatermark(watermark time.Time, clock Clock) time.Time {
	next := clock.Reading().Add(-ClockMargin).Truncate(time.Second)
	if next.Before(watermark) {
		return watermark
	}
	return next
}

// Ahead says whether a bill carries a stamp too far ahead of the vendor's clock as it was when the bill was read.
// sinceHeader is how long after the header the query left.
func Ahead(s State, clock Clock, sinceHeader time.Duration) bool {
	if clock.Vendor.IsZero() {
		return false
	}
	limit := clock.Vendor.Add(max(sinceHeader, 0) + MaxAhead)
	for _, t := range []time.Time{s.CreateTime, s.ModifyTime, s.ApproveTime, s.CancelTime} {
		if t.After(limit) {
			return true
		}
	}
	return false
}

// WentBackBills is how many known bills whose stamps went back in one read show that not they went back, but Kingdee
// did: an older copy of it answers.
const WentBackBills = 3

// WentBack says whether a known bill is shown as it was before: one of its stamps is older than the ledger has it, by
// more than the clocks of Kingdee's servers may differ, which is the overlap and the lag that was measured lately. A
// bill that is voided or un-audited just now has moved on, whatever a clock that lags wrote.
func WentBack(known *Known, seen State, lag time.Duration) bool {
	if known == nil || seen.Voided() && !known.State.Voided() ||
		seen.DocumentStatus == Reaudit && known.State.DocumentStatus != Reaudit {
		return false
	}
	older := func(was, now time.Time) bool {
		return !was.IsZero() && !now.IsZero() && was.Sub(now) > Overlap+lag
	}
	was := known.State
	return older(was.ModifyTime, seen.ModifyTime) || older(was.ApproveTime, seen.ApproveTime) ||
		older(was.CreateTime, seen.CreateTime)
}

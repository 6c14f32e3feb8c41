package rule

import "time"

// Known is what the ledger remembers of a bill.
type Known struct {
	State State
	// ReadTime is when the query that showed State left.
	ReadTime time.Time
	// Class is what the last decision made of it.
	Class Class
	// Epoch counts the bill's lives, from 1.
	Epoch int
	// EpochLive: it was seen live in this epoch. EverLive: in any.
	EpochLive, EverLive bool
	// The last approve and cancel dates other than unset that this epoch has shown.
	EpochApprove, EpochCancel time.Time
	// UnAuditedSince is the first of the reads in a row that showed it un-audited: once live, now neither live nor voided. Zero
	// while it is anything else.
	UnAuditedSince time.Time
	// UnAuditTime is the latest moment at which that can have happened: the modify date, if it moved, else the read.
	UnAuditTime time.Time
	// GoneTime is when it was proved gone; zero while it is not.
	GoneTime time.Time
	// Image is the bill as it was last seen live in this epoch, LastImage in any; nil when there is none.
	Image, LastImage *Bill
	// LastImageEpoch is the epoch of LastImage.
	LastImageEpoch int
	// HasPlanned: a pass that did not end has left debts planned.
	HasPlanned bool
	// Recheck: a fresh read showed something else than State, or State could not be trusted; it must be read whole again.
	Recheck bool
}

// next is the bill's memory after it was seen in this state. A new epoch begins
//   - when it is seen live again: it was not live, or believed gone, and had been live or voided in the present epoch;
//   - when its approve or cancel date differs from the last one that this epoch has shown: the bill was un-audited or
//     restored and back again between two reads.
//
// Dates are compared within the epoch: the void that follows a life seen from its beginning has a cancel date of its own and
// is the end of that life, not a new one. For the same reason a cancel date counts only while the bill is voided: whether
// Kingdee clears it when the void is taken back is not documented, and one left over must not end the life that follows.
func next(known *Known, seen State, readTime time.Time) (after Known, newEpoch bool) {
	if known == nil {
		after = Known{Epoch: 1}
		newEpoch = true
	} else {
		after = *known
		again := seen.Live() && (!known.State.Live() || !known.GoneTime.IsZero()) && known.ended()
		if again || differs(known.EpochApprove, seen.ApproveTime) || differs(known.EpochCancel, seen.CancelTime) {
			after.Epoch++
			after.EpochLive, after.Image = false, nil
			after.EpochApprove, after.EpochCancel = time.Time{}, time.Time{}
			newEpoch = true
		}
	}
	after.State, after.ReadTime, after.HasPlanned, after.Recheck, after.GoneTime = seen, readTime, false, false, time.Time{}
	if !seen.ApproveTime.IsZero() {
		after.EpochApprove = seen.ApproveTime
	}
	if seen.Voided() && !seen.CancelTime.IsZero() {
		after.EpochCancel = seen.CancelTime
	}
	if seen.Live() {
		after.EpochLive, after.EverLive = true, true
	}
	switch {
	case seen.Live() || seen.Voided() || !after.EverLive:
		after.UnAuditedSince, after.UnAuditTime = time.Time{}, time.Time{}
	case newEpoch || after.UnAuditedSince.IsZero():
		after.UnAuditedSince, after.UnAuditTime = readTime, readTime
		if seen.ModifyTime.After(known.State.ModifyTime) && seen.ModifyTime.Before(readTime) {
			after.UnAuditTime = seen.ModifyTime
		}
	}
	return after, newEpoch
}

// ended says whether the present epoch has been live or voided, so that being live again is another. A void may have left no
// date.
func (k Known) ended() bool {
	return k.EpochLive || !k.EpochCancel.IsZero() || k.State.Voided() || k.once()
}

// once says whether the bill counted as one that had been audited.
func (k Known) once() bool { return k.Class == ClassVoided || k.Class == ClassUnAudited }

func differs(before, now time.Time) bool {
	return !before.IsZero() && !now.IsZero() && !before.Equal(now)
}

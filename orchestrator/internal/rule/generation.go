package rule

import (
	"strings"
	"time"
)

// Known is what the ledger remembers of a bill.
type Known struct {
	State State
	// ReadTime is when the query that showed State left.
	ReadTime time.Time
	// Class is what the last decision made of it.
	Class Class
	// Generation counts the bill's lives, from 1.
	Generation int
	// GenerationLive: it was seen live in this generation. EverLive: in any.
	GenerationLive, EverLive bool
	// The last approve and cancel dates other than unset that this generation has shown; the close date stands for the
	// cancel date of a closed bill. A generation that keeps the snapshot of the one before keeps its approve date, too.
	GenerationApprove, GenerationCancel time.Time
	// UnAuditedSince is the first of the reads in a row that showed it un-audited: once live, or shown by an approve
	// date to have been, now neither live nor voided. Zero while it is anything else.
	UnAuditedSince time.Time
	// UnAuditTime is the latest moment at which that can have happened: the modify date, if it moved, else the read.
	UnAuditTime time.Time
	// GoneTime is when it was proved gone; zero while it is not.
	GoneTime time.Time
	// Snapshot is the bill as it was last seen live in this generation, or in an earlier one since when no approve date
	// has moved; LastSnapshot in any. nil when there is none.
	Snapshot, LastSnapshot *Bill
	// LastSnapshotGeneration is the generation of LastSnapshot.
	LastSnapshotGeneration int
	// Doubt is whether it may have lived in this generation without a read that showed it.
	Doubt Doubt
	// HasPlanned: a run that did not end has left cancellations planned.
	HasPlanned bool
	// Away: since it was read it was proved gone, or Kingdee was restored from an older copy.
	Away bool
	// Reread: a fresh read showed something else than State, or State could not be trusted; it must be read whole
	// again.
	Reread bool
}

// IsAnother says whether what a read shows under the bill's id is another bill: it was made at another moment, or the
// id has another number after a time in which the bill was not there. A number that is corrected while the bill is
// there is the same bill's.
func (k Known) IsAnother(seen State, readTime time.Time) bool {
	return !readTime.Before(k.ReadTime) && (OtherCreated(k.State.CreateTime, seen.CreateTime) ||
		k.Away && k.State.Number != "" && !strings.EqualFold(k.State.Number, seen.Number))
}

// OtherCreated says whether two creation dates under one id are those of two bills; one that is unset says nothing.
func OtherCreated(known, seen time.Time) bool { return differs(known, seen) }

// FormerID is the id under which a bill is kept once its own shows another bill: of no bill in Kingdee, and of no other
// life under the same id.
func (k Known) FormerID() int64 { return -(k.State.ID*formerIDs + int64(k.Generation)%formerIDs) }

// formerIDs is how many generations FormerID tells apart.
const formerIDs = 1000

// next is the bill's memory after it was seen in this state. A new generation begins
//   - when it is seen live again: it was not live, or believed gone, and had been live or voided in the present
//     generation;
//   - when its approve or cancel date differs from the last one that this generation has shown: the bill was un-audited
//     or restored and back again between two reads.
//
// A closed bill that is voided goes on in its generation, whose end it has come to already (endedAnew).
//
// One that begins by the cancel date alone keeps the snapshot: the bill was restored and voided again, and nothing
// shows that it was audited in between, so its order is still the one that the snapshot shows.
//
// Dates are compared within the generation: the void that follows a life seen from its beginning has a cancel date of
// its own and is the end of that life, not a new one. For the same reason a cancel date counts only while the bill is
// voided: whether Kingdee clears it when the void is taken back is not documented, and one left over must not end the
// life that follows.
func next(known *Known, seen State, readTime time.Time) (after Known, newGeneration bool) {
	if known == nil {
		after = Known{Generation: 1}
		newGeneration = true
	} else {
		after = *known
		again := seen.Live() && (!known.State.Live() || !known.GoneTime.IsZero()) && known.ended()
		audited := again || differs(known.GenerationApprove, seen.ApproveTime)
		if audited {
			after.Snapshot, after.GenerationApprove = nil, time.Time{}
		}
		if audited || known.endedAnew(seen) {
			after.Generation++
			after.GenerationLive, after.GenerationCancel = false, time.Time{}
			newGeneration = true
		}
		after.Doubt = known.doubted(seen, newGeneration, readTime)
	}
	after.State, after.ReadTime, after.HasPlanned, after.Reread, after.GoneTime = seen, readTime, false,
		false, time.Time{}
	if !seen.ApproveTime.IsZero() {
		after.GenerationApprove = seen.ApproveTime
	}
	// A bill that is not closed any more shows what is left of an earlier void; it was there before the close was.
	reopened := known != nil && !newGeneration && known.State.Closed && !seen.Voided()
	if (seen.Voided() || reopened) && !seen.CancelTime.IsZero() {
		after.GenerationCancel = seen.CancelTime
	}
	if seen.Live() {
		after.GenerationLive, after.EverLive = true, true
	}
	switch {
	case seen.Live() || seen.Voided() || !after.EverLive && after.GenerationApprove.IsZero():
		after.UnAuditedSince, after.UnAuditTime = time.Time{}, time.Time{}
	case newGeneration || after.UnAuditedSince.IsZero():
		after.UnAuditedSince, after.UnAuditTime = readTime, readTime
		moved := !seen.ModifyTime.IsZero() && (known == nil || seen.ModifyTime.After(known.State.ModifyTime))
		if moved && seen.ModifyTime.Before(readTime) {
			after.UnAuditTime = seen.ModifyTime
		}
	}
	return after, newGeneration
}

// TakeSnapshot puts in the newest snapshot that is stored, and the generation that it was stored for.
func (k *Known) TakeSnapshot(newest *Bill, generation int) {
	k.LastSnapshot, k.LastSnapshotGeneration = newest, generation
	if generation == k.Generation || newest.ApproveTime.Equal(k.GenerationApprove) {
		k.Snapshot = newest
	}
}

// endedAnew says whether the bill has come to another end than the one that this generation has shown. A close and a
// void have a date each: where a closed bill is voided, or reopened, the date of the void says nothing of the close,
// and where a void was taken back from a bill that is closed now, it had come to life in between only if it was closed
// later.
func (k Known) endedAnew(seen State) bool {
	switch {
	case !differs(k.GenerationCancel, seen.CancelTime), k.State.Closed && !seen.Closed:
		return false
	case seen.Closed && k.State.Voided() && !k.State.Closed:
		return seen.CancelTime.After(k.GenerationCancel)
	}
	return true
}

// ended says whether the present generation has been live or voided, so that being live again is another. A void may
// have left no date.
func (k Known) ended() bool {
	return k.GenerationLive || !k.GenerationCancel.IsZero() || k.State.Voided() || k.once()
}

// once says whether the bill counted as one that had been audited.
func (k Known) once() bool {
	return k.Class == ClassVoided || k.Class == ClassUnAudited || k.Class == ClassNeverSeenLive ||
		k.Class == ClassOutside
}

// unAudited says whether the bill counted as un-audited, whatever its lines name.
func (k Known) unAudited() bool {
	return k.Class == ClassUnAudited || k.Class == ClassOutside && !k.State.Voided()
}

func differs(before, now time.Time) bool {
	return !before.IsZero() && !now.IsZero() && !before.Equal(now)
}

package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Reach of the two ways of looking again.
const (
	// RecheckReach is how far back a recheck goes, by the stamp of a bill: as far as the baseline.
	RecheckReach = BaselineReach
	// ReconcileReach is how much a reconcile run compares, behind the watermark.
	ReconcileReach = 72 * time.Hour
	// ManyGone is how many bills one reconcile run may find deleted; with more, what all of them owe is held.
	ManyGone = 5
)

// Stamp is the latest of the bill's four dates; zero when all are unset. A selection of what changed since a time is a
// selection by this stamp, so that hours counted by it are whole.
func (s State) Stamp() time.Time {
	latest := s.CreateTime
	for _, t := range []time.Time{s.ModifyTime, s.ApproveTime, s.CancelTime} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// Digest is a number that two states share if and only if (bar one chance in 2^64) they are the Same.
func (s State) Digest() int64 {
	var content []byte
	number := func(n int64) {
		content = binary.BigEndian.AppendUint64(content, uint64(n)) //nolint:gosec // bits, not an amount
	}
	number(s.ID)
	for _, text := range []string{s.Number, s.Org, s.DocumentStatus, s.CancelStatus, s.Kind} {
		number(int64(len(text)))
		content = append(content, text...)
	}
	for _, t := range []time.Time{s.CreateTime, s.ModifyTime, s.ApproveTime, s.CancelTime} {
		if t.IsZero() {
			number(-1)
		} else {
			number(t.UnixMicro())
		}
	}
	if s.Closed {
		number(1)
	}
	sum := sha256.Sum256(content)
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // a digest has no sign
}

// Tally is how many bills an hour has and a digest of them all, whatever their order.
type Tally struct{ Bills, Digest int64 }

// Add counts one bill in.
func (t *Tally) Add(s State) {
	t.Bills++
	t.Digest ^= s.Digest()
}

// Hour is the hour that a stamp lies in.
func Hour(stamp time.Time) time.Time { return stamp.UTC().Truncate(time.Hour) }

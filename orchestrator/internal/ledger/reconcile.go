package ledger

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Basis is what a page of a recheck or a reconcile run is decided under. Such a page moves no watermark and plans
// nothing for later: it settles its own cancellations.
type Basis struct {
	Scheme string
	// Revision and SendSince, the operator's cutover, are what the page was decided under.
	Revision     int
	SendSince    time.Time
	SafetyLimits rule.SafetyLimits
}

// Committed says what a page of a recheck or a reconcile run came to.
type Committed struct {
	// RunCounts count the page, with its orders split into new, already owed and held.
	RunCounts rule.RunCounts
	Finished
	// Work is how many work items it opened.
	Work int64
}

// Told is what a step of a recheck or a reconcile run came to: what it is counted by.
type Told struct {
	// Cursor is the FID up to which everything asked for has been told.
	Cursor int64
	// Bills were asked for and shown, Changed of them differed from the ledger and were written, Absent were first
	// missed now.
	Bills, Changed, Absent int64
	// Work items were opened.
	Work int64
	// Late are bills that no incremental run could see.
	Late      []Late
	RunCounts rule.RunCounts
}

// Add adds the counts of o and takes its cursor.
func (t *Told) Add(o Told) {
	t.Late = append(t.Late, o.Late...)
	t.Cursor = max(t.Cursor, o.Cursor)
	t.Bills += o.Bills
	t.Changed += o.Changed
	t.Absent += o.Absent
	t.Work += o.Work
	t.RunCounts.Add(o.RunCounts)
}

// Late is a bill that appeared with a stamp below the lower edge of every run, Lag ago. Known: the ledger had it, and
// its stamp has moved.
type Late struct {
	BillID int64
	Lag    time.Duration
	Known  bool
}

// maxMoved bounds how many bills a run keeps by their ids.
const maxMoved = 100

// Miss counts these bills.
func (d *ComparisonDetail) Miss(late []Late) {
	moved := slices.Clone(d.Moved)
	for _, l := range late {
		d.Missed++
		if l.Known && len(moved) < maxMoved {
			moved = append(moved, l.BillID)
			d.LagSeconds = max(d.LagSeconds, int64(l.Lag/time.Second))
		}
	}
	d.Moved = moved
}

// ReconcilePhase is what a reconcile run is at.
type ReconcilePhase string

// The phases of a reconcile run, in order.
const (
	// ReconcileGather counts what Kingdee shows, hour by hour.
	ReconcileGather ReconcilePhase = "gather"
	// ReconcileRepair reads the hours again that differ from the ledger.
	ReconcileRepair ReconcilePhase = "repair"
	// ReconcileProve asks Kingdee whether bills that have been missing for long are gone.
	ReconcileProve ReconcilePhase = "prove"
	// ReconcileDecide decides those that are.
	ReconcileDecide ReconcilePhase = "decide"
	// RecheckRound is the one phase of a recheck: it reads the state of bill after bill.
	RecheckRound  ReconcilePhase = "recheck"
	ReconcileDone ReconcilePhase = "done"
)

// ComparisonDetail is what a recheck or a reconcile run compares, and what it came to.
type ComparisonDetail struct {
	Phase ReconcilePhase `json:"phase"`
	// From and To bound the stamps that are compared: From is included, To is not. Zero for a recheck.
	From time.Time `json:"from_time"`
	To   time.Time `json:"to_time"`
	// Hours are compared, Differing of them differed from the ledger.
	Hours     int `json:"hours"`
	Differing int `json:"hours_differing"`
	// Bills whose state was read, and those that were read again, differed and were decided anew, were missed first
	// now, and were proved gone.
	Read     int64 `json:"bills_read"`
	Reread   int64 `json:"bills_reread"`
	Repaired int64 `json:"bills_repaired"`
	Missing  int64 `json:"bills_missing"`
	Gone     int64 `json:"bills_gone"`
	// Work items were opened.
	Work int64 `json:"work_items"`
	// Missed is how many of those repaired appeared with a stamp below the lower edge of every incremental run. Moved
	// are those of them that were known, at most 100, and LagSeconds the longest time from such a stamp to now.
	Missed     int64   `json:"bills_missed"`
	Moved      []int64 `json:"moved_ids"`
	LagSeconds int64   `json:"lag_seconds"`
	// Problems are bills that Kingdee showed and nobody can decode.
	Problems []int64 `json:"problem_ids"`
	// GoneIDs are bills proved gone, to be settled together.
	GoneIDs []int64 `json:"gone_ids"`
	// SuspectOrgs are organisations whose bills are missing, while nothing of theirs can be read.
	SuspectOrgs []string `json:"suspect_orgs"`
}

// UnmarshalJSON is as that of ReadingDetail.
func (d *ComparisonDetail) UnmarshalJSON(row []byte) error {
	type plain ComparisonDetail
	err := json.Unmarshal(row, (*plain)(d))
	inUTC(&d.From, &d.To)
	return err
}

// ReconcileHour is what Kingdee showed of one hour.
type ReconcileHour struct {
	Hour time.Time
	rule.Tally
	IDs []int64
}

// Missing is a bill that has not been shown for a while and may be gone.
type Missing struct {
	BillID      int64
	BillNo, Org string
	AbsentSince time.Time
}

// ReconcileStart says when a new reconcile run or recheck begins and over what.
type ReconcileStart struct {
	Scheme   string
	Kind     RunKind
	Revision int
	From, To time.Time
	// Interval since the start of the last one; Asked does not wait for it.
	Interval time.Duration
	Asked    bool
}

// Phase is the first one.
func (s ReconcileStart) Phase() ReconcilePhase {
	if s.Kind == Recheck {
		return RecheckRound
	}
	return ReconcileGather
}

// Hours is how many hours, the last one begun included, are compared.
func (s ReconcileStart) Hours() int { return int((s.To.Sub(s.From) + time.Hour - 1) / time.Hour) }

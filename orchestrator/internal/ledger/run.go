package ledger

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// ErrRunMoved says that a run is no longer as it was read: cancelled, or moved on by somebody else. Nothing
// was changed.
var ErrRunMoved = fmt.Errorf("the run was cancelled or moved on: %w", ErrConflict)

// RunKind is what a run reads for.
type RunKind string

// The kinds of a run.
const (
	// Baseline is the first one of a scheme: it stores what is live and owes nothing.
	Baseline RunKind = "baseline"
	// Incremental reads what changed since the watermark.
	Incremental RunKind = "incremental"
	// Recheck reads the states of all bills known live.
	Recheck RunKind = "recheck"
	// Reconcile compares the hours behind the watermark with the ledger.
	Reconcile RunKind = "reconcile"
	// Backfill reads what a person named.
	Backfill RunKind = "backfill"
	// Remap maps stored snapshots by a revision that changes what bills claim. It reads no Kingdee.
	Remap RunKind = "remap"
)

// RunState is where a run stands.
type RunState string

// The states of a run. Planned, applying and cancelled are a backfill's only.
const (
	RunRunning   RunState = "running"
	RunPlanned   RunState = "planned"
	RunApplying  RunState = "applying"
	RunComplete  RunState = "complete"
	RunFailed    RunState = "failed"
	RunCancelled RunState = "cancelled"
)

// Ended says that nothing becomes of such a run any more.
func (s RunState) Ended() bool { return s == RunComplete || s == RunFailed || s == RunCancelled }

// UnderWay says that an orchestrator is, or will be, at work on such a run.
func (s RunState) UnderWay() bool { return s == RunRunning || s == RunApplying }

// Run is one piece of reading Kingdee, of any kind. Of its details only that of its kind is filled in.
type Run struct {
	// ID is 0 until it has a row: an incremental run has one from its first news on.
	ID     int64 `db:"run_id"`
	Scheme string
	Kind   RunKind
	State  RunState
	// Revision of the scheme that it reads and decides under.
	Revision int
	// Asked: by a person.
	Asked bool
	// Version moves with every change of the row.
	Version int64
	// Cursor is what is committed: up to which FID, position in a list, or item of a plan.
	Cursor    int64 `db:"cursor_id"`
	RunCounts rule.RunCounts
	// EndTime is zero until it has ended.
	StartTime, EndTime time.Time
	// Error is why it failed or, while it is under way, the last thing that went wrong.
	Error string
	// Note says what was odd, empty when nothing was.
	Note string

	// Reading is a baseline's or an incremental run's.
	Reading ReadingDetail
	// Comparison is a recheck's or a reconcile run's.
	Comparison ComparisonDetail
	// Backfill is a backfill's.
	Backfill BackfillDetail
}

// quiet says that nobody wants to hear of the end of this run: a recheck that nobody asked for, and that found nothing.
// An incremental run of that kind has not even a row.
func (r *Run) quiet() bool {
	c := r.Comparison
	return r.Kind == Recheck && !r.Asked && r.State == RunComplete && r.Note == "" &&
		c.Repaired+c.Missing+c.Gone+c.Work == 0
}

// ReadingDetail is what a baseline or an incremental run begins from, and the watermark that it moves.
type ReadingDetail struct {
	WatermarkVersion int64     `json:"watermark_version"`
	LowerEdge        time.Time `json:"lower_edge"`
	// VendorTime and ServiceTime are the clocks of its first header; VendorTime is zero when Kingdee gave none.
	VendorTime  time.Time `json:"vendor_time"`
	ServiceTime time.Time `json:"service_time"`
	// ClockAhead: many fresh stamps, or the zone, do not fit Kingdee's clock; the watermark will stand still.
	ClockAhead      bool      `json:"clock_ahead"`
	WatermarkBefore time.Time `json:"watermark_before"`
	WatermarkAfter  time.Time `json:"watermark_after"`
	// FreshAhead: a bill that is new or has changed, or the zone, does not fit Kingdee's clock. FreshFits: the stamp of
	// one fits that was made just now. Both are of this chunk.
	FreshAhead bool `json:"-"`
	FreshFits  bool `json:"-"`
	// SendSince is the operator's cutover that its next page is decided under, zero if there is none, and Failed that
	// the scheme's last run did not end. Both are of the scheme as it stands: whoever goes on with the run sets them.
	SendSince time.Time `json:"-"`
	Failed    bool      `json:"-"`
}

// UnmarshalJSON reads the detail from its row; times are UTC, as all that the ledger answers.
func (d *ReadingDetail) UnmarshalJSON(row []byte) error {
	type plain ReadingDetail
	err := json.Unmarshal(row, (*plain)(d))
	inUTC(&d.LowerEdge, &d.VendorTime, &d.ServiceTime, &d.WatermarkBefore, &d.WatermarkAfter)
	return err
}

func inUTC(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC()
	}
}

// Clock is what the first header of a baseline or an incremental run said of the clocks.
func (r *Run) Clock() rule.Clock {
	return rule.Clock{Vendor: r.Reading.VendorTime, Service: r.Reading.ServiceTime, Note: r.Note}
}

// SetClock keeps what a header says of the clocks.
func (r *Run) SetClock(c rule.Clock) {
	r.Reading.VendorTime, r.Reading.ServiceTime, r.Note = c.Vendor, c.Service, c.Note
}

// RunFilter selects runs; empty parts select all.
type RunFilter struct {
	Scheme string
	Kinds  []RunKind
	States []RunState
}

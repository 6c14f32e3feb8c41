package queue

import (
	"time"

	"github.com/riverqueue/river"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Queues keep a long backlog of one kind of work from starving another.
const (
	QueueScan     = "scan"
	QueueDispatch = "dispatch"
	QueuePush     = "push"
	QueueBulk     = "bulk"
)

// WorkFor is how long a chunk of work goes on before it lets a successor continue.
const WorkFor = 20 * time.Second

// RunArgs asks for one chunk of a scheme's baseline or incremental run.
type RunArgs struct {
	Scheme string `json:"scheme"`
	// Asked: by a person; a pause after a failure is not waited out.
	Asked bool `json:"asked,omitempty"`
	// Follows: by the chunk before it, whose lock is still held for a moment.
	Follows bool `json:"follows,omitempty"`
}

func (RunArgs) Kind() string { return "run" }

func (RunArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: 1}
}

// DispatchArgs asks for everything due to be put into batches.
type DispatchArgs struct{}

func (DispatchArgs) Kind() string { return "dispatch" }

func (DispatchArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueDispatch, MaxAttempts: 1}
}

// BatchArgs names the cancellations of one batch. Never unique: a batch that is lost is gathered again from its rows.
type BatchArgs struct {
	Scheme  string  `json:"scheme"`
	Account string  `json:"account"`
	IDs     []int64 `json:"ids"`
	// Until is when its rows may be gathered again: no host need try any longer to take it.
	Until time.Time `json:"until,omitzero"`
	// Probe: its one cancellation, or a bill where there is none, is verified to see whether verifications of this
	// trigger are quick enough again.
	Probe rule.Trigger `json:"probe,omitempty"`
}

func (BatchArgs) Kind() string { return "batch" }

func (BatchArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueuePush, MaxAttempts: 1}
}

// BackfillArgs asks for one chunk of a backfill.
type BackfillArgs struct {
	ID int64 `json:"id"`
	// Follows: as in RunArgs.
	Follows bool `json:"follows,omitempty"`
}

func (BackfillArgs) Kind() string { return "backfill" }

func (BackfillArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBulk, MaxAttempts: 1}
}

// BackfillsArgs asks for a job for each backfill that is under way: those whose job was lost go on by it.
type BackfillsArgs struct{}

func (BackfillsArgs) Kind() string { return "backfills" }

func (BackfillsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: 1}
}

// RemapArgs asks for a chunk of a scheme's remap, if one is under way.
type RemapArgs struct {
	Scheme string `json:"scheme"`
}

func (RemapArgs) Kind() string { return "remap" }

func (RemapArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: 1}
}

// TidyArgs asks for housekeeping.
type TidyArgs struct{}

func (TidyArgs) Kind() string { return "tidy" }

func (TidyArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBulk, MaxAttempts: 1}
}

// ProbeArgs asks for the harmless call to the WMS accounts that nothing is sent to.
type ProbeArgs struct{}

func (ProbeArgs) Kind() string { return "probe" }

func (ProbeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan,
		MaxAttempts: 1} // the bulk queue may be full of readers whose Kingdee is slow
}

// KingdeeProbeArgs asks whether Kingdee can be read again, where it could not.
type KingdeeProbeArgs struct{}

func (KingdeeProbeArgs) Kind() string { return "probe_kingdee" }

func (KingdeeProbeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: 1} // as ProbeArgs
}

// ReconcileArgs asks for one chunk of a scheme's reconcile run or recheck, if one is due or did not end.
type ReconcileArgs struct {
	Scheme string         `json:"scheme"`
	What   ledger.RunKind `json:"what"`
	// Asked: by a person; it begins now.
	Asked bool `json:"asked,omitempty"`
	// Follows: by the chunk before it, whose lock is still held for a moment.
	Follows bool `json:"follows,omitempty"`
}

func (ReconcileArgs) Kind() string { return "reconcile" }

func (ReconcileArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBulk, MaxAttempts: 1}
}

// MaxPause is the longest wait after failed runs.
const MaxPause = time.Minute

// NudgeEvery is how often each process asks for a dispatch by itself, and how late an incremental run may be before a
// dispatch asks for it. River's leader inserts the periodic jobs; when it is killed, nobody does for up to 22 s, and
// after a database that was away for minutes the bids for the lead come up to 64 s apart. The rows say what is due all
// the same: whoever is alive looks.
const NudgeEvery = 5 * time.Second

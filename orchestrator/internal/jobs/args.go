package jobs

import (
	"time"

	"github.com/riverqueue/river"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Queues keep a long backlog of one kind of work from starving another.
const (
	queueScan     = "scan"
	queueDispatch = "dispatch"
	queuePush     = "push"
	queueBulk     = "bulk"
)

// workFor is how long a chunk of work goes on before it lets a successor continue.
const workFor = 20 * time.Second

// runArgs asks for one chunk of a scheme's baseline or incremental run.
type runArgs struct {
	Scheme string `json:"scheme"`
	// Asked: by a person; a pause after a failure is not waited out.
	Asked bool `json:"asked,omitempty"`
	// Follows: by the chunk before it, whose lock is still held for a moment.
	Follows bool `json:"follows,omitempty"`
}

func (runArgs) Kind() string { return "run" }

func (runArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueScan, MaxAttempts: 1}
}

// dispatchArgs asks for everything due to be put into batches.
type dispatchArgs struct{}

func (dispatchArgs) Kind() string { return "dispatch" }

func (dispatchArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueDispatch, MaxAttempts: 1}
}

// batchArgs names the cancellations of one batch. Never unique: a batch that is lost is gathered again from its rows.
type batchArgs struct {
	Scheme  string  `json:"scheme"`
	Account string  `json:"account"`
	IDs     []int64 `json:"ids"`
}

func (batchArgs) Kind() string { return "batch" }

func (batchArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queuePush, MaxAttempts: 1}
}

// backfillArgs asks for one chunk of a backfill.
type backfillArgs struct {
	ID int64 `json:"id"`
	// Follows: as in runArgs.
	Follows bool `json:"follows,omitempty"`
}

func (backfillArgs) Kind() string { return "backfill" }

func (backfillArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueBulk, MaxAttempts: 1}
}

// backfillsArgs asks for a job for each backfill that is under way: those whose job was lost go on by it.
type backfillsArgs struct{}

func (backfillsArgs) Kind() string { return "backfills" }

func (backfillsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueScan, MaxAttempts: 1}
}

// tidyArgs asks for housekeeping.
type tidyArgs struct{}

func (tidyArgs) Kind() string { return "tidy" }

func (tidyArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueBulk, MaxAttempts: 1}
}

// probeArgs asks for the harmless call to the WMS accounts that were refused.
type probeArgs struct{}

func (probeArgs) Kind() string { return "probe" }

func (probeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueScan, MaxAttempts: 1} // the bulk queue may be full of readers whose Kingdee is slow
}

// reconcileArgs asks for one chunk of a scheme's reconcile run or recheck, if one is due or did not end.
type reconcileArgs struct {
	Scheme string               `json:"scheme"`
	What   ledger.ReconcileKind `json:"what"`
	// Asked: by a person; it begins now.
	Asked bool `json:"asked,omitempty"`
	// Follows: by the chunk before it, whose lock is still held for a moment.
	Follows bool `json:"follows,omitempty"`
}

func (reconcileArgs) Kind() string { return "reconcile" }

func (reconcileArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueBulk, MaxAttempts: 1}
}

// maxPause is the longest wait after failed runs.
const maxPause = time.Minute

// nudgeEvery is how often each process asks for a dispatch by itself, and how late an incremental run may be before a
// dispatch asks for it. River's leader inserts the periodic jobs; when it is killed, nobody does for up to 22 s, and
// after a database that was away for minutes the bids for the lead come up to 64 s apart. The rows say what is due all
// the same: whoever is alive looks.
const nudgeEvery = 5 * time.Second

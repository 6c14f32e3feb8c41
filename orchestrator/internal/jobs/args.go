package jobs

import (
	"time"

	"github.com/riverqueue/river"
)

// Queues keep a long backlog of one kind of work from starving another.
const (
	queueScan     = "scan"
	queueDispatch = "dispatch"
	queuePush     = "push"
	queueBulk     = "bulk"
)

// Limits of a job.
const (
	// jobTimeout ends a job that waits for no Kingdee; rescueAfter gives an orphan of a killed process to another (plus
	// River's own tick of 30 s). Nothing waits for that: the rows say what is due.
	jobTimeout  = 30 * time.Second
	rescueAfter = 45 * time.Second
	// readingTimeout ends a job that reads Kingdee page after page, and batchTimeout one that verifies before it sends.
	// A chunk ends long before, after workFor, wherever Kingdee answers in time.
	readingTimeout = streamTimeout + 5*time.Minute
	batchTimeout   = verifyTimeout + jobTimeout
	// fetchCooldown is the least time between two fetches of a queue, and between two notices that a queue has
	// something new: an insert so soon after another is not announced, but found by the next fetch. fetchLatest is when
	// that is, for the queues that stand between a decision and its request.
	fetchCooldown = 20 * time.Millisecond
	fetchLatest   = 200 * time.Millisecond
	// workFor is how long a chunk of work goes on before it lets a successor continue.
	workFor = 20 * time.Second
	// batchHold is how much longer than a lease a gathered row stays with its batch, so that a batch that is at work is
	// not gathered again: 45 s with leases of 40 s.
	batchHold = 5 * time.Second
	// keepEvidence and keepBills are how long housekeeping leaves things alone.
	keepEvidence = 180 * 24 * time.Hour
	keepBills    = 730 * 24 * time.Hour
	// batchSize and gatherLimit bound one batch and one dispatch.
	batchSize   = 500
	gatherLimit = 10_000
)

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

// Package crashpoint names the lines at which the chaos test ends an orchestrator. In a release build a point is
// nothing at all; built with the tag chaos, a process whose point is armed kills itself there, as hard as the kernel
// would.
//
// A point is armed by writing its name into the file that FileSetting names. The process that reaches it takes the file
// away before it dies, so that one arming is one death.
package crashpoint

// FileSetting names the file that arms a point.
const FileSetting = "VOIDRELAY_CRASHPOINT_FILE"

// Name is one line at which a process may be ended.
type Name string

// The points, in the order in which a cancellation meets them.
const (
	// BetweenPages: a page of a run is committed, the next one is not.
	BetweenPages Name = "between-pages"
	// BeforeFinish: the last page is decided; nothing of it, and not the watermark, is written.
	BeforeFinish Name = "before-finish"
	// AfterFinish: the run and its watermark are written, its job has not ended.
	AfterFinish Name = "after-finish"
	// AfterProof: a reconcile run has written that a bill is gone, and nothing is decided about it.
	AfterProof Name = "after-proof"
	// AfterGone: what deleted bills owe is written, their reconcile run has not ended.
	AfterGone Name = "after-gone"
	// AfterGather: due rows were put into batches, the dispatch has not ended.
	AfterGather Name = "after-gather"
	// AfterVerify: a fresh read is stored, no attempt has a lease yet.
	AfterVerify Name = "after-verify"
	// AfterIntent: intents are written, nothing is handed over.
	AfterIntent Name = "after-intent"
	// AfterSend: a request is handed over, no answer has come.
	AfterSend Name = "after-send"
	// BeforeOutcome: an answer has come and is not written.
	BeforeOutcome Name = "before-outcome"
	// AfterOutcome: outcomes are written, the job that asked for them has not ended.
	AfterOutcome Name = "after-outcome"
)

// All lists the points.
func All() []Name {
	return []Name{
		BetweenPages, BeforeFinish, AfterFinish, AfterProof, AfterGone, AfterGather, AfterVerify, AfterIntent,
		AfterSend, BeforeOutcome, AfterOutcome,
	}
}

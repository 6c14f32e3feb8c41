// Package ledger is the base of all that is kept in Postgres: how the database is reached, migrated and locked, the
// report views, the records, and the statements that every capability shares. These are each change of a cancellation's
// state (transition*.go) and how a work item is opened and closed (workitem.go). Who else needs SQL holds its own.
package ledger

import (
	"errors"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Faults that both sides know.
var (
	// ErrConflict: somebody else moved the watermark or works on the run; nothing was changed.
	ErrConflict = errors.New("the watermark or the run was changed by somebody else")
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrStopped: the scheme is stopped.
	ErrStopped = errors.New("the scheme is stopped")
)

// Scheme is a scheme's standing, without its rules.
type Scheme struct {
	Scheme       string
	Revision     int
	DataCenterID string
	// Stopped: it is not read until a person acts; StopReason is then the reason of that condition, or its kind.
	Stopped    bool
	StopReason string
	// Rests: a condition that ends by itself keeps it from being read; nobody tries before a probe ends it.
	Rests bool
	// Lag is how far stamps were seen to lag behind lately, zero while that is no more than the overlap allows.
	Lag time.Duration
	// ClockAhead: Kingdee's clock is not believed; pages are read and the watermark stands still.
	ClockAhead bool
	// ClockFits is when it was last believed again, zero if that never was.
	ClockFits time.Time
	Send      bool
	SendSince time.Time
	Watermark *Watermark
	// Restored is what a person last said of an older copy of this scheme's Kingdee.
	Restored  Restored
	Failures  int
	NotBefore time.Time
	// Cutovers are those of what later revisions added, Gaps when parts were away that are back.
	Cutovers rule.Cutovers
	Gaps     rule.Gaps
}

// Restored says that Kingdee was restored from an older copy; zero where it never was.
type Restored struct {
	// To is the time to which it was restored, by Kingdee's clock; Told is when a person said so.
	To, Told time.Time
}

// Replaces says whether what a read showed at this moment was of the Kingdee before.
func (r Restored) Replaces(read time.Time) bool { return read.Before(r.Told) }

// Watermark is how far a scheme has read, and which accounts that is true of.
type Watermark struct {
	Time          time.Time
	Version       int64
	DataCenterID  string
	Environment   string
	EffectiveFrom time.Time
	// TimeZone is how the server's times were read so far; empty when a person has let the scheme go on under another
	// one.
	TimeZone string
}

// Environments as stored.
const (
	Real    = "real"
	Sandbox = "sandbox"
)

// BillWrite is one bill of a page with what is to be remembered of it.
type BillWrite struct {
	// Before is the read time that the decision was based on; zero for a bill not known. If the ledger has moved on
	// since, the page is refused with ErrConflict.
	Before time.Time
	After  rule.Known
	// Snapshot is stored for the generation, when set.
	Snapshot *rule.Bill
	// Content is what its orders were made from, where that is not a snapshot; stored where one of them is owed.
	Content *rule.Bill
	// Reason says more about its class, where there is more to say: why it is undecodable, or not selected.
	Reason string
	// Claims are the orders that its snapshot maps to, or its content where it was audited before anybody looked. They
	// are written with Revision. Renewed says that they take the place of those of its earlier generations.
	Claims  []OrderKey
	Renewed bool
	// Doubts: its doubt is another than before. AskAfter is how long after this read it is read again, to be asked
	// about; zero: it is not.
	Doubts   bool
	AskAfter time.Duration
}

// OrderKey is what the WMS knows an order by.
type OrderKey struct{ Account, WarehouseCode, OrderCode, OrderType string }

// Cancellation is one that is to be planned.
type Cancellation struct {
	BillID     int64
	BillNo     string
	Generation int
	Order      rule.Order
	rule.Request
	// Triggers are those that hold now; the ledger keeps all that ever did.
	Triggers   []rule.Trigger
	Evidence   rule.Evidence
	OrdersFrom rule.OrdersFrom
	Hold       rule.HoldReason
	// NotBefore is when a dwell is over; zero for none.
	NotBefore    time.Time
	VerifiedTime time.Time
	BusinessDate time.Time
	// Question is its number, where it is asked and not owed, and Asked when: the read that gave cause for it.
	Question int
	Asked    time.Time
}

// Work is a work item to open, unless the same one is open.
type Work struct {
	Kind           rule.WorkKind
	BillID         int64
	BillNo         string
	CancellationID int64
	Subject        string
	Detail         string
}

// Page is everything one page of a run writes, in one transaction.
type Page struct {
	Bills         []BillWrite
	Cancellations []Cancellation
	// Questions are asked behind what is owed, and count nowhere.
	Questions []Cancellation
	// Withdraw: bills without a trigger, whose unsent cancellations are withdrawn. Restored: those of them that are
	// live.
	Withdraw, Restored []int64
	// TakesAgain: the WMS takes an order again under the number of one that was cancelled.
	TakesAgain bool
	// Absent are bills that were listed and then asked for by id and not shown.
	Absent []Absent
	// Vanished are orders of an earlier snapshot that the bill no longer has.
	Vanished []Vanished
	Work     []Work
	// Before are bills that were known live and ended before the cutover of a part.
	Before []BeforeCutover
	// Readable are bills that were decoded: their work items of kind bill_undecodable are closed.
	Readable []int64
	// Late are bills that appeared below the lower edge of every run.
	Late []Late
	// Suspect is what makes the permissions of the scheme's user suspect, empty for nothing: permission_suspect opens
	// with it.
	Suspect string
	Cursor  int64
	// Reopen: cancellations that ended as dry_run are planned anew where the scheme sends. Only a backfill with
	// BeforeCutover asks for that.
	Reopen bool
	// Former are bills whose ids show others by now.
	Former []Former
	// Gone: its bills were all proved gone.
	Gone bool
	// RunCounts count this page, except for the split of its orders into new, already owed and held, which the commit
	// adds.
	RunCounts rule.RunCounts
}

// Former is a bill whose id shows another one by now.
type Former struct {
	// BillID was its id, FormerID is the one that it is kept under.
	BillID, FormerID int64
	// Before is when it was read last, as whoever decided that knew it.
	Before time.Time
}

// Empty says whether the page would tell nothing new: work items alone do not make a run worth a row, since a bill that
// cannot be decoded shows up again in every overlap.
func (p Page) Empty() bool { return len(p.Bills)+len(p.Cancellations)+len(p.Absent) == 0 }

// Absent is a bill that was not shown.
type Absent struct {
	BillID int64
	// Since is when the answer that did not show it came, by kingdeesvc's clock.
	Since time.Time
}

// Vanished is an order that an earlier snapshot had.
type Vanished struct {
	BillID int64
	BillNo string
	// Generation is the snapshot's: a cancellation of that generation for the same order settles the matter.
	Generation int
	Order      rule.Order
}

// Finish is what ends a run.
type Finish struct {
	WatermarkAfter time.Time
	// HeaderTime is Kingdee's clock in the run's first header; zero where it is not believed.
	HeaderTime  time.Time
	DataCenter  string
	Environment string
	TimeZone    string
	// EffectiveFrom is set by the baseline.
	EffectiveFrom time.Time
	SafetyLimits  rule.SafetyLimits
	// SendAtOnce: this baseline may set the scheme to send (sandboxes only).
	SendAtOnce bool
	// IncrementalInterval is the time between two incremental runs, as it is now known from the environment.
	IncrementalInterval time.Duration
	RowsRead            int64
}

// Finished says what the end of a run did.
type Finished struct {
	Opened, Held, DryRun int64
	Reached              rule.HoldReason
}

// Due is a cancellation that a batch works on.
type Due struct {
	ID     int64
	Scheme string
	// Revision of the scheme that its request was mapped by.
	Revision int
	// SchemeRevision was the scheme's newest when this was loaded: what is decided by another counts for nothing.
	SchemeRevision int
	BillID         int64
	BillNo         string
	OrderID        int64
	rule.Request
	// Order is what the request is about in Kingdee's words: its kind and its warehouse.
	Order    rule.Order
	Triggers []rule.Trigger
	Evidence rule.Evidence
	// Question: it is not owed, but asked.
	Question bool
	// NotBefore is when the dwell is over of a cancellation that is owed for an un-audit alone; zero for any other.
	NotBefore    time.Time
	VerifiedTime time.Time
	UnreadSince  time.Time
	// Attempt is the last one made; a lease makes the next.
	Attempt         int
	MaybeLanded     bool
	AnswerLost      bool
	SameDisposition rule.Disposition
	SameCount       int
	SameSince       time.Time
	// Rested is for how much of the time since SameSince a condition kept a not-found order from being sent.
	Rested time.Duration
	// AnswerChanges is how often an answer was another than the one before.
	AnswerChanges int
	// UnsentSince is since when nothing could be sent, zero when the last answer was a real one.
	UnsentSince time.Time
	// BillCreated is the bill's creation date, zero where nobody knows it: an id with another one is another bill.
	BillCreated time.Time
	// BillGone: the bill was proved gone. BillVoidedLast: and it was voided when it was last seen.
	BillGone, BillVoidedLast bool
	// HangsOnUnAudit: another bill lets the order go only as long as it is un-audited.
	HangsOnUnAudit bool
	// NeedsRead: the bill must be read again before anything is sent.
	NeedsRead  bool
	SendBefore time.Time
	// Traceparent is where it began, in the trace that planned it; empty where nothing was traced.
	Traceparent string
}

// TakeVerified notes what a fresh read said that lets it be sent.
func (d *Due) TakeVerified(v Verified) {
	d.VerifiedTime, d.NotBefore, d.HangsOnUnAudit, d.NeedsRead = v.ReadTime, v.NotBefore, v.HangsOnUnAudit, false
}

// Result is what one attempt came to, with what becomes of its cancellation.
type Result struct {
	ID      int64
	Attempt int
	Scheme  string
	Account string
	BillID  int64
	BillNo  string
	// Revision, Evidence and Question are the cancellation's.
	Revision int
	Evidence rule.Evidence
	Question bool

	// Answer decides. Given is what the adapter made of the reply, where a person has said something else of its text:
	// that stays with the attempt.
	Answer, Given rule.Answer
	// Text is that of the answer where the adapter does not know it, as it compares texts; TextID is its row.
	Text   string
	TextID int64
	// Due is the cancellation before it was answered, Timing its scheme's and Now when it was decided: what is needed
	// to decide it anew.
	Due    Due
	Timing rule.Timing
	Now    time.Time
	// CancelledBefore: the same order was cancelled in an earlier generation of the bill.
	CancelledBefore bool
	// OfStream: the way to the WMS adapter broke off, which says nothing of the WMS.
	OfStream      bool
	HTTPStatus    int
	VendorFlag    string
	VendorCode    string
	VendorMessage string
	Detail        string
	Dictionary    string
	Request       []byte
	Reply         []byte
	SendTime      time.Time
	ReplyTime     time.Time

	SameDisposition rule.Disposition
	SameCount       int
	SameSince       time.Time
	AnswerChanges   int
	UnsentSince     time.Time
	Next            rule.Next
}

// given is what the attempt keeps.
func (r *Result) given() rule.Answer {
	if r.Given.Disposition == "" {
		return r.Answer
	}
	return r.Given
}

// Verified is the outcome of a fresh read for one cancellation.
type Verified struct {
	ID      int64
	Outcome rule.Verification
	// Trigger holds, and NotBefore is when its dwell is over; empty where none holds, zero where it has none.
	Trigger   rule.Trigger
	NotBefore time.Time
	// Until is, for rule.Dwelling, when the last dwell is over that it waits for.
	Until    time.Time
	ReadTime time.Time
	// HangsOnUnAudit, as in rule.Verified.
	HangsOnUnAudit bool
	// Live: the bill itself was seen live.
	Live bool
	// By is who claims the order, and Expected that nobody need be told of it, as in rule.Verified.
	By       rule.Claimant
	Expected bool
	// Question: it is not owed, but asked.
	Question bool
	// Absent: the read went well and did not show the bill. Another: it showed another bill under its id.
	Absent, Another bool
}

// Gathering says what to take of what is due.
type Gathering struct {
	// Revisions are the schemes that this process has loaded, each with its revision: what others owe, or the same
	// scheme under another revision, is left to those who know how.
	Revisions map[string]int
	// Fresh is, by scheme, how long after the last read of its bill a cancellation needs no other; nil: none needs one.
	Fresh map[string]time.Duration
	// Limit is how many rows at most, Size how many of them a batch may have.
	Limit, Size int
	// Hold is how long a row stays with its batch before it is gathered again.
	Hold time.Duration
	// Host is who gathers: what it alone cannot send is left to others. Empty: nothing is.
	Host string
}

// Batch is a group of due cancellations for one account.
type Batch struct {
	Scheme  string
	Account string
	IDs     []int64
}

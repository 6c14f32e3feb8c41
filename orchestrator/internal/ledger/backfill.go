package ledger

import (
	"errors"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// ErrBackfillMoved says that a backfill is no longer as it was read: cancelled, or moved on by somebody else. Nothing
// was changed.
var ErrBackfillMoved = errors.New("the backfill was changed by somebody else")

// BackfillState is where a backfill stands.
type BackfillState string

// The states of a backfill.
const (
	BackfillRunning   BackfillState = "running"
	BackfillPlanned   BackfillState = "planned"
	BackfillApplying  BackfillState = "applying"
	BackfillComplete  BackfillState = "complete"
	BackfillFailed    BackfillState = "failed"
	BackfillCancelled BackfillState = "cancelled"
)

// ItemState is what one item of a backfill came to.
type ItemState string

// The states of an item.
const (
	ItemNew         ItemState = "new"
	ItemAlreadyOwed ItemState = "already_owed"
	ItemSettled     ItemState = "settled"
	ItemHeld        ItemState = "held"
	ItemNothingOwed ItemState = "nothing_owed"
	ItemRefused     ItemState = "refused"
	ItemUndecodable ItemState = "undecodable"
)

// BackfillOrder is what a person asks for: a range of dates, or numbers.
type BackfillOrder struct {
	// From is included, To is not; zero where numbers are given.
	From, To time.Time
	Numbers  []string
	// PlanOnly lists and owes nothing. BeforeCutover takes what lies before the scheme's cutovers, too.
	PlanOnly, BeforeCutover bool
}

// Backfill is one run over bills that a person named.
type Backfill struct {
	ID     int64
	Scheme string
	State  BackfillState
	BackfillOrder
	Revision int
	// CheckedRevision is another revision that the whole plan was found to make the same requests under; 0 for none.
	CheckedRevision int
	// Cursor is what is committed: up to which FID, position in the list, or item of the plan.
	Cursor    int64
	RunCounts rule.RunCounts
	// Items is how many items there are, Counts how many in each state.
	Items  int64
	Counts map[ItemState]int64
	// RowsOutside lie behind the range.
	RowsOutside int64
	Failures    int
	// Waits: after a fault of the vendor, until the database's clock says so.
	Waits bool
}

// BackfillItem is an order of a bill with its exact request, or a bill that owes nothing.
type BackfillItem struct {
	Item   int64
	BillID int64
	BillNo string
	Class  rule.Class
	State  ItemState
	// Cancellation is the order and its exact request; empty where the item is a bill as such.
	Cancellation Cancellation
	// CancellationID is 0 where there is no cancellation.
	CancellationID int64
	Detail         string
	// Seen is the bill as the plan saw it.
	Seen *rule.State
}

// HasOrder says whether the item is an order, and not a bill as such.
func (i BackfillItem) HasOrder() bool { return i.Cancellation.OrderCode != "" }

// BackfillStep is what a page of a backfill writes beside the page itself.
type BackfillStep struct {
	// Cursor is where a killed backfill goes on.
	Cursor int64
	// Items are added. Their cancellations' states and ids are what the ledger says of them.
	Items []BackfillItem
	// NotFound are numbers that Kingdee did not show.
	NotFound []string
	// Outside are rows behind the range.
	Outside int64
}

// LiveTraffic is what a backfill gives way to.
type LiveTraffic struct {
	// Run: an incremental run of the scheme is at work.
	Run bool
	// Waiting: something that an incremental run has owed is due and not sent yet.
	Waiting bool
	// Backlog: so much is due, from whatever source, that more would keep waiting what incremental runs owe.
	Backlog bool
}

// Applied is what a group of a plan's bills came to when it was carried out.
type Applied struct {
	// Cursor is the last item of the group.
	Cursor int64
	// Items are those to carry out, as planned. What they are then, the ledger says once they are written.
	Items []BackfillItem
	// Refused says of bills that have changed since, why they are not carried out.
	Refused map[int64]string
}

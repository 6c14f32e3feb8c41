package ledger

import (
	"encoding/json"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
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
	From    time.Time `json:"from_time"`
	To      time.Time `json:"to_time"`
	Numbers []string  `json:"numbers"`
	// PlanOnly lists and owes nothing. BeforeCutover takes what lies before the scheme's cutovers, too.
	PlanOnly      bool `json:"plan_only"`
	BeforeCutover bool `json:"before_cutover"`
}

// BackfillDetail is what a backfill was asked for, and what it came to.
type BackfillDetail struct {
	BackfillOrder
	// Actor asked for it, and Reason is why, in the operator's words.
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
	// CheckedRevision is another revision that the whole plan was found to make the same requests under; 0 for none.
	CheckedRevision int `json:"checked_revision"`
	// Items is how many items there are, Counts how many in each state.
	Items  int64               `json:"items"`
	Counts map[ItemState]int64 `json:"counts"`
	// RowsOutside lie behind the range.
	RowsOutside int64 `json:"rows_outside"`
	// NotFound are numbers that Kingdee did not show.
	NotFound []string `json:"numbers_not_found"`
	Failures int      `json:"failures"`
	// Waits: after a fault of the vendor, until the database's clock says so.
	Waits bool `json:"waits"`
}

// UnmarshalJSON is as that of ReadingDetail.
func (d *BackfillDetail) UnmarshalJSON(row []byte) error {
	type plain BackfillDetail
	err := json.Unmarshal(row, (*plain)(d))
	inUTC(&d.From, &d.To)
	return err
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

package rule

import "fmt"

// RunCounts account for everything that a run read.
type RunCounts struct {
	Rows           int64 `json:"rows"`
	RowsOfBills    int64 `json:"rows_of_bills"`
	RowsOfProblems int64 `json:"rows_of_problems"`

	Bills         int64 `json:"bills"`
	Live          int64 `json:"live"`
	Unchanged     int64 `json:"unchanged"`
	Voided        int64 `json:"voided"`
	UnAudited     int64 `json:"un_audited"`
	NeverAudited  int64 `json:"never_audited"`
	NeverSeenLive int64 `json:"never_seen_live"`
	BeforeCutover int64 `json:"before_cutover"`
	NotSelected   int64 `json:"not_selected"`
	Outside       int64 `json:"outside"`
	Stale         int64 `json:"stale"`
	Undecodable   int64 `json:"undecodable"`
	Deleted       int64 `json:"deleted"`

	Orders            int64 `json:"orders"`
	OrdersNew         int64 `json:"orders_new"`
	OrdersAlreadyOwed int64 `json:"orders_already_owed"`
	OrdersHeld        int64 `json:"orders_held"`
	OrdersNotInScheme int64 `json:"orders_not_in_scheme"`
	OrdersNoWarehouse int64 `json:"orders_no_warehouse"`
}

// Count puts one bill into its class.
func (f *RunCounts) Count(c Class) {
	switch c {
	case ClassLive:
		f.Live++
	case ClassUnchanged:
		f.Unchanged++
	case ClassVoided:
		f.Voided++
	case ClassUnAudited:
		f.UnAudited++
	case ClassNeverAudited:
		f.NeverAudited++
	case ClassNeverSeenLive:
		f.NeverSeenLive++
	case ClassBeforeCutover:
		f.BeforeCutover++
	case ClassNotSelected:
		f.NotSelected++
	case ClassOutside:
		f.Outside++
	case ClassStale:
		f.Stale++
	case ClassUndecodable:
		f.Undecodable++
	case ClassDeleted:
		f.Deleted++
	}
}

// Add adds the counts of g.
func (f *RunCounts) Add(g RunCounts) {
	f.Rows += g.Rows
	f.RowsOfBills += g.RowsOfBills
	f.RowsOfProblems += g.RowsOfProblems
	f.Bills += g.Bills
	f.Live += g.Live
	f.Unchanged += g.Unchanged
	f.Voided += g.Voided
	f.UnAudited += g.UnAudited
	f.NeverAudited += g.NeverAudited
	f.NeverSeenLive += g.NeverSeenLive
	f.BeforeCutover += g.BeforeCutover
	f.NotSelected += g.NotSelected
	f.Outside += g.Outside
	f.Stale += g.Stale
	f.Undecodable += g.Undecodable
	f.Deleted += g.Deleted
	f.Orders += g.Orders
	f.OrdersNew += g.OrdersNew
	f.OrdersAlreadyOwed += g.OrdersAlreadyOwed
	f.OrdersHeld += g.OrdersHeld
	f.OrdersNotInScheme += g.OrdersNotInScheme
	f.OrdersNoWarehouse += g.OrdersNoWarehouse
}

// RunCountsError says that the counts of a run do not account for everything that it read: the run must fail.
type RunCountsError struct {
	// What was counted: rows, bills or orders.
	What               string
	Read, AccountedFor int64
}

func (e *RunCountsError) Error() string {
	return fmt.Sprintf("the run counts do not add up: %d %s read, %d accounted for", e.Read, e.What, e.AccountedFor)
}

// Check says where the counts do not add up; nil when they do. The error is a *RunCountsError.
func (f RunCounts) Check() error {
	if sum := f.RowsOfBills + f.RowsOfProblems; sum != f.Rows {
		return &RunCountsError{What: "rows", Read: f.Rows, AccountedFor: sum}
	}
	sum := f.Live + f.Unchanged + f.Voided + f.UnAudited + f.NeverAudited + f.NeverSeenLive + f.BeforeCutover +
		f.NotSelected + f.Outside + f.Stale + f.Undecodable + f.Deleted
	if sum != f.Bills {
		return &RunCountsError{What: "bills", Read: f.Bills, AccountedFor: sum}
	}
	if sum := f.OrdersNew + f.OrdersAlreadyOwed + f.OrdersHeld +
		f.OrdersNotInScheme + f.OrdersNoWarehouse; sum != f.Orders {
		return &RunCountsError{What: "orders", Read: f.Orders, AccountedFor: sum}
	}
	return nil
}

// SuspectInRow is how many bills in a row become undecodable before not the bills but the permissions are suspected.
const SuspectInRow = 5

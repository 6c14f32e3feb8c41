package rule

import "strings"

// Verification is what a fresh read, by id and by number, says of a debt.
type Verification string

// The outcomes of a verification. Only Holds lets a request be sent.
const (
	// Holds: a trigger still holds and no live bill carries the number.
	Holds Verification = "holds"
	// Withdrawn: no trigger holds any longer.
	Withdrawn Verification = "withdrawn"
	// NumberLive: a live bill of the same data centre carries the number.
	NumberLive Verification = "number_live"
	// NumberTaken: the ledger knows a live bill with the number, and Kingdee does not confirm that it still is.
	NumberTaken Verification = "number_taken"
	// Unread: the read failed, did not show the bill, or showed it in two states. Nothing is sent and no retry is used up.
	Unread Verification = "unread"
)

// FreshRead is what one verification found. Rows are light reads of one moment.
type FreshRead struct {
	// ByID is the debt's own bill; nil when the read did not show it.
	ByID *State
	// ByNumber are all bills that carry the debt's number now, its own among them.
	ByNumber []State
	// LedgerHolders are other bills of the same data centre that the ledger last saw live with this number; HoldersRead are
	// the same, read by id just now (those that Kingdee showed).
	LedgerHolders []int64
	HoldersRead   map[int64]State
}

// Verify says whether a debt of this bill may still be sent.
func Verify(billID int64, number string, read FreshRead) Verification {
	if read.ByID == nil {
		return Unread
	}
	if !read.ByID.Voided() {
		return Withdrawn
	}
	for _, s := range read.ByNumber {
		switch {
		case s.ID == billID && !s.Voided():
			return Unread // the two reads differ: it is being restored or voided right now
		case strings.EqualFold(s.Number, number) && s.Live():
			return NumberLive
		}
	}
	for _, holder := range read.LedgerHolders {
		s, shown := read.HoldersRead[holder]
		switch {
		case !shown:
			return NumberTaken
		case s.Live() && strings.EqualFold(s.Number, number):
			return NumberLive
		}
	}
	return Holds
}

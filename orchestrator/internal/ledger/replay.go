package ledger

import (
	"errors"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// ErrNoRevision says that a scheme has no revision with this number.
var ErrNoRevision = errors.New("no such revision")

// ReplayOrder is what is to be decided again: stored bills through another mapping.
type ReplayOrder struct {
	Scheme string
	// Revision is a stored one; 0 where a document is given.
	Revision int
	Document string
	// From is included, To is not; zero is no limit. They are times at which we read the bill.
	From, To time.Time
}

// MappingDifference is an order for which two mappings make different requests; nil where one makes none.
type MappingDifference struct {
	BillID               int64
	BillNo               string
	Generation           int
	OrderKind, Warehouse string
	Before, After        *rule.Request
	Fault                string
}

// Replay is what one page of stored bills came to.
type Replay struct {
	Differences []MappingDifference
	Bills, Same int64
	// Last is the id of the last bill of the page, 0 when there is no further page.
	Last int64
}

// StoredBill is a bill as it was last seen live.
type StoredBill struct {
	Bill       rule.Bill
	Generation int
}

package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// ErrNoRevision says that a scheme has no revision with this number.
var ErrNoRevision = errors.New("no such revision")

// RevisionError refuses to apply a file to a scheme that has another revision than the caller saw.
type RevisionError struct {
	Scheme string
	// Seen is what the caller saw, 0 for no such scheme; Newest what the scheme has.
	Seen, Newest int32
}

func (e *RevisionError) Error() string {
	return fmt.Sprintf("scheme %s is at revision %d, not %d: somebody was faster; 方案 %s 现为第 %d 版，不是第 %d 版",
		e.Scheme, e.Newest, e.Seen, e.Scheme, e.Newest, e.Seen)
}

// Orders is what a person says of a revision that names orders in another way than the one before: which bills that
// goes for.
type Orders string

// What may be said.
const (
	// OrdersCorrected: the old way was wrong. What was stored before is named in the new way, and what is open is asked
	// for by its new name.
	OrdersCorrected Orders = "corrected"
	// OrdersFromNow: the old way is right for what was there, the new one for what comes.
	OrdersFromNow Orders = "from_now"
)

// UnsaidError refuses a file that names orders in another way, where nobody said for which bills.
type UnsaidError struct {
	Scheme string
	// Changes are warehouses and order kinds, each with what was and what is to be.
	Changes []string
}

func (e *UnsaidError) Error() string {
	return fmt.Sprintf("scheme %s would name its orders otherwise: %s. Say which bills that goes for: "+
		"--orders corrected (the old names were wrong: what was stored before is asked for by the new ones), or "+
		"--orders from-now (orders that are there keep their old names); 方案 %s 的仓库单映射有变，请说明："+
		"--orders corrected 以前的映射有误，已存单据改按新映射；--orders from-now 自此生效，已有的仓库单仍按旧映射", e.Scheme,
		strings.Join(e.Changes, ", "), e.Scheme)
}

// EarlierOrders is a revision that named orders in another way than those that followed, for the bills of its time.
type EarlierOrders struct {
	// Until is the revision that followed, From since when that names them, by Kingdee's clock; zero for not known.
	Until    int       `json:"until"`
	From     time.Time `json:"from"`
	Document string    `json:"document"`
}

// RefusedError refuses to apply a file to a scheme; Why tells a person.
type RefusedError struct{ Scheme, Why string }

func (e *RefusedError) Error() string { return fmt.Sprintf("scheme %s: %s", e.Scheme, e.Why) }

// DraftError refuses to overwrite or discard a draft that is not the one that the caller saw.
type DraftError struct {
	// Version there is, by whom; 0 where there is none any more.
	Version int64
	Actor   string
}

func (e *DraftError) Error() string {
	if e.Version == 0 {
		return "there is no such draft any more; 草稿已不存在"
	}
	return fmt.Sprintf("the draft is at version %d by now, saved by %s; 草稿现为第 %d 稿，由 %s 保存",
		e.Version, e.Actor, e.Version, e.Actor)
}

// SchemeDraft is a person's draft of a scheme, which is not applied and may be half done.
type SchemeDraft struct {
	Scheme string
	// Version moves with every save.
	Version int64
	// Revision was the scheme's newest when it was saved; 0 where there was no such scheme.
	Revision        int32
	Document, Actor string
	SaveTime        time.Time
}

// Retired is what ends with a scheme.
type Retired struct {
	Revision int32 `json:"revision"`
	// Active: it was not retired before.
	Active        bool  `json:"-"`
	Cancellations int64 `json:"cancellations"`
	// Claims are those that count for nobody else any longer.
	Claims int64 `json:"claims"`
	// InFlight of them have a request under way, which finishes.
	InFlight int64 `json:"in_flight"`
}

// RevisionView is one revision of a scheme.
type RevisionView struct {
	Scheme   string
	Revision int32
	// Actor and Reason are who made it and why; empty reason for a first file that was taken by itself.
	Actor, Reason string
	CreateTime    time.Time
	Hash          string
	Document      string
	// Before is the document of the revision before; empty for the first.
	Before string
}

// StoredScheme is what is known of a scheme that a file may change.
type StoredScheme struct {
	Scheme   string
	Revision int32
	// Active: it is not retired. Bound: it has read something, so that its identity cannot change.
	Active, Bound bool
	// AwaySince is since when it has been retired, where that is longer than a day; zero where it is not.
	AwaySince            time.Time
	FormID, DataCenterID string
	Accounts             []string
	Hash, Document       string
	// Environment that its watermark was made in; empty without one.
	Environment       string
	OpenCancellations int64
	// SameAs is the newest of its revisions that has the content that was asked about; 0 for none.
	SameAs int32
}

// SchemeChange is what applying a file would do to a scheme.
type SchemeChange string

// The changes, as the contract spells them.
const (
	ChangeNone    SchemeChange = "none"
	ChangeNew     SchemeChange = "new"
	ChangeRevised SchemeChange = "revised"
	ChangeRefused SchemeChange = "refused"
	// ChangeReturned is for one that is retired.
	ChangeReturned SchemeChange = "returned"
	// ChangeAbsent is for one that the file does not name: it stays as it is.
	ChangeAbsent SchemeChange = "absent"
)

// SchemeDiff is what applying a file would do to one scheme.
type SchemeDiff struct {
	Scheme                 string
	Change                 SchemeChange
	Revision, NextRevision int32
	Added, Removed         []rule.Part
	// Returned are those of Added that were away for longer than a day.
	Returned []ReturnedPart
	// AwaySince is since when a scheme that is to be taken up again has been retired, by our clock; zero where that is
	// not longer than a day. What happened since then is held.
	AwaySince   time.Time
	ChangedKeys []string
	// OrderChanges are where it would name orders otherwise than now, in words; Orders must be said then.
	OrderChanges      []string
	Refusal           string
	OpenCancellations int64
}

// ReturnedPart is a part that was in a scheme before, has been away for longer than a day and is back.
type ReturnedPart struct {
	rule.Part
	// Since when it has been away, by our clock.
	Since time.Time
	// Bills have ended meanwhile and owe Orders through the part, which are held. One that no read has shown live is
	// not among them: what it owes is known once it is read.
	Bills, Orders int64
}

// BillDiffOrder is what is to be decided again: stored bills through another mapping.
type BillDiffOrder struct {
	Scheme string
	// Revision is a stored one; 0 where a document is given.
	Revision int
	Document string
	// Orders is what would be said of it; empty stands for OrdersCorrected.
	Orders Orders
	// From is included, To is not; zero is no limit. They are times at which we read the bill.
	From, To time.Time
}

// MappingChange is what becomes of an order under another mapping.
type MappingChange string

// The changes, as the contract spells them.
const (
	MappingChanged MappingChange = "changed"
	MappingAdded   MappingChange = "added"
	MappingRemoved MappingChange = "removed"
	MappingFaulty  MappingChange = "faulty"
)

// MappingDifference is an order for which two mappings make different requests; nil where one makes none.
type MappingDifference struct {
	Change               MappingChange
	BillID               int64
	BillNo               string
	Generation           int
	OrderKind, Warehouse string
	Before, After        *rule.Request
	Fault                string
}

// BillDiff is what one page of stored bills came to.
type BillDiff struct {
	Differences []MappingDifference
	Bills, Same int64
	// Counts are the Differences by what became of them.
	Counts map[MappingChange]int64
	// Last is the id of the last bill of the page, 0 when there is no further page.
	Last int64
}

// StoredBill is a bill as it was last seen live.
type StoredBill struct {
	Bill       rule.Bill
	Generation int
}

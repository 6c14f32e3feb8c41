package ledger

import "github.com/voidrelay/voidrelay/orchestrator/internal/rule"

// StoredScheme is what is known of a scheme that a file may change.
type StoredScheme struct {
	Scheme   string
	Revision int32
	// Active: it stands in the file that was loaded last. Bound: it has read something, so that its identity cannot
	// change.
	Active, Bound        bool
	FormID, DataCenterID string
	Accounts             []string
	Hash, Document       string
	// Environment that its watermark was made in; empty without one.
	Environment       string
	OpenCancellations int64
}

// SchemeChange is what loading a file would do to a scheme.
type SchemeChange string

// The changes, as the contract spells them.
const (
	ChangeNone    SchemeChange = "none"
	ChangeNew     SchemeChange = "new"
	ChangeRevised SchemeChange = "revised"
	ChangeRemoved SchemeChange = "removed"
	ChangeRefused SchemeChange = "refused"
	// ChangeReturned is for one that is known and did not stand in the file that was loaded last.
	ChangeReturned SchemeChange = "returned"
)

// SchemePreview is what loading a file would do to one scheme.
type SchemePreview struct {
	Scheme                 string
	Change                 SchemeChange
	Revision, NextRevision int32
	Added, Removed         []rule.Part
	ChangedKeys            []string
	Refusal                string
	OpenCancellations      int64
}

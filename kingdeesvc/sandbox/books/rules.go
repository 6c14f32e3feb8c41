package books

import "time"

// Rules are the points of a bill's flow in which servers differ. The zero value is the usual server.
type Rules struct {
	// VoidKeepsModifyDate: voiding and restoring leave FModifyDate alone.
	VoidKeepsModifyDate bool
	// UnauditKeepsModifyDate: un-audit leaves FModifyDate alone.
	UnauditKeepsModifyDate bool
	// UnauditKeepsApproveDate: un-audit leaves FApproveDate in place.
	UnauditKeepsApproveDate bool
	// CancelDateOnly: FCancelDate carries no time of day.
	CancelDateOnly bool
	// DeleteVoided lets voided bills be deleted.
	DeleteVoided bool
	// StampShift is how far the clock that stamps bills is ahead of the one that Clerk is given.
	StampShift time.Duration
	// CommitDelay is how long after its stamp a change is seen by readers.
	CommitDelay time.Duration
}

// DefaultBillType is the type of a bill that is made without one.
const DefaultBillType = "ZZCX01_SYS"

// CustomField is a field that a tenant added to the form.
type CustomField struct {
	Key  string
	Line bool // a field of the product line, otherwise of the head
	Bool bool // a checkbox, otherwise text
}

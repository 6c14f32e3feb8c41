package ledger

import (
	"errors"
	"fmt"
)

var (
	// ErrRequestIDReused says that this request id stands for another act already; nothing was changed.
	ErrRequestIDReused = errors.New("the request id was used for something else")
	// ErrUnavailable says that the database does not answer, or takes nothing. For reads: nothing happened, try again.
	ErrUnavailable = errors.New("the database does not answer or takes nothing")
)

// Act is something a person does to a scheme. It is recorded with who, why and what it came to.
type Act struct {
	Scheme string
	// Actor is who: the name that belongs to the caller's token, or where the call came from.
	Actor string
	// Reason is why, in the operator's words.
	Reason string
	// RequestID makes the act repeatable: the same id with the same content changes nothing more and answers the same;
	// with other content it is ErrRequestIDReused. Empty: each call is an act of its own.
	RequestID string
}

// CapError refuses an act that would touch more than its caller allows.
type CapError struct{ Count, Max int64 }

func (e *CapError) Error() string {
	return fmt.Sprintf("it would touch %d, at most %d are allowed", e.Count, e.Max)
}

// StateError refuses what the subject's state does not allow.
type StateError struct {
	// Subject is the metadata key that names it, such as backfill_id.
	Subject string
	ID      int64
	State   string
}

func (e *StateError) Error() string { return fmt.Sprintf("%s %d is %s", e.Subject, e.ID, e.State) }

// WatermarkError refuses a change of the watermark; Why tells a person.
type WatermarkError struct{ Why string }

func (e *WatermarkError) Error() string { return "the watermark cannot be moved: " + e.Why }

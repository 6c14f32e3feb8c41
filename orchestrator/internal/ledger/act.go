package ledger

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrRequestIDReused says that the caller used this request id for another request of the method; nothing was
	// changed.
	ErrRequestIDReused = errors.New("the request id was used for something else")
	// ErrFirstCallRuns says that the first call with this request id has not ended yet; this call changed nothing.
	ErrFirstCallRuns = errors.New("the first call with this request id is still under way")
	// ErrUnavailable says that the database does not answer, or takes nothing. For reads: nothing happened, try again.
	ErrUnavailable = errors.New("the database does not answer or takes nothing")
)

// RepliesKept is how long a write that is repeated is answered by its first reply.
const RepliesKept = 30 * 24 * time.Hour

// Call is a write of a caller.
type Call struct {
	// Caller is who makes it, and Method how: a request id means nothing to other callers, and to other methods.
	Caller, Method string
	// RequestID is the caller's own name for the write, at most 100 characters. Empty: each call is a write of its own.
	RequestID string
	// Request is what is asked for, as bytes that are equal where the requests are.
	Request []byte
}

// Act is something a person does to a scheme, or to all. It is recorded with who, why and what it came to.
type Act struct {
	// Scheme is empty for what concerns all schemes, or several.
	Scheme string
	// Actor is who: the name that belongs to the caller's token, or where the call came from.
	Actor string
	// Reason is why, in the operator's words.
	Reason string
	// RequestID is the caller's own name for the call, or empty; it is recorded with the act.
	RequestID string
	// Deeds gathers what was recorded, for the log; nil gathers nothing. They are done once the transaction is.
	Deeds *[]Deed
}

// Deed is an act as it was recorded.
type Deed struct {
	// ID is its operator_action_id.
	ID     int64
	Verb   Verb
	Scheme string
	// Count is how many cancellations, items or conditions it touched, 0 where it is about something else.
	Count int64
}

// CapError refuses an act that would touch more than its caller allows.
type CapError struct{ Count, Max int64 }

func (e *CapError) Error() string {
	return fmt.Sprintf("it would touch %d, at most %d are allowed", e.Count, e.Max)
}

// ChangedError refuses an act that would touch something else than its dry run counted.
type ChangedError struct {
	// Count is how many it would touch now.
	Count int64
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("what was counted has changed; it would touch %d now", e.Count)
}

// StateError refuses what the state of a run does not allow.
type StateError struct {
	ID    int64
	State RunState
}

func (e *StateError) Error() string { return fmt.Sprintf("run %d is %s", e.ID, e.State) }

// KindError refuses an act that only a backfill knows.
type KindError struct {
	ID   int64
	Kind RunKind
}

func (e *KindError) Error() string {
	return fmt.Sprintf("run %d is of kind %s, not a backfill", e.ID, e.Kind)
}

// WatermarkError refuses a change of the watermark; Why tells a person.
type WatermarkError struct{ Why string }

func (e *WatermarkError) Error() string { return "the watermark cannot be moved: " + e.Why }

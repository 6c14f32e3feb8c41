package ledger

import "errors"

var (
	// ErrRequestIDReused says that this request id stands for another act already; nothing was changed.
	ErrRequestIDReused = errors.New("the request id was used for something else")
	// ErrUnavailable says that the database does not answer. For reads: nothing happened, try again.
	ErrUnavailable = errors.New("the database does not answer")
)

// Act is something a person does to a scheme. It is recorded with who, why and what it came to.
type Act struct {
	Scheme string
	// Actor is who: the name that belongs to the caller's token, or where the call came from.
	Actor string
	// Reason is why, in the operator's words.
	Reason string
	// RequestID makes the act repeatable: the same id with the same content changes nothing more and answers the same; with other
	// content it is ErrRequestIDReused. Empty: each call is an act of its own.
	RequestID string
}

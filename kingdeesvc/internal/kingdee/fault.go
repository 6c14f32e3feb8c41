package kingdee

import (
	"errors"
	"fmt"
	"time"
)

// Class says what a failed call means to whoever made it.
type Class int

const (
	// Unreadable means: the answer has none of the documented shapes (F10, F14, an unexpected object).
	Unreadable Class = iota + 1
	// SessionLost means: MsgCode 1, or the sentence that says so; after a renewal it is final.
	SessionLost
	// LoginRefused means: the vendor does not let us in; a person must look.
	LoginRefused
	// Unreachable means: no connection, time-out, 5xx.
	Unreachable
	// Busy means: MsgCode 4, 6, 13: the vendor stumbled; repeated a few times.
	Busy
	// Throttled means: MsgCode 14, HTTP 429, or our own pace against the caller's deadline.
	Throttled
	// Permission means: MsgCode 2.
	Permission
	// FieldUnknown means: a key that this server does not have; Field names it.
	FieldUnknown
	// FormUnknown means: the form does not exist.
	FormUnknown
	// FilterInvalid means: the filter or the order was not understood, or a request filter stopped it (F8).
	FilterInvalid
	// NotFound means: MsgCode 10; for View: the bill is gone.
	NotFound
	// Refused means: anything else the vendor said no to.
	Refused
	// AccountLocked means: too many wrong logins; half an hour of nothing.
	AccountLocked
	// SessionContended means: another program logs in as this user and throws us out.
	SessionContended
)

// Shape is the number of a failure body in the catalogue of classify.go: 1 to 14, 0 for none of them.
type Shape int

// NoCode is the Code of a fault whose body carried no MsgCode.
const NoCode = -1

// Fault is one failed call.
type Fault struct {
	Class Class
	Shape Shape
	// Code is the vendor's MsgCode (or errcode), NoCode without one.
	Code int
	// Odd is set where the answer is neither what was asked for nor a refusal that we know: on a session that answered
	// before, it may be the vendor's way to say that the session has ended.
	Odd bool
	// mayBeRows is set where an odd answer is rows all the same, if a new session hears it as well: those of
	// one bad bill.
	mayBeRows bool
	// NotSent is set when nothing was sent because the circuit is open.
	NotSent bool
	// Field is the key that a FieldUnknown is about.
	Field string
	// Fields are the keys that were asked for and that a FieldUnknown names; Field is the first of them.
	Fields []string
	// Message is the vendor's own text, or ours where it gave none.
	Message string
	// said is what else the answer's errors say, beside Message.
	said string
	// HTTPStatus is 0 when no answer came.
	HTTPStatus int
	// RetryAfter says when another call makes sense; 0 = not known.
	RetryAfter time.Duration
	// Err is the transport's error, if any.
	Err error
}

// Error implements error. It holds the vendor's text and nothing secret.
func (f *Fault) Error() string {
	text := f.Message
	if f.Code != NoCode {
		text = fmt.Sprintf("%s (MsgCode %d)", text, f.Code)
	}
	if f.HTTPStatus != 0 && f.HTTPStatus != 200 {
		text = fmt.Sprintf("%s (HTTP %d)", text, f.HTTPStatus)
	}
	if f.Err != nil {
		text = fmt.Sprintf("%s: %v", text, f.Err)
	}
	return "kingdee: " + text
}

// Unwrap gives the transport's error.
func (f *Fault) Unwrap() error { return f.Err }

func asFault(err error) (*Fault, bool) { return errors.AsType[*Fault](err) }

var classNames = map[Class]string{
	Unreadable: "unreadable", SessionLost: "session_lost", LoginRefused: "login_refused",
	Unreachable: "unreachable", Busy: "busy",
	Throttled: "throttled", Permission: "permission", FieldUnknown: "field_unknown", FormUnknown: "form_unknown",
	FilterInvalid: "filter_invalid", NotFound: "not_found", Refused: "refused", AccountLocked: "account_locked",
	SessionContended: "session_contended",
}

// String names a class for logs and metrics.
func (c Class) String() string { return classNames[c] }

// ClassOf is the class of err, 0 when err is no Fault.
func ClassOf(err error) Class {
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault.Class
	}
	return 0
}

// known says whether the vendor answered what we asked with a no that we understand: whoever is told that is let in.
func (f *Fault) known() bool {
	switch f.Class {
	case Permission, FieldUnknown, FormUnknown, FilterInvalid, NotFound, Refused, Busy:
		return !f.Odd && f.Shape != 8 && f.Shape != 11 && f.HTTPStatus < 400
	}
	return false
}

// unreadable is an answer in none of the known shapes; broken, one that was cut short or is too much.
func unreadable(shape Shape, status int, message string) *Fault {
	fault := broken(shape, status, message)
	fault.Odd = true
	return fault
}

func broken(shape Shape, status int, message string) *Fault {
	return &Fault{Class: Unreadable, Shape: shape, Code: NoCode, Message: message, HTTPStatus: status}
}

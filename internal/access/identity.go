package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Nobody is the name of a caller of a service that asks nobody who he is. It serves loopback alone and lets him do
// everything.
const Nobody = "unauthenticated"

// Identity is who calls.
type Identity struct {
	// Name stands in the file of callers: of whom a token was given to, or of a client certificate.
	Name string
	Role Role
}

// ErrUnauthenticated is a call by nobody that this service knows. Services turn it into UNAUTHENTICATED with their own
// ErrorInfo; a Refusal says why in more words.
var ErrUnauthenticated = errors.New("this service wants a token it knows: authorization: Bearer <token>")

// Refusal is an ErrUnauthenticated whose cause may be told: it repeats no secret that was shown.
type Refusal struct {
	// Why is for people.
	Why   string
	Cause Cause
	// Caller is whose token or certificate it would have been; empty where nobody knows.
	Caller string
}

// Refusals that are the same for everybody.
var (
	errNothingShown = &Refusal{Why: ErrUnauthenticated.Error(), Cause: NothingShown}
	errWrongToken   = &Refusal{Why: ErrUnauthenticated.Error(), Cause: WrongToken}
	errPastItsEnd   = &Refusal{Why: "the certificate is past its end (证书已过期)", Cause: ExpiredCertificate}
	errUnvouched    = &Refusal{
		Why: "nobody vouches for the certificate any more (签发机构已不被信任)", Cause: ForeignCertificate,
	}
	// errForged is for whoever says from outside for whom he acts.
	errForged = &Refusal{Why: handedKey + " is for this process alone", Cause: Forged}
)

// Error says why.
func (r *Refusal) Error() string { return r.Why }

// Is makes a Refusal an ErrUnauthenticated.
func (r *Refusal) Is(target error) bool { return target == ErrUnauthenticated }

// Forbidden is a call by somebody who is known and may not do this. Services turn it into PERMISSION_DENIED.
type Forbidden struct {
	Method string
	Caller Identity
	Need   Need
}

// Error says who may.
func (f *Forbidden) Error() string {
	if len(f.Need.Names) > 0 {
		return fmt.Sprintf("%s may not call this: only %s may (无权调用)", f.Caller.Name, strings.Join(f.Need.Names, ", "))
	}
	return fmt.Sprintf("%s has the role %s; this wants %s (权限不足)", f.Caller.Name, f.Caller.Role, f.Need.Role)
}

// Metadata is what a status says of it: caller, role and needed.
func (f *Forbidden) Metadata() map[string]string {
	needed := f.Need.Role.String()
	if len(f.Need.Names) > 0 {
		needed = strings.Join(f.Need.Names, ", ")
	}
	return map[string]string{"caller": f.Caller.Name, "role": f.Caller.Role.String(), "needed": needed}
}

// allow says whether the caller may do what needs this.
func allow(method string, who Identity, need Need) error {
	switch {
	case len(need.Names) > 0 && slices.Contains(need.Names, who.Name),
		len(need.Names) == 0 && need.Role > NoRole && who.Role >= need.Role:
		return nil
	}
	return &Forbidden{Method: method, Caller: who, Need: need}
}

type callerKey struct{}

// Caller is the name of who makes this call, or Nobody.
func Caller(ctx context.Context) string {
	if who, ok := ctx.Value(callerKey{}).(Identity); ok {
		return who.Name
	}
	return Nobody
}

// Record tells an outer interceptor who the caller turned out to be.
type Record struct {
	name    string
	refused bool
}

// Refused says that the caller was turned away, which the door's Refusals tell of.
func (r *Record) Refused() bool { return r.refused }

// Name is the caller's, Nobody until he is known.
func (r *Record) Name() string {
	if r.name == "" {
		return Nobody
	}
	return r.name
}

type recordKey struct{}

// WithRecord makes a Door note the caller's name.
func WithRecord(ctx context.Context) (context.Context, *Record) {
	record := &Record{}
	return context.WithValue(ctx, recordKey{}, record), record
}

// known puts the caller into the context, and into the record of whoever stands outside.
func known(ctx context.Context, who Identity) context.Context {
	if record, ok := ctx.Value(recordKey{}).(*Record); ok {
		record.name = who.Name
	}
	return context.WithValue(ctx, callerKey{}, who)
}

// turnedAway tells the record of whoever stands outside.
func turnedAway(ctx context.Context) {
	if record, ok := ctx.Value(recordKey{}).(*Record); ok {
		record.refused = true
	}
}

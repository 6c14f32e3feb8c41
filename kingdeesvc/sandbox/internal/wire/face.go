// Package wire is the vendor's API as it is on the wire: logins, sessions and signed calls, ExecuteBillQuery, BillQuery
// and View, and the shapes in which any of them fails.
//
// It reads bills from package books and does as package behaviour says. Addresses, bodies and texts are the vendor's,
// as public documents and clients have them; each source is cited where it is used.
package wire

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
)

// Face is the vendor's API over the bills.
type Face struct {
	Setup

	sessions *sessions
	lockout  lockout
	calls    callCounter
	balanced atomic.Uint64 // clients that the balancer did not know
	closing  chan struct{} // ends the delays of calls under way
}

// Account is whom the logins let in, and to which data centre (账套).
type Account struct {
	AcctID, DataCenterName string
	Username               string
	Password               Secret
	AppID                  string
	AppSecret              Secret
}

// Setup is what a face is made of. All of it must be given.
type Setup struct {
	Account Account
	// Zone is the server's, in which every date is written and read.
	Zone    *time.Location
	Now     func() time.Time
	Log     *slog.Logger
	Store   *books.Store
	Clerk   *books.Clerk
	Conduct *behaviour.Conduct
	Forms   *form.Set
}

// New makes the vendor's API.
func New(setup Setup) *Face {
	return &Face{Setup: setup, sessions: newSessions(), closing: make(chan struct{})}
}

// Close ends the delays of calls under way, once.
func (s *Face) Close() { close(s.closing) }

// ExpireSessions ends every session and says how many there were.
func (s *Face) ExpireSessions() int { return s.sessions.expire() }

// Sessions is how many sessions are open.
func (s *Face) Sessions() int { return s.sessions.count() }

package sandbox

import (
	"log/slog"
	"sync/atomic"
	"time"
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
	account Account
	// zone is the server's, in which every date is written and read.
	zone *time.Location
	now  func() time.Time
	log  *slog.Logger
	// formID is the one form that there is.
	formID  string
	store   *store
	clerk   *Clerk
	conduct *Conduct
	fields  *fieldSet
	base    catalogue
}

// newFace makes the vendor's API.
func newFace(setup Setup) *Face {
	return &Face{Setup: setup, sessions: newSessions(), closing: make(chan struct{})}
}

// Close ends the delays of calls under way, once.
func (s *Face) Close() { close(s.closing) }

// ExpireSessions ends every session and says how many there were.
func (s *Face) ExpireSessions() int { return s.sessions.expire() }

// Sessions is how many sessions are open.
func (s *Face) Sessions() int { return s.sessions.count() }

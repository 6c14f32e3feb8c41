package kingdee

import (
	"sync"
	"time"
)

// account is what all sessions of one user share: what the last login said, and why there is to be none for a while.
type account struct {
	now func() time.Time
	// turn is held by whoever logs in, so that two sessions never try a wrong secret twice.
	turn chan struct{}

	mu      sync.Mutex
	info    LoginInfo
	refusal refusal
	// plainOnly is set once the server turned out to lack the methods with isKickOff.
	plainOnly bool
	// generation counts losses of sessions; losses are when the last ones happened.
	generation int
	losses     []time.Time
}

// refusal remembers a login that was answered with anything but success. Accounts lock after a few attempts
// (luka-n8n-nodes/n8n-nodes-kingdee: about 30 minutes), so the next one waits: 1, 2, 4 … 30 minutes.
type refusal struct {
	fault *Fault
	until time.Time
	pause time.Duration
}

const (
	firstPause   = time.Minute
	longestPause = 30 * time.Minute
	// contentionWindow is how near to one another contentionLosses must be, and how long no login follows.
	contentionWindow = 10 * time.Minute
	contentionLosses = 3
)

func newAccount(now func() time.Time) *account {
	return &account{now: now, turn: make(chan struct{}, 1)}
}

// refused answers the remembered refusal while its pause lasts.
func (a *account) refused() *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.refusal.until.Sub(a.now())
	if a.refusal.fault == nil || left <= 0 {
		return nil
	}
	fault := *a.refusal.fault
	fault.RetryAfter = left
	return &fault
}

// refuse remembers a refusal, for longer each time in a row; a locked account is left alone for as long as the lock lasts.
func (a *account) refuse(fault *Fault) *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal.pause = min(max(2*a.refusal.pause, firstPause), longestPause)
	if fault.Class == AccountLocked {
		a.refusal.pause = longestPause
	}
	a.refusal.fault, a.refusal.until = fault, a.now().Add(a.refusal.pause)
	told := *fault
	told.RetryAfter = a.refusal.pause
	return &told
}

// accept stores a login and says which generation of sessions it belongs to.
func (a *account) accept(info LoginInfo) (generation int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info, a.refusal.fault = info, nil
	return a.generation
}

// proved notes an answer to a call that needs the way in: only that ends the growth of the pauses, since a login may succeed
// and be good for nothing (CheckPasswordPolicy).
func (a *account) proved() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refusal.fault == nil {
		a.refusal.pause = 0
	}
}

func (a *account) login() LoginInfo {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.info
}

func (a *account) keepsOthers() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.plainOnly
}

func (a *account) lacksKeepOthers() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plainOnly = true
}

// lost notes that a session of a generation was lost while in use. A server's restart loses all of a generation and counts
// once. The third loss within contentionWindow is somebody else's doing: another login would only throw them out in turn.
func (a *account) lost(generation int) *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	if generation != a.generation {
		return nil
	}
	a.generation++
	now := a.now()
	recent := a.losses[:0]
	for _, at := range a.losses {
		if now.Sub(at) < contentionWindow {
			recent = append(recent, at)
		}
	}
	a.losses = append(recent, now)
	if len(a.losses) < contentionLosses {
		return nil
	}
	a.losses = nil
	fault := &Fault{Class: SessionContended, Code: NoCode, RetryAfter: contentionWindow,
		Message: "three sessions were lost within ten minutes while in use: another program logs in as this user"}
	a.refusal.fault, a.refusal.until = fault, now.Add(contentionWindow)
	return fault
}

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

	// trial is held while a fresh login finds out whether an odd answer meant a lost session.
	trial chan struct{}

	mu      sync.Mutex
	info    LoginInfo
	refusal refusal
	// plainOnly is set once the server turned out to lack the methods with isKickOff.
	plainOnly bool
	// proven is whether any call was ever answered.
	proven bool
	// generation counts losses of sessions.
	generation int
	// contention holds logins back after sessions that were lost at once; doubt holds those back that only ask whether
	// a session was lost.
	contention, doubt growing
}

// refusal remembers a login that was answered with anything but success.
type refusal struct {
	fault *Fault
	until time.Time
	// pauses are those of the kind of refusal that there was last, and times how often in a row.
	pauses string
	times  int
}

// pausesAfter are the pauses before the next login, each time in a row, and what they are called. Accounts lock after a
// few wrong logins (luka-n8n-nodes/n8n-nodes-kingdee: for about 30 minutes), so what the vendor refused is left alone
// for long; words that we do not know may mean that, too; a page in the vendor's place is no word of the vendor's at
// all.
func pausesAfter(fault *Fault) (string, []time.Duration) {
	const m, h = time.Minute, time.Hour
	switch {
	case fault.Class != LoginRefused && fault.Class != AccountLocked:
		return "nobody", []time.Duration{shortPause, 2 * shortPause, 4 * shortPause, m}
	case fault.Odd:
		return "unclear", []time.Duration{m, 2 * m, 4 * m, 8 * m, 16 * m, 30 * m}
	}
	return "refused", []time.Duration{30 * m, 2 * h, 6 * h}
}

// shortPause and longPause bound the pauses after logins that were of no use and that no wrong secret is to blame for.
const (
	shortPause = 10 * time.Second
	longPause  = 5 * time.Minute
)

// growing is a pause that doubles each time in a row.
type growing struct {
	until time.Time
	last  time.Duration
}

func (g *growing) grow(now time.Time) time.Duration {
	g.last = min(max(2*g.last, shortPause), longPause)
	g.until = now.Add(g.last)
	return g.last
}

func newAccount(now func() time.Time) *account {
	return &account{now: now, turn: make(chan struct{}, 1), trial: make(chan struct{}, 1)}
}

// refused says why there is no login now: somebody else uses the account, or a refusal whose pause lasts.
func (a *account) refused() *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	if left := a.contention.until.Sub(a.now()); left > 0 {
		return &Fault{Class: SessionContended, Code: NoCode, RetryAfter: left,
			Message: "the session was lost again right after a login: another program logs in as this user"}
	}
	left := a.refusal.until.Sub(a.now())
	if a.refusal.fault == nil || left <= 0 {
		return nil
	}
	fault := *a.refusal.fault
	fault.RetryAfter = left
	return &fault
}

// refuse remembers a refusal, for longer each time in a row.
func (a *account) refuse(fault *Fault) *Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	kind, steps := pausesAfter(fault)
	if kind != a.refusal.pauses {
		a.refusal.times = 0
	}
	pause := steps[min(a.refusal.times, len(steps)-1)]
	a.refusal = refusal{fault: fault, until: a.now().Add(pause), pauses: kind, times: a.refusal.times + 1}
	told := *fault
	told.RetryAfter = pause
	return &told
}

// forget lets the next login come at once: what was refused has been changed.
func (a *account) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal = refusal{}
}

// accept stores a login and says which generation of sessions it belongs to.
func (a *account) accept(info LoginInfo) (generation int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info, a.refusal.fault = info, nil
	return a.generation
}

// proved notes an answer to a call that needs the way in. Only that ends the growth of the pauses, since a login may
// succeed and be good for nothing (CheckPasswordPolicy); and a login that holds ends the pause of a contended account.
func (a *account) proved() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proven, a.contention = true, growing{}
	if a.refusal.fault == nil {
		a.refusal.times = 0
	}
}

func (a *account) everProved() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.proven
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

// lose notes that sessions of a generation are gone: a server's restart ends all of them and counts once.
func (a *account) lose(generation int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if generation == a.generation {
		a.generation++
	}
}

func (a *account) losses() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.generation
}

// outlived says whether sessions of this generation are known to have been lost.
func (a *account) outlived(generation int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return generation < a.generation
}

// contended notes a session that was lost right after its login, and answers how long no login follows.
func (a *account) contended() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.contention.grow(a.now())
}

// mayDoubt says whether a login may be spent on an odd answer.
func (a *account) mayDoubt() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.now().Before(a.doubt.until)
}

// fruitless notes that a fresh login heard the same odd answer; mended, that it did not.
func (a *account) fruitless() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doubt.grow(a.now())
}

func (a *account) mended() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doubt = growing{}
}

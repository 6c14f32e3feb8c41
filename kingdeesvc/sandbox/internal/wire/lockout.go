package wire

import (
	"sync"
	"time"
)

// lockFor is how long too many wrong logins lock the account.
const lockFor = 30 * time.Minute

// lockout counts failed logins in a row.
type lockout struct {
	mu       sync.Mutex
	failures int
	until    time.Time
}

func (l *lockout) locked(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.until)
}

// note counts a login; limit 0 never locks.
func (l *lockout) note(ok bool, limit int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ok {
		l.failures = 0
		return
	}
	if l.failures++; limit > 0 && l.failures >= limit {
		l.failures, l.until = 0, now.Add(lockFor)
	}
}

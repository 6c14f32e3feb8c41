package wire

import (
	"sync"
	"time"
)

// throttle counts each account's requests in the running minute, as the vendor's per-minute limits do.
type throttle struct {
	mu      sync.Mutex
	minutes map[string]minute // by sid
}

type minute struct {
	start time.Time
	count int
}

// allow counts a request and says whether it is within the limit; 0 is no limit.
func (t *throttle) allow(sid string, perMinute int, now time.Time) bool {
	if perMinute == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.minutes[sid]
	if start := now.Truncate(time.Minute); !m.start.Equal(start) {
		m = minute{start: start}
	}
	m.count++
	t.minutes[sid] = m
	return m.count <= perMinute
}

func newThrottle() *throttle { return &throttle{minutes: map[string]minute{}} }

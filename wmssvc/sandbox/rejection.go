package sandbox

import (
	"slices"
	"sync"
)

// maxRejections is how many of the newest are kept; the count stays exact.
const maxRejections = 1000

// rejections remembers requests that never became a cancel.
type rejections struct {
	mu    sync.Mutex
	ring  []Rejection // grows to maxRejections, then wraps at count % maxRejections
	count int64
}

func (l *rejections) add(r Rejection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.ID = l.count + 1
	if len(l.ring) < maxRejections {
		l.ring = append(l.ring, r)
	} else {
		l.ring[l.count%maxRejections] = r
	}
	l.count++
}

// newest lists what is kept, oldest first, and how many there were in all.
func (l *rejections) newest() ([]Rejection, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.ring)
	slices.SortFunc(all, func(a, b Rejection) int { return int(a.ID - b.ID) })
	return all, l.count
}

func (l *rejections) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.count = nil, 0
}

package wire

import (
	"slices"
	"sync"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// maxRejections is how many of the newest are kept; the count stays exact.
const maxRejections = 1000

// rejections remembers requests that never became a cancel.
type rejections struct {
	mu    sync.Mutex
	ring  []warehouse.Rejection // grows to maxRejections, then wraps at count % maxRejections
	count int64
}

func (l *rejections) add(r warehouse.Rejection) {
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
func (l *rejections) newest() ([]warehouse.Rejection, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.ring)
	slices.SortFunc(all, func(a, b warehouse.Rejection) int { return int(a.ID - b.ID) })
	return all, l.count
}

func (l *rejections) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring, l.count = nil, 0
}

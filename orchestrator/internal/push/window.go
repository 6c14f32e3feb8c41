package push

import (
	"context"
	"sync"
)

// Windows are the places that each WMS account has for the requests of this process, whichever of its batches they are
// of.
type Windows struct {
	mu       sync.Mutex
	accounts map[string]*window
}

// of answers an account's window, which wmssvc just announced to be so large.
func (w *Windows) of(account string, size int) *window {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.accounts == nil {
		w.accounts = map[string]*window{}
	}
	one := w.accounts[account]
	if one == nil {
		one = &window{freed: make(chan struct{})}
		w.accounts[account] = one
	}
	one.resize(size)
	return one
}

// window counts the requests of one account that are on their way: intents written, or being written, without an
// answer.
type window struct {
	mu          sync.Mutex
	size, taken int
	// freed is closed, and made anew, when there is room for a group.
	freed chan struct{}
}

// places are how many there are altogether. Half a window more than may be in flight: they are being written, or wait
// at wmssvc, while all others are in flight, so that no place at the WMS stands empty as long as a write takes.
func (w *window) places() int { return w.size + w.size/2 }

// group is how many must be free before any are taken, so that intents are written in groups.
func (w *window) group() int { return (w.size + 1) / 2 }

func (w *window) resize(size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = size
	w.tell()
}

// take waits until there is room for a group and takes at most that, no more than wanted. None, when ctx ends or one of
// the two that end it is closed.
func (w *window) take(ctx context.Context, wanted int, stopping, off <-chan struct{}) int {
	for {
		select {
		case <-stopping:
			return 0
		case <-off:
			return 0
		default:
		}
		w.mu.Lock()
		if free := w.places() - w.taken; free >= w.group() {
			n := min(wanted, w.group())
			w.taken += n
			w.mu.Unlock()
			return n
		}
		freed := w.freed
		w.mu.Unlock()
		select {
		case <-freed:
		case <-stopping:
		case <-off:
		case <-ctx.Done():
			return 0
		}
	}
}

// give gives places back.
func (w *window) give(places int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken -= places
	w.tell()
}

// tell wakes those that wait, once there is room for a group.
func (w *window) tell() {
	if w.places()-w.taken >= w.group() {
		close(w.freed)
		w.freed = make(chan struct{})
	}
}

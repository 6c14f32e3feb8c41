package wmssvc

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
)

const (
	// probeEvery is how long after a request without an answer the harmless call is made, and how often it is repeated.
	probeEvery = 15 * time.Second
	// probeWithin bounds the harmless call.
	probeWithin = 10 * time.Second
)

// standing is what is known of an account's WMS.
type standing int

const (
	answering standing = iota // or nothing was asked yet
	doubtful                  // a request got no answer, and nothing did since
	away
)

// reach says which accounts' WMS answers, and turns health with it: NOT_SERVING while all of them are known not to. It
// learns from the requests that are made anyway. A request without an answer may be that order's own trouble, so an
// account counts as away only when nothing was answered for a while after it and the harmless call gets no answer
// either; while an account works, or nobody asks for it, no such call is made.
type reach struct {
	every  time.Duration
	health func(serving bool)
	logger *slog.Logger

	mu sync.Mutex
	// doubt wakes the one that attends to an account.
	doubt map[string]chan struct{}
	found map[string]standing
}

func newReach(accounts []*account.Account, every time.Duration, health func(bool), logger *slog.Logger) *reach {
	r := &reach{
		every: cmp.Or(every, probeEvery), health: health, logger: logger,
		doubt: make(map[string]chan struct{}), found: make(map[string]standing),
	}
	for _, a := range accounts {
		r.add(a.Name())
	}
	return r
}

// add counts an account in, drop one out that is served no more.
func (r *reach) add(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubt[name] = make(chan struct{}, 1)
}

func (r *reach) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.doubt, name)
	delete(r.found, name)
	r.tell()
}

// doubts wakes the one that attends to an account; nil for one that is served no more, which wakes nobody.
func (r *reach) doubts(name string) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.doubt[name]
}

// Asked implements rpc.Observer.
func (r *reach) Asked(ctx context.Context, name string, result *account.Result) {
	switch {
	case result.Read:
		r.set(ctx, name, answering, "")
	case r.standing(name) == away:
		// It is asked again in its time.
	case unanswered(result):
		select {
		case r.doubts(name) <- struct{}{}:
		default: // it is being looked into already
		}
	}
}

// unanswered says that the WMS was asked, or could not be reached. A request that had no turn, because the account
// rests or is busy, shows nothing of the WMS.
func unanswered(result *account.Result) bool {
	return !result.Read && (result.Exchange.Left || result.Exchange.Err != nil && !result.Exchange.TooLate())
}

// attend makes the harmless call when a request got no answer and no other did since, and again until one is answered.
func (r *reach) attend(ctx context.Context, a *account.Account) {
	doubt := r.doubts(a.Name())
	for {
		select {
		case <-ctx.Done():
			return
		case <-doubt:
		}
		r.set(ctx, a.Name(), doubtful, "")
		for r.standing(a.Name()) != answering {
			pause := time.NewTimer(r.every)
			select {
			case <-ctx.Done():
				pause.Stop()
				return
			case <-pause.C:
			}
			r.probe(ctx, a)
		}
	}
}

func (r *reach) probe(ctx context.Context, a *account.Account) {
	if r.standing(a.Name()) == answering {
		return
	}
	result, err := a.Probe(ctx, probeWithin)
	switch {
	case ctx.Err() != nil:
	case err == nil && result.Read:
		r.set(ctx, a.Name(), answering, "")
	case err == nil && unanswered(&result):
		r.set(ctx, a.Name(), away, result.Detail)
	}
}

func (r *reach) standing(name string) standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found[name]
}

// set notes how an account stands and tells of a change.
func (r *reach) set(ctx context.Context, name string, now standing, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.doubt[name] == nil {
		return
	}
	before := r.found[name]
	r.found[name] = now
	switch {
	case before == now:
		return
	case now == away:
		r.logger.WarnContext(ctx, "the WMS does not answer", slog.String("account", name), slog.String("err", why))
	case before == away:
		r.logger.InfoContext(ctx, "the WMS answers again", slog.String("account", name))
	}
	r.tell()
}

// tell turns health; the caller holds the lock.
func (r *reach) tell() {
	gone := 0
	for _, found := range r.found {
		if found == away {
			gone++
		}
	}
	r.health(gone < len(r.doubt))
}

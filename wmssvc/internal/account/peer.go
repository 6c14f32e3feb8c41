package account

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// shownFor is for how long it holds what a peer was seen to be (rule 12, docs/rules.md).
const shownFor = time.Minute

// maxPeers bounds the memory of peers; more than a few are a name that leads to many addresses.
const maxPeers = 256

// peers remember when each peer of the account last showed what kind of server it is, and which, and let one caller at
// a time find out. A peer that shows another kind than the others stops the account; one that was seen as another kind
// than the account's is as unknown as one that was not seen.
type peers struct {
	// latest is the peer that showed itself last: as a rule there is one, and then nobody waits for the lock.
	latest atomic.Pointer[showing]
	mu     sync.Mutex
	seen   map[wms.Peer]*sight
}

// showing is what a peer showed itself to be, and when, to within noteEvery.
type showing struct {
	peer wms.Peer
	as   Environment
	at   time.Time
}

// lately says whether that moment is less than shownFor away, by the clock on the wall and by the one that only counts:
// the one may be set, the other may stand still while a machine sleeps.
func lately(at, now time.Time) bool {
	return now.Sub(at).Abs() < shownFor && now.Round(0).Sub(at.Round(0)).Abs() < shownFor
}

// noteEvery is how often it is noted that a peer goes on showing itself.
const noteEvery = time.Second

// sight is what is known of one peer.
type sight struct {
	as Environment
	at time.Time
	// asking is closed when the caller who asks the peer has its answer; nil while nobody is.
	asking chan struct{}
}

// note remembers what the peer has shown itself to be.
func (p *peers) note(peer wms.Peer, as Environment, at time.Time) {
	if l := p.latest.Load(); l != nil && l.peer == peer && l.as == as && at.Sub(l.at).Abs() < noteEvery {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(peer)
	s.as, s.at = as, at
	p.latest.Store(&showing{peer, as, at})
}

// fresh says whether any peer has shown itself lately.
func (p *peers) fresh(now time.Time) bool {
	l := p.latest.Load()
	return l != nil && lately(l.at, now)
}

// of answers the peer's entry; the caller holds the lock.
func (p *peers) of(peer wms.Peer) *sight {
	s := p.seen[peer]
	if s == nil {
		if p.seen == nil || len(p.seen) >= maxPeers {
			p.seen = make(map[wms.Peer]*sight)
		}
		s = &sight{}
		p.seen[peer] = s
	}
	return s
}

// errShownNothing is for those who waited for another caller's harmless call to the peer.
var errShownNothing = errors.New("the harmless call showed nothing")

// seenLately says whether the peer was seen as this within shownFor.
func (p *peers) seenLately(peer wms.Peer, as Environment, now time.Time) bool {
	if l := p.latest.Load(); l != nil && l.peer == peer {
		return l.as == as && lately(l.at, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(peer)
	return s.as == as && lately(s.at, now)
}

// know finds out about a peer that is not known to be what the account's server is. Whoever comes first asks, alone;
// the others wait for what it shows, until before.
func (p *peers) know(
	ctx context.Context, peer wms.Peer, known func() bool, late time.Duration, ask func() error,
) error {
	p.mu.Lock()
	s := p.of(peer)
	if asking := s.asking; asking != nil {
		p.mu.Unlock()
		late := time.NewTimer(late)
		defer late.Stop()
		select {
		case <-asking:
		case <-late.C:
		case <-ctx.Done():
		}
		if !known() {
			return errShownNothing
		}
		return nil
	}
	asking := make(chan struct{})
	s.asking = asking
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		s.asking = nil
		p.mu.Unlock()
		close(asking)
	}()
	if known() {
		// Another caller's harmless call ended in the moment before.
		return nil
	}
	return ask()
}

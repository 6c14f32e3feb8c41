package account

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// lookAgain is for how long it holds what a peer was seen to be (rule 12, docs/rules.md).
const lookAgain = time.Minute

// maxPeers bounds the memory of peers; more than a few are a name that leads to many addresses.
const maxPeers = 256

// peers remember when each peer of the account last showed what kind of server it is, and let one caller at a time find out. Which kind
// it was is the account's matter: a peer that shows another kind than the others stops the account.
type peers struct {
	// latest is the peer that showed itself last: as a rule there is one, and then nobody waits for the lock.
	latest atomic.Pointer[showing]
	mu     sync.Mutex
	seen   map[wms.Peer]*sight
}

// showing is when a peer showed itself, to within noteEvery.
type showing struct {
	peer wms.Peer
	at   time.Time
}

// noteEvery is how often it is noted that a peer goes on showing itself.
const noteEvery = time.Second

// sight is what is known of one peer.
type sight struct {
	at time.Time
	// looking is closed when the caller who is finding out has done so; nil while nobody is.
	looking chan struct{}
}

// note remembers that the peer has shown itself.
func (p *peers) note(peer wms.Peer, at time.Time) {
	if l := p.latest.Load(); l != nil && l.peer == peer && at.Sub(l.at).Abs() < noteEvery {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(peer).at = at
	p.latest.Store(&showing{peer, at})
}

// fresh says whether any peer has shown itself lately.
func (p *peers) fresh(now time.Time) bool {
	l := p.latest.Load()
	return l != nil && now.Sub(l.at) < lookAgain
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

// errLookedInVain is for those who waited for another's look at the peer.
var errLookedInVain = errors.New("the harmless call showed nothing")

// seenLately says whether the peer was seen within lookAgain.
func (p *peers) seenLately(peer wms.Peer, now time.Time) bool {
	if l := p.latest.Load(); l != nil && l.peer == peer {
		return now.Sub(l.at) < lookAgain
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(peer)
	return !s.at.IsZero() && now.Sub(s.at) < lookAgain
}

// know finds out about a peer that was not seen lately. Whoever comes first looks, alone; the others wait for what it shows, until
// before.
func (p *peers) know(ctx context.Context, peer wms.Peer, now func() time.Time, before time.Time, look func() error) error {
	p.mu.Lock()
	s := p.of(peer)
	if looking := s.looking; looking != nil {
		p.mu.Unlock()
		late := time.NewTimer(before.Sub(now()))
		defer late.Stop()
		select {
		case <-looking:
		case <-late.C:
		case <-ctx.Done():
		}
		if !p.seenLately(peer, now()) {
			return errLookedInVain
		}
		return nil
	}
	looking := make(chan struct{})
	s.looking = looking
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		s.looking = nil
		p.mu.Unlock()
		close(looking)
	}()
	if p.seenLately(peer, now()) {
		// Another's look ended in the moment before.
		return nil
	}
	return look()
}

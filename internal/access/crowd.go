package access

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// mostKnown right logins are remembered, of those that were made last.
const mostKnown = 4096

// HeldBackError is a login that was not looked at, because as many wrong ones of its address as may be are held back at
// that moment. Services turn it into RESOURCE_EXHAUSTED. It says nothing about the token.
type HeldBackError struct {
	// RetryAfter is when to try again.
	RetryAfter time.Duration
}

// Error says why.
func (e *HeldBackError) Error() string {
	return "too many wrong tokens of this address are being held back; the token was not looked at (此地址错误令牌过多，未核对)"
}

// knownLogins are tokens that were right, with the address that each came from, so that whoever is known there goes on
// while others guess. The zero value knows none. Safe for concurrent use.
type knownLogins struct {
	mu  sync.Mutex
	all map[knownLogin]time.Time
}

type knownLogin struct {
	from   netip.Prefix
	digest [sha256.Size]byte
}

func loginOf(from, token string) knownLogin {
	return knownLogin{prefixOf(from), sha256.Sum256([]byte(token))}
}

// remember notes that a token was right.
func (k *knownLogins) remember(login knownLogin, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[knownLogin]time.Time{}
	}
	if _, there := k.all[login]; !there && len(k.all) >= mostKnown {
		k.forget()
	}
	k.all[login] = now
}

// forget makes room: of some the one goes that was right longest ago.
func (k *knownLogins) forget() {
	var oldest knownLogin
	var at time.Time
	some := 32
	for login, last := range k.all {
		if at.IsZero() || last.Before(at) {
			oldest, at = login, last
		}
		if some--; some == 0 {
			break
		}
	}
	delete(k.all, oldest)
}

func (k *knownLogins) has(login knownLogin) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, there := k.all[login]
	return there
}

// right remembers who was let in, and from where.
func (r *Refusals) right(from, token string) {
	if r != nil {
		r.known.remember(loginOf(from, token), r.now())
	}
}

// heldBack says whether a token is not to be looked at: its address has as many wrong ones waiting for their answers as
// it may, or has used up what is answered at once while all addresses together have, and it was not right from there
// before. Whoever looked would tell right from wrong at once, as often as he is asked.
func (r *Refusals) heldBack(from, token string) error {
	if r == nil || !r.crowded(prefixOf(from)) || r.known.has(loginOf(from, token)) {
		return nil
	}
	return &HeldBackError{RetryAfter: r.slowing.Most}
}

func (r *Refusals) crowded(prefix netip.Prefix) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.addresses[prefix]
	if a == nil {
		return false
	}
	return a.waiting >= waitingOfOne || r.waiting >= mostWaiting && r.leftOf(a, r.now()) < 1
}

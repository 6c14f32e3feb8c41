package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Cause is why a login was refused, as the log and the metric name it.
type Cause string

// The causes.
const (
	NothingShown       Cause = "nothing_shown"
	WrongToken         Cause = "wrong_token"
	ExpiredToken       Cause = "expired_token"
	UnknownCertificate Cause = "unknown_certificate"
	ExpiredCertificate Cause = "expired_certificate"
	ForeignCertificate Cause = "foreign_certificate"
	Forged             Cause = "forged"
	NotAllowed         Cause = "not_allowed"
	HeldBack           Cause = "held_back"
)

// Causes are all of them.
func Causes() []Cause {
	return []Cause{
		NothingShown, WrongToken, ExpiredToken, UnknownCertificate, ExpiredCertificate, ForeignCertificate, Forged,
		NotAllowed, HeldBack,
	}
}

// Slowing says how the refusals of one address are slowed: so many in a row are answered at once, and each further one
// after a longer wait. What was used up comes back in time. A login that is right is never slowed.
type Slowing struct {
	// Free are answered at once; of them one comes back after each Back.
	Free int
	Back time.Duration
	// Step is how much longer each further one waits, Most the longest wait.
	Step, Most time.Duration
}

// usualSlowing lets somebody mistype, and 2,000 guesses one after the other take an hour and a half.
var usualSlowing = Slowing{Free: 10, Back: 6 * time.Second, Step: 250 * time.Millisecond, Most: 3 * time.Second}

const (
	// toldAgain is how long a trouble is counted before another line tells of it.
	toldAgain = time.Minute
	// mostAddresses are remembered, mostTroubles of each: who did what there.
	mostAddresses, mostTroubles = 4096, 16
	// mostLines are written within toldAgain, whoever calls from wherever.
	mostLines = 120
	// mostWaiting answers are held back at once, waitingOfOne of them of one address: those who are right need room.
	mostWaiting, waitingOfOne = 1024, 128
	longestText               = 100
)

// Refusals are a door's book of refused logins: it logs, counts and slows them. Safe for concurrent use; nil keeps
// none.
type Refusals struct {
	logger  *slog.Logger
	count   func(Cause)
	slowing Slowing
	// closing ends every wait.
	closing context.Context //nolint:containedctx // the server's life, not a call's
	now     func() time.Time
	wait    func(time.Duration)

	known knownLogins

	mu        sync.Mutex
	addresses map[netip.Prefix]*address
	waiting   int
	// lines were written since begun; lost are refusals of addresses that were forgotten before they were told.
	lines int
	begun time.Time
	lost  int
}

// address is what one caller's address has used up and what is to be told of it.
type address struct {
	at       time.Time
	left     float64
	waiting  int
	troubles map[trouble]*refused
}

// trouble is what one line tells of.
type trouble struct {
	cause  Cause
	caller string
}

type refused struct {
	toldAt time.Time
	// untold were refused since, the last one by this method and in these words.
	untold        int
	method, words string
}

// NewRefusals makes a book; count hears of each refusal. closing ends what waits. The zero Slowing is the usual one.
func NewRefusals(closing context.Context, logger *slog.Logger, slowing Slowing, count func(Cause)) *Refusals {
	if slowing == (Slowing{}) {
		slowing = usualSlowing
	}
	r := &Refusals{
		logger: logger, count: count, slowing: slowing, closing: closing, now: time.Now,
		addresses: map[netip.Prefix]*address{},
	}
	r.wait = r.rest
	return r
}

// rest waits as long as the answer is held back. Whoever hangs up meanwhile does not end it: he would else ask again at
// once.
func (r *Refusals) rest(long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.closing.Done():
	}
}

// refuse logs, counts and slows one refusal: it returns when the answer may be given.
func (r *Refusals) refuse(from, method string, err error) {
	if r == nil {
		return
	}
	cause, caller := causeOf(err)
	// Who is known and may not do this guesses nothing, nor does whose token was not looked at.
	long := r.note(from, method, trouble{cause, caller}, err, cause != NotAllowed && cause != HeldBack)
	r.count(cause)
	if long > 0 {
		r.wait(long)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.waiting--
		if a := r.addresses[prefixOf(from)]; a != nil && a.waiting > 0 {
			a.waiting--
		}
	}
}

// note writes down a refusal, tells of it if its time has come, and, where it is to be slowed, answers how long it
// waits, which is counted.
func (r *Refusals) note(from, method string, key trouble, err error, slowed bool) (long time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	a := r.addressOf(prefixOf(from), now)
	t, known := a.troubles[key]
	if !known && len(a.troubles) >= mostTroubles {
		key.caller = "" // one line for what else is refused there
		t, known = a.troubles[key]
	}
	if !known {
		t = &refused{}
		a.troubles[key] = t
	}
	t.untold++
	t.method, t.words = clipped(method), clipped(err.Error())
	r.tell(prefixOf(from), key, t, now)
	if !slowed {
		return 0
	}
	return r.slow(a, now)
}

// slow takes one refusal from what the address has left.
func (r *Refusals) slow(a *address, now time.Time) time.Duration {
	a.left, a.at = r.leftOf(a, now), now
	a.left = max(a.left-1, -float64(r.slowing.deepest()))
	if a.left >= 0 || r.waiting >= mostWaiting || a.waiting >= waitingOfOne {
		return 0
	}
	r.waiting++
	a.waiting++
	return min(time.Duration(-a.left*float64(r.slowing.Step)), r.slowing.Most)
}

// leftOf is how many refusals an address has left by now that are answered at once.
func (r *Refusals) leftOf(a *address, now time.Time) float64 {
	back := now.Sub(a.at).Seconds() / r.slowing.Back.Seconds()
	return min(float64(r.slowing.Free), a.left+back)
}

// deepest is how many refusals beyond the free ones make the wait as long as it gets.
func (s Slowing) deepest() int { return int(s.Most / s.Step) }

// addressOf remembers an address, and forgets another for it where there are too many.
func (r *Refusals) addressOf(prefix netip.Prefix, now time.Time) *address {
	if a, ok := r.addresses[prefix]; ok {
		return a
	}
	if len(r.addresses) >= mostAddresses {
		r.forget()
	}
	a := &address{at: now, left: float64(r.slowing.Free), troubles: map[trouble]*refused{}}
	r.addresses[prefix] = a
	return a
}

// forget makes room: of some addresses the one goes that was refused longest ago.
func (r *Refusals) forget() {
	var oldest netip.Prefix
	var at time.Time
	some := 32
	for prefix, a := range r.addresses {
		if at.IsZero() || a.at.Before(at) {
			oldest, at = prefix, a.at
		}
		if some--; some == 0 {
			break
		}
	}
	for _, t := range r.addresses[oldest].troubles {
		r.lost += t.untold
	}
	delete(r.addresses, oldest)
}

// tell writes what is untold of a trouble, unless a line of it, or too many of others, were written within the minute.
func (r *Refusals) tell(prefix netip.Prefix, key trouble, t *refused, now time.Time) {
	if t.untold == 0 || !t.toldAt.IsZero() && now.Sub(t.toldAt) < toldAgain {
		return
	}
	if now.Sub(r.begun) >= toldAgain {
		r.lines, r.begun = 0, now
	}
	if r.lines >= mostLines {
		return
	}
	r.lines++
	attrs := []slog.Attr{
		slog.String("from", addressIn(prefix)), slog.String("method", t.method),
		slog.String("cause", string(key.cause)), slog.String("err", t.words), slog.Int("count", t.untold),
	}
	if key.caller != "" {
		attrs = append(attrs, slog.String("caller", key.caller))
	}
	r.logger.LogAttrs(r.closing, slog.LevelWarn, "a login was refused", attrs...)
	t.untold, t.toldAt = 0, now
}

// Run tells of what was held back, until the server closes, and forgets who has long been quiet.
func (r *Refusals) Run() {
	ticker := time.NewTicker(toldAgain / 6)
	defer ticker.Stop()
	for {
		select {
		case <-r.closing.Done():
			return
		case <-ticker.C:
			r.flush(r.now())
		}
	}
}

// Close tells of all that was held back.
func (r *Refusals) Close() {
	r.flush(r.now().Add(toldAgain))
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.addresses) > 0 {
		r.forget()
	}
	r.tellLost()
}

func (r *Refusals) flush(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tellLost()
	recovered := float64(r.slowing.Free+r.slowing.deepest()) * r.slowing.Back.Seconds()
	for prefix, a := range r.addresses {
		for key, t := range a.troubles {
			r.tell(prefix, key, t, now)
			if t.untold == 0 && now.Sub(t.toldAt) >= toldAgain {
				delete(a.troubles, key)
			}
		}
		if len(a.troubles) == 0 && a.waiting == 0 && now.Sub(a.at).Seconds() > recovered {
			delete(r.addresses, prefix)
		}
	}
}

func (r *Refusals) tellLost() {
	if r.lost > 0 {
		r.logger.LogAttrs(r.closing, slog.LevelWarn, "logins from many other addresses were refused",
			slog.Int("count", r.lost))
		r.lost = 0
	}
}

// causeOf is why, and who it was as far as he is known.
func causeOf(err error) (cause Cause, caller string) {
	var forbidden *Forbidden
	if errors.As(err, &forbidden) {
		return NotAllowed, forbidden.Caller.Name
	}
	var held *HeldBackError
	if errors.As(err, &held) {
		return HeldBack, ""
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Cause, refusal.Caller
	}
	return NothingShown, ""
}

// Handshake logs and counts a TLS handshake that failed because of the caller's certificate; other faults of
// handshakes are no logins.
func (r *Refusals) Handshake(from net.Addr, err error) {
	if r == nil {
		return
	}
	refusal := &Refusal{Why: "no authority of ours signed the certificate (证书不是受信机构签发)", Cause: ForeignCertificate}
	var failed *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		refusal = errPastItsEnd
	case errors.As(err, &failed):
	case err != nil && strings.Contains(err.Error(), "didn't provide a certificate"):
		refusal = &Refusal{Why: "this service wants a client certificate (需要客户端证书)", Cause: NothingShown}
	default:
		return
	}
	r.note(hostOf(from.String()), "TLS handshake", trouble{cause: refusal.Cause}, refusal, false)
	r.count(refusal.Cause)
}

// ConnState hears of the handshakes of an http.Server that speaks TLS.
func (r *Refusals) ConnState(conn net.Conn, state http.ConnState) {
	secured, ok := conn.(*tls.Conn)
	if ok && state == http.StateClosed && !secured.ConnectionState().HandshakeComplete {
		// It has been tried and says again what was wrong.
		r.Handshake(conn.RemoteAddr(), secured.HandshakeContext(r.closing))
	}
}

// prefixOf is what is slowed together: one address, or the network of one host where it is IPv6, which has as many as
// it likes.
func prefixOf(from string) netip.Prefix {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() && !addr.IsLoopback() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}

// addressIn writes the one address of a prefix, or the prefix.
func addressIn(prefix netip.Prefix) string {
	switch {
	case !prefix.IsValid():
		return ""
	case prefix.IsSingleIP():
		return prefix.Addr().String()
	}
	return prefix.String()
}

// hostOf is the host of host:port.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

// clipped keeps a line short whatever a caller wrote.
func clipped(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if utf8.RuneCountInString(text) <= longestText {
		return text
	}
	return string([]rune(text)[:longestText]) + "…"
}

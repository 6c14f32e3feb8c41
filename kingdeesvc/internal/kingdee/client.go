package kingdee

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Options are what a Client is made of.
type Options struct {
	// BaseURL is a ParseBaseURL result.
	BaseURL *url.URL
	// Auth opens sessions. Header signs every request instead; exactly one of the two is set.
	Auth   Auth
	Header *HeaderAuth
	// KeepOthers logs in without ending the user's other sessions, where the server can.
	KeepOthers bool
	// Sessions is how many are used at most; each runs its requests one after the other. 0 = 1.
	Sessions int
	// Roots are the authorities whose certificates are trusted; nil = the system's.
	Roots *x509.CertPool
	// Pins, if any, are the only certificates that are trusted, whoever issued them and whatever they name.
	Pins []Pin
	// Zone is what the settings say about the server's wall clock; nil = UTC.
	Zone *time.Location
	// Rate is requests a second; 0 = DefaultRate, and none at all once the server says that it is a sandbox.
	Rate float64
	Now  func() time.Time
	// Health, if set, is told whenever the vendor becomes usable or stops being so. It must not block.
	Health func(usable bool, cause error)
	// Observer, if set, is told of every request.
	Observer Observer
	Logger   *slog.Logger
	// Pause waits between two tries; nil = a timer.
	Pause func(ctx context.Context, d time.Duration) error
}

// DefaultRate is requests a second on a real server. The vendor publishes no figure; overload shows as slowness.
const DefaultRate = 5

// Client talks to one account of one server. Safe for concurrent use; requests queue for the sessions.
type Client struct {
	transport  *transport
	way        atomic.Pointer[way]
	keepOthers bool
	account    *account
	gate       *gate
	circuit    *circuit
	throttle   *throttle
	limiter    *rate.Limiter
	ownRate    bool
	zone       *time.Location
	now        func() time.Time
	pause      func(ctx context.Context, d time.Duration) error
	observer   Observer
	logger     *slog.Logger
	opened     atomic.Int64
	underWay   atomic.Int64

	// life ends with Close; working are the calls under way, those that were given up too.
	life    context.Context
	end     context.CancelFunc
	working sync.WaitGroup

	health func(bool, error)
	// telling keeps the calls of health in the order of what they say.
	telling sync.Mutex
	told    *bool
	mu      sync.Mutex
	lastAt  time.Time
	// lastMeta is that of the last answer on a session.
	lastMeta Meta
	skew     time.Duration
	hasSkew  bool
}

// New builds a Client; it sends nothing yet.
func New(o Options) *Client {
	perSecond := o.Rate
	if perSecond == 0 {
		perSecond = DefaultRate
	}
	limiter := rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
	c := &Client{
		transport:  newTransport(o.BaseURL, tlsConfig(o.Roots, o.Pins), o.Now),
		keepOthers: o.KeepOthers,
		account:    newAccount(o.Now),
		gate:       newGate(limiter, o.Sessions),
		circuit:    &circuit{now: o.Now, logger: o.Logger},
		throttle:   &throttle{now: o.Now},
		limiter:    limiter,
		ownRate:    o.Rate != 0,
		zone:       o.Zone,
		now:        o.Now,
		pause:      o.Pause,
		observer:   o.Observer,
		logger:     o.Logger,
		health:     o.Health,
	}
	c.way.Store(&way{o.Auth, o.Header})
	c.life, c.end = context.WithCancel(context.Background())
	if c.pause == nil {
		c.pause = sleep
	}
	if c.zone == nil {
		c.zone = time.UTC
	}
	if c.observer == nil {
		c.observer = deaf{}
	}
	return c
}

// way is how we get in: auth opens sessions, or header signs every request.
type way struct {
	auth   Auth
	header *HeaderAuth
}

// signed is what signs every request; nil where sessions are opened by a login.
func (c *Client) signed() *HeaderAuth { return c.way.Load().header }

// Change sets other credentials, of the same kind as before: what was refused because of the old ones is tried again at
// once.
func (c *Client) Change(auth Auth, header *HeaderAuth) {
	c.way.Store(&way{auth, header})
	c.account.forget()
}

// Trust sets other certificates to trust, as Options.Roots and Options.Pins do: connections are made by them from now
// on.
func (c *Client) Trust(roots *x509.CertPool, pins []Pin) { c.transport.trust(tlsConfig(roots, pins)) }

// logoutLimit bounds the good-byes of Close.
const logoutLimit = 2 * time.Second

// Close cuts calls that were given up, logs the sessions out and lets go of connections. No other call may be under way
// or follow.
func (c *Client) Close(ctx context.Context) {
	c.end()
	c.working.Wait()
	ctx, cancel := context.WithTimeout(ctx, logoutLimit)
	defer cancel()
	for _, s := range c.gate.close() {
		if s.id != "" {
			c.logout(ctx, s)
		}
	}
	c.transport.close()
}

// Login is what the last successful login said; zero before the first, and always with signed headers.
func (c *Client) Login() LoginInfo { return c.account.login() }

// KeepsOthers says whether logins leave the user's other sessions alone, as far as is known.
func (c *Client) KeepsOthers() bool { return c.keepOthers && c.account.keepsOthers() }

// Busy says whether a request is under way, also one whose caller has left.
func (c *Client) Busy() bool { return c.underWay.Load() > 0 }

// Unusable says whether health was last told that the vendor cannot be used.
func (c *Client) Unusable() bool {
	c.telling.Lock()
	defer c.telling.Unlock()
	return c.told != nil && !*c.told
}

// LastAnswer is when the vendor last answered anything that was no refusal to let us in.
func (c *Client) LastAnswer() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastAt
}

// request is one read of the vendor's. accept says what is wrong with an answer that is no failure; nil takes any.
type request struct {
	service string
	payload any
	accept  func(answer) *Fault
}

// Recent is what the last answer on a session said beside its body, as if it had come now: the vendor's clock has gone
// on since. False where it is older than age, or told no clock.
func (c *Client) Recent(age time.Duration) (Meta, bool) {
	c.mu.Lock()
	meta := c.lastMeta
	c.mu.Unlock()
	since := c.now().Sub(meta.Arrived)
	if meta.Date.IsZero() || since < 0 || since > age {
		return Meta{}, false
	}
	meta.Date = meta.Date.Add(since)
	return meta, true
}

// call sends one read, repeats it a few times where that can help, and reports the outcome to the circuit
// and to health.
func (c *Client) call(ctx context.Context, r request) (answer, Meta, error) {
	trial, refused := c.circuit.enter()
	if refused != nil {
		return answer{}, Meta{}, refused
	}
	got, meta, err := c.repeat(ctx, r)
	c.circuit.leave(trial, err)
	c.note(err)
	return got, meta, err
}

func (c *Client) repeat(ctx context.Context, r request) (answer, Meta, error) {
	flow := flowOf(ctx)
	for try := 1; ; try++ {
		got, meta, err := c.once(ctx, flow, r, try == 1)
		wait := backoff(err, try)
		if wait == 0 || try == tries || !fits(ctx, c.now(), wait) {
			return got, meta, c.throttle.endCall(err)
		}
		c.throttle.note(err, wait)
		c.logger.InfoContext(ctx, "kingdee: repeating a read", "attempt", try, "err", err)
		if err := c.pause(ctx, wait); err != nil {
			return answer{}, meta, fmt.Errorf("kingdee: %w", err)
		}
	}
}

// once waits for a session and lets attempt work on it.
func (c *Client) once(ctx context.Context, flow *Flow, r request, first bool) (answer, Meta, error) {
	asked := time.Now()
	s, err := c.gate.enter(ctx, flow)
	c.observer.Turn(ctx, time.Since(asked))
	if err != nil {
		return answer{}, Meta{}, err
	}
	if first {
		if err := c.hold(ctx); err != nil {
			c.gate.leave(s)
			return answer{}, Meta{}, err
		}
	}
	return c.detached(ctx, s, r)
}

// hold waits where the vendor asked for fewer calls.
func (c *Client) hold(ctx context.Context) error {
	left := c.throttle.left()
	if left <= 0 {
		return nil
	}
	if !fits(ctx, c.now(), left) {
		return &Fault{Class: Throttled, Code: NoCode, RetryAfter: left,
			Message: "not asked: Kingdee restricts calls (MsgCode 14) and the pause does not fit the deadline"}
	}
	if err := c.pause(ctx, left); err != nil {
		return fmt.Errorf("kingdee: the vendor asked for fewer calls: %w", err)
	}
	return nil
}

// attempt logs in if needed and sends; where the session was lost, or may have been, it logs in once more and sends
// once more.
func (c *Client) attempt(ctx context.Context, s *session, r request) (answer, Meta, error) {
	paid := true // the gate took the first request's place in the pace
	got, meta, err := c.exchange(ctx, s, r, &paid)
	l := c.lost(ctx, s, err)
	if l == nil {
		return got, meta, rowsAllTheSame(c.endExchange(s, nil, err))
	}
	defer l.release()
	old := *s
	c.drop(s)
	c.logger.InfoContext(ctx, "kingdee: the session is lost or may be, logging in again", "err", err)
	got, meta, err = c.exchange(ctx, s, r, &paid)
	if l.doubted && !s.proven {
		c.giveUp(ctx, old)
	}
	return got, meta, rowsAllTheSame(c.endExchange(s, l, err))
}

// rowsAllTheSame lets pass what a new session heard as well, or would hear, and what may be the rows of one bad bill.
func rowsAllTheSame(err error) error {
	if fault, ok := asFault(err); ok && fault.Odd && fault.mayBeRows {
		return nil
	}
	return err
}

func (c *Client) exchange(ctx context.Context, s *session, r request, paid *bool) (answer, Meta, error) {
	if err := c.ready(ctx, s, paid); err != nil {
		return answer{}, Meta{}, err
	}
	return c.send(ctx, s, r, paid)
}

// post is one HTTP exchange, which ends only when the vendor has answered, its own time is over or the client is
// closed, with what it says about the server's kind and clock.
func (c *Client) post(
	ctx context.Context, service string, header http.Header, cookies *jar, payload any,
) (int, received, Meta, error) {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	status, body, meta, err := c.transport.post(sending, service, header, cookies, payload)
	c.pace(meta)
	if !meta.Date.IsZero() {
		middle := meta.Left.Add(meta.Arrived.Sub(meta.Left) / 2)
		c.mu.Lock()
		// A Date is cut to its second; half of one more is the better guess.
		c.skew, c.hasSkew = meta.Date.Add(500*time.Millisecond).Sub(middle), true
		c.mu.Unlock()
	}
	return status, body, meta, err
}

// seen tells the observer how an exchange ended.
func (c *Client) seen(ctx context.Context, service string, since time.Time, err error) {
	outcome := "ok"
	if err != nil {
		if outcome = ClassOf(err).String(); outcome == "" {
			outcome = "abandoned"
		}
	}
	c.observer.Request(ctx, service[strings.LastIndexByte(service, '.')+1:], outcome, time.Since(since))
}

// pay waits for the pace, unless that was done already.
func (c *Client) pay(ctx context.Context, paid *bool) error {
	if *paid {
		*paid = false
		return nil
	}
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("kingdee: waiting for the pace: %w", context.Cause(ctx))
		}
		return errPace()
	}
	return nil
}

func errPace() *Fault {
	return &Fault{Class: Throttled, Code: NoCode, Message: "our own pace (KINGDEE_RATE) does not fit the deadline"}
}

// pace lifts the default limit on a sandbox and restores it on a real server.
func (c *Client) pace(meta Meta) {
	if c.ownRate || meta.Date.IsZero() && meta.DateNote == "" {
		return
	}
	if want := map[bool]rate.Limit{true: rate.Inf, false: DefaultRate}[meta.Sandbox]; c.limiter.Limit() != want {
		c.limiter.SetLimit(want)
	}
}

// note tells health about a change. Only an answer, a refused login and silence say anything about the vendor.
func (c *Client) note(err error) {
	usable := true
	fault, isFault := asFault(err)
	switch {
	case err == nil:
	case !isFault && !isNoRepeat(err):
		return
	case isNoRepeat(err), presenceOf(err) == silent && c.circuit.current() == CircuitOpen:
		usable = false
	case fault.Odd:
		return
	default:
		switch fault.Class {
		case Unreachable:
			usable = false
		case SessionLost, Throttled, Busy, Unreadable:
			return
		}
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	if usable {
		c.mu.Lock()
		c.lastAt = c.now()
		c.mu.Unlock()
	}
	if c.told != nil && *c.told == usable {
		return
	}
	c.told = &usable
	if c.health != nil {
		c.health(usable, err)
	}
}

package kingdee

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Options are what a Client is made of.
type Options struct {
	// BaseURL is a ParseBaseURL result.
	BaseURL *url.URL
	Auth    Auth
	// Zone is what the settings say about the server's wall clock; nil = UTC.
	Zone *time.Location
	// Rate is requests a second; 0 = DefaultRate, and none at all once the server says that it is a sandbox.
	Rate float64
	Now  func() time.Time
	// Health, if set, is told whenever the vendor becomes usable or stops being so. It must not block.
	Health func(usable bool, cause error)
	Logger *slog.Logger
	// Pause waits between two tries; nil = a timer.
	Pause func(ctx context.Context, d time.Duration) error
}

// DefaultRate is requests a second on a real server. The vendor publishes no figure; overload shows as slowness.
const DefaultRate = 5

// tries is how often one read is sent at most, the first included.
const tries = 3

// Client talks to one account of one server. Safe for concurrent use; requests queue for the one session.
type Client struct {
	transport *transport
	session   *session
	slot      chan struct{}
	limiter   *rate.Limiter
	ownRate   bool
	zone      *time.Location
	pause     func(ctx context.Context, d time.Duration) error
	logger    *slog.Logger

	health func(bool, error)
	mu     sync.Mutex
	told   *bool
	lastAt time.Time
}

// New builds a Client; it sends nothing yet.
func New(o Options) *Client {
	perSecond := o.Rate
	if perSecond == 0 {
		perSecond = DefaultRate
	}
	c := &Client{
		transport: newTransport(o.BaseURL, o.Now),
		session:   &session{auth: o.Auth, now: o.Now},
		slot:      make(chan struct{}, 1),
		limiter:   rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond))),
		ownRate:   o.Rate != 0,
		zone:      o.Zone,
		pause:     o.Pause,
		logger:    o.Logger,
		health:    o.Health,
	}
	if c.pause == nil {
		c.pause = sleep
	}
	if c.zone == nil {
		c.zone = time.UTC
	}
	return c
}

// Close lets go of idle connections.
func (c *Client) Close() { c.transport.close() }

// Login is what the last successful login said; zero before the first.
func (c *Client) Login() LoginInfo { return c.session.login() }

// LastAnswer is when the vendor last answered anything that was no refusal to let us in.
func (c *Client) LastAnswer() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastAt
}

// call sends one read, repeats it a few times where that can help, and reports the outcome to health.
func (c *Client) call(ctx context.Context, service string, payload any) (answer, Meta, error) {
	for try := 1; ; try++ {
		got, meta, err := c.once(ctx, service, payload)
		wait := backoff(err, try)
		if wait > 0 && try < tries && fits(ctx, c.session.now(), wait) {
			c.logger.InfoContext(ctx, "kingdee: repeating a read", "attempt", try, "err", err)
			if err := c.pause(ctx, wait); err != nil {
				return answer{}, meta, fmt.Errorf("kingdee: %w", err)
			}
			continue
		}
		c.note(err)
		return got, meta, err
	}
}

// once takes the session's slot, logs in if needed and sends; a lost session is renewed once and the read replayed once.
func (c *Client) once(ctx context.Context, service string, payload any) (answer, Meta, error) {
	select {
	case c.slot <- struct{}{}:
		defer func() { <-c.slot }()
	case <-ctx.Done():
		return answer{}, Meta{}, fmt.Errorf("kingdee: waiting for the session: %w", context.Cause(ctx))
	}
	for renewed := false; ; renewed = true {
		if c.session.id == "" {
			if err := c.open(ctx); err != nil {
				return answer{}, Meta{}, err
			}
		}
		got, meta, err := c.send(ctx, service, payload)
		if ClassOf(err) != SessionLost {
			return got, meta, err
		}
		c.session.id = ""
		if renewed {
			return answer{}, meta, err
		}
		c.logger.InfoContext(ctx, "kingdee: session lost, logging in again")
	}
}

func (c *Client) open(ctx context.Context) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	meta, err := c.session.open(ctx, c.transport)
	c.pace(meta)
	if err == nil {
		login := c.session.login()
		c.logger.InfoContext(ctx, "kingdee: logged in", "data_center", login.DataCenterID, "user", login.UserName, "sandbox", meta.Sandbox)
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	// A login is not repeated by call: whoever asks next tries again, after the pause if it was refused.
	return &noRepeat{err}
}

func (c *Client) send(ctx context.Context, service string, payload any) (answer, Meta, error) {
	if err := c.take(ctx); err != nil {
		return answer{}, Meta{}, err
	}
	status, body, meta, err := c.transport.post(ctx, service, c.session.id, payload)
	c.pace(meta)
	if err != nil {
		return answer{}, meta, err
	}
	got, fault := classify(status, body)
	if fault != nil {
		return answer{}, meta, fault
	}
	return got, meta, nil
}

// take waits for the pace.
func (c *Client) take(ctx context.Context) error {
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("kingdee: waiting for the pace: %w", context.Cause(ctx))
		}
		return &Fault{Class: Throttled, Code: NoCode, Message: "our own pace (KINGDEE_RATE) does not fit the deadline"}
	}
	return nil
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
	_, atLogin := errors.AsType[*noRepeat](err)
	switch class := ClassOf(err); {
	case atLogin, class == LoginRefused, class == Unreachable:
		usable = false
	case class == SessionLost, class == Throttled, class == Busy, class == Unreadable:
		return
	case class == 0 && err != nil:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if usable {
		c.lastAt = c.session.now()
	}
	if c.told != nil && *c.told == usable {
		return
	}
	c.told = &usable
	if c.health != nil {
		c.health(usable, err)
	}
}

// noRepeat marks an error that call must not repeat.
type noRepeat struct{ error }

func (n *noRepeat) Unwrap() error { return n.error }

// backoff is the pause before the next try, with jitter; 0 = do not try again.
func backoff(err error, try int) time.Duration {
	if _, final := errors.AsType[*noRepeat](err); final {
		return 0
	}
	base := time.Duration(0)
	if fault, ok := errors.AsType[*Fault](err); ok {
		switch {
		case fault.Class == Throttled && fault.Code == 14, fault.Code == 13:
			base = time.Second
		case fault.Class == Unreachable, fault.Class == Busy:
			base = 200 * time.Millisecond
		}
	}
	if base == 0 {
		return 0
	}
	base <<= try - 1
	return base/2 + rand.N(base) //nolint:gosec // jitter needs no secrecy
}

// fits says whether a pause leaves the caller any time.
func fits(ctx context.Context, now time.Time, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || now.Add(wait).Before(deadline)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package kingdee

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const authService = "Kingdee.BOS.WebApi.ServicesStub.AuthService."

// renewAfter is how long a session may lie unused. Servers end idle ones after 20 minutes (a setting in Web.config);
// one that is nearly there is replaced instead of risked.
const renewAfter = 15 * time.Minute

// session is one place in the vendor's queue: a login or, with signed headers, the session that the server made by
// itself. Its fields belong to whoever holds it.
type session struct {
	id      string
	cookies jar
	// told is the id that the cookies last told of.
	told string
	// generation is how many losses the account had when it was opened, or when the last request left that it answered:
	// one that was opened while another's loss was being found out is not lost with it.
	generation int
	// used is when it last answered, or was opened.
	used time.Time
	// proven is whether it ever answered; oddFirst, whether its first answer was odd, so that it is not odd
	// for its sake.
	proven, oddFirst bool
}

func (s *session) fresh(now time.Time) bool { return s.id != "" && now.Sub(s.used) < renewAfter }

// name gives a session its id, drop takes it; both keep count.
func (c *Client) name(s *session, id string) {
	if s.id == "" {
		c.opened.Add(1)
	}
	s.id = id
}

func (c *Client) drop(s *session) {
	if s.id != "" {
		c.opened.Add(-1)
	}
	*s = session{}
}

// ready makes the session usable: logged in, or nothing at all where every request is signed.
func (c *Client) ready(ctx context.Context, s *session, paid *bool) error {
	if c.signed() != nil {
		if fault := c.account.refused(); fault != nil {
			return &noRepeat{fault}
		}
		return nil
	}
	if s.fresh(c.now()) {
		return nil
	}
	c.drop(s)
	select {
	case c.account.turn <- struct{}{}:
		defer func() { <-c.account.turn }()
	case <-ctx.Done():
		return fmt.Errorf("kingdee: waiting to log in: %w", context.Cause(ctx))
	}
	err := c.open(ctx, s, paid)
	if _, isFault := asFault(err); !isFault {
		return err
	}
	// A login is not repeated by call: whoever asks next tries again, after the pause if it was refused.
	return &noRepeat{err}
}

// open logs in once. A login that got no answer is Unreachable and may be tried again; any answer that is no success is
// remembered.
func (c *Client) open(ctx context.Context, s *session, paid *bool) error {
	if fault := c.account.refused(); fault != nil {
		return fault
	}
	keepOthers := c.keepOthers && c.account.keepsOthers()
	login := c.way.Load().auth.Login(c.now(), keepOthers)
	if err := c.pay(ctx, paid); err != nil {
		return err
	}
	began := time.Now()
	payload := map[string]any{"parameters": login.Parameters}
	status, body, meta, err := c.post(ctx, authService+login.Method, nil, &s.cookies, payload)
	if err != nil {
		c.seen(ctx, login.Method, began, err)
		return fmt.Errorf("%s: %w", login.Method, err)
	}
	if keepOthers && lacks(status, body, login.Method) {
		c.account.lacksKeepOthers()
		c.logger.WarnContext(ctx, "kingdee: this server has no login that leaves other sessions alone; "+
			"KINGDEE_KICK_OFF=false has no effect", "method", login.Method)
		return c.open(ctx, s, paid)
	}
	id, info, fault := readLogin(status, body, &s.cookies)
	if fault == nil {
		c.seen(ctx, login.Method, began, nil)
		c.name(s, id)
		s.told = s.cookies.session()
		s.used, s.generation = c.now(), c.account.accept(info)
		c.logger.InfoContext(ctx, "kingdee: logged in", "data_center", info.DataCenterID,
			"user", info.UserName, "sandbox", meta.Sandbox)
		return nil
	}
	c.seen(ctx, login.Method, began, fault)
	if keepOthers && fault.Class == Unreadable {
		fault.Message += "; " + login.Method + " was asked for (KINGDEE_KICK_OFF=false), which this server may lack"
	}
	if fault.Class != Unreachable {
		fault = c.account.refuse(fault)
	}
	return fmt.Errorf("%s: %w", login.Method, fault)
}

// send makes one call on a session that is ready.
func (c *Client) send(ctx context.Context, s *session, r request, paid *bool) (answer, Meta, error) {
	if err := c.pay(ctx, paid); err != nil {
		return answer{}, Meta{}, err
	}
	header := http.Header{}
	if s.id != "" {
		header.Set(sessionHeader, s.id)
	}
	if c.signed() != nil {
		c.signed().sign(header, c.transport.path(r.service), c.now())
		if s.id == "" {
			s.generation = c.account.losses()
		}
	}
	outlives := c.account.losses()
	began := time.Now()
	status, body, meta, err := c.post(ctx, r.service, header, &s.cookies, r.payload)
	if err != nil {
		c.seen(ctx, r.service, began, err)
		return answer{}, meta, err
	}
	got, fault := classify(status, body)
	if fault == nil && r.accept != nil {
		fault = r.accept(got)
	}
	if fault == nil || fault.known() {
		c.prove(s)
		s.generation = outlives
		c.mu.Lock()
		c.lastMeta = meta
		c.mu.Unlock()
	}
	if fault != nil {
		c.seen(ctx, r.service, began, fault)
		return got, meta, fault
	}
	c.seen(ctx, r.service, began, nil)
	return got, meta, nil
}

// prove notes that a session answered. Its id may move, and where every request is signed the server makes one by
// itself: it is sent back, so that the server need not make another one for each call.
func (c *Client) prove(s *session) {
	s.used, s.proven = c.now(), true
	if id := s.cookies.session(); id != "" && id != s.told {
		c.name(s, id)
		s.told = id
	}
	c.account.proved()
}

// logout ends a session, so that it does not live on in the server's memory for twenty minutes.
func (c *Client) logout(ctx context.Context, s *session) {
	old := *s
	c.drop(s)
	c.farewell(ctx, old)
}

// giveUp logs out a session that was given up and may live, while its place is in use again.
func (c *Client) giveUp(ctx context.Context, old session) {
	if old.id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutLimit)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	c.farewell(ctx, old)
}

// farewell is the logout's exchange.
func (c *Client) farewell(ctx context.Context, old session) {
	header := http.Header{}
	header.Set(sessionHeader, old.id)
	service := authService + "Logout"
	if c.signed() != nil {
		c.signed().sign(header, c.transport.path(service), c.now())
	}
	if _, _, _, err := c.transport.post(ctx, service, header, &old.cookies, map[string]any{}); err != nil {
		c.logger.DebugContext(ctx, "kingdee: the session ends by itself", "err", err)
	}
}

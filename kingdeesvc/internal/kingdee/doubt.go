package kingdee

import "context"

// loss is a session that the vendor has lost, or may have (rule 19, docs/rules.md). What is neither rows nor a refusal
// that we know may be said to a session that has ended: servers, proxies and single sign-ons each have their own words
// for it. One fresh login of the account finds out, for all of its sessions: if the same question is answered on the
// new session, the old one was lost; if the new session hears the same, it is what Kingdee has to say, and no other
// login is spent on it before a pause.
type loss struct {
	// generation is that of the session that was given up.
	generation int
	// doubted is whether it may live: the answer was odd, and nobody has shown that it meant a loss.
	doubted bool
	// release ends the trial, for which all other sessions that heard something odd wait.
	release func()
}

// lost says what is to be done about a failed exchange; nil where another login cannot help.
func (c *Client) lost(ctx context.Context, s *session, err error) *loss {
	fault, ok := asFault(err)
	if !ok || isNoRepeat(err) || fault.Class != SessionLost && !fault.Odd {
		return nil
	}
	if fault.Class == SessionLost {
		c.account.lose(s.generation)
		return &loss{generation: s.generation, release: func() {}}
	}
	if !s.proven && !s.oddFirst || ctx.Err() != nil {
		return nil // the login that says otherwise is this session's own: endExchange notes it
	}
	select {
	case c.account.trial <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	end := func() { <-c.account.trial }
	if c.account.outlived(s.generation) {
		end() // somebody else's trial has just shown it
		return &loss{generation: s.generation, release: func() {}}
	}
	if !c.account.mayDoubt() {
		end()
		return nil
	}
	return &loss{generation: s.generation, doubted: true, release: end}
}

// endExchange notes how an exchange ended: the first answer on a session that was just opened says whether its
// predecessor was lost. l is nil where nobody doubted.
func (c *Client) endExchange(s *session, l *loss, err error) error {
	fault, ok := asFault(err)
	odd := ok && !isNoRepeat(err) && (fault.Odd || fault.Class == SessionLost)
	switch {
	case l != nil && s.proven:
		c.account.lose(l.generation)
		c.account.mended()
		s.generation = c.account.losses()
	case !odd, s.proven, s.oddFirst:
	case fault.Class == SessionLost:
		c.drop(s)
		return c.unmended(fault)
	default:
		s.oddFirst = true
		c.account.fruitless()
	}
	if ok && fault.Class == LoginRefused && !isNoRepeat(err) {
		c.drop(s) // a session that is good for nothing (F9 after CheckPasswordPolicy)
		return &noRepeat{c.account.refuse(fault)}
	}
	return err
}

// unmended is a session that was lost although it had just been opened. Another program that logs in as this user does
// that; a signed request that was never accepted is simply not accepted.
func (c *Client) unmended(fault *Fault) error {
	if c.signed() != nil && !c.account.everProved() {
		refused := *fault
		refused.Class, refused.Odd = LoginRefused, true
		refused.Message = "the signed request was not accepted: " + fault.Message
		return &noRepeat{c.account.refuse(&refused)}
	}
	told := *fault
	told.RetryAfter = c.account.contended()
	return &told
}

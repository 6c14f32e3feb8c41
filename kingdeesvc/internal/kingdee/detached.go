package kingdee

import (
	"context"
	"fmt"
	"runtime/debug"
)

// outcome is how one attempt ended.
type outcome struct {
	got   answer
	meta  Meta
	err   error
	crash string
}

// detached lets attempt work on a session, which is free again when the vendor has answered and not when the caller has
// left: the vendor runs the requests of one session one after the other, so a session whose call was given up is as
// busy as before, and what a login says is worth having whoever asked for it.
func (c *Client) detached(ctx context.Context, s *session, r request) (answer, Meta, error) {
	ended := make(chan outcome, 1)
	c.underWay.Add(1)
	c.working.Go(func() {
		var o outcome
		defer func() {
			c.underWay.Add(-1)
			if caught := recover(); caught != nil {
				o.crash = fmt.Sprintf("%v\n%s", caught, debug.Stack())
				c.logger.ErrorContext(ctx, "kingdee: panic", "err", o.crash)
			}
			c.gate.leave(s)
			if ctx.Err() != nil && c.life.Err() == nil && o.crash == "" { // nobody else hears of it
				c.circuit.leave(false, o.err)
				c.note(o.err)
			}
			ended <- o
		}()
		o.got, o.meta, o.err = c.attempt(ctx, s, r)
	})
	select {
	case o := <-ended:
		return o.end()
	case <-ctx.Done():
	}
	select {
	case o := <-ended:
		return o.end()
	default:
		return answer{}, Meta{}, fmt.Errorf("kingdee: no answer yet: %w", context.Cause(ctx))
	}
}

// end is the outcome for the caller, in whose call a panic is raised again.
func (o outcome) end() (answer, Meta, error) {
	if o.crash != "" {
		panic(o.crash)
	}
	return o.got, o.meta, o.err
}

package access

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"google.golang.org/grpc"
)

// holds are the calls that last, each with the question whether its caller may still make it.
type holds struct {
	mu  sync.Mutex
	all map[*hold]struct{}
}

type hold struct {
	still func() error
	end   context.CancelCauseFunc
}

// Hold bounds a call that lasts by what its caller may do: once he may not make it any more, because he was revoked,
// his token or certificate is past its end or his role was taken away, the context ends, and Lost says why. release is
// called when the call is over. ctx is one that Enter answered. A call that is open to everybody ends so as well where
// its caller showed who he is: one who was revoked hears no more under his name.
func (d *Door) Hold(ctx context.Context) (held context.Context, release func()) {
	method, _ := grpc.Method(ctx)
	need := d.needs[method]
	if d.callers.Load() == nil {
		return ctx, func() {}
	}
	before := Caller(ctx)
	if need.Open {
		who, _, err := d.who(ctx, false)
		if err != nil {
			return ctx, func() {} // nobody's
		}
		before = who.Name
	}
	return d.hold(ctx, func() error {
		who, _, err := d.who(ctx, false)
		if err != nil {
			return err
		}
		if who.Name != before {
			return ErrUnauthenticated // the token is another's by now
		}
		if need.Open {
			return nil
		}
		return allow(method, who, need)
	})
}

// HoldHTTP is Hold for a request of another face, which EnterHTTP let in, and which lasts as a call of this method
// does.
func (d *Door) HoldHTTP(r *http.Request, method string) (held context.Context, release func()) {
	if d.callers.Load() == nil {
		return r.Context(), func() {}
	}
	before := Asker(r.Context())
	return d.hold(r.Context(), func() error {
		who, err := d.whoAsks("", r)
		if err != nil {
			return err
		}
		if who.Name != before {
			return ErrUnauthenticated // the token is another's by now
		}
		return allow(method, who, d.needs[method])
	})
}

func (d *Door) hold(ctx context.Context, still func() error) (held context.Context, release func()) {
	ctx, end := context.WithCancelCause(ctx)
	h := &hold{still, end}
	d.holds.mu.Lock()
	defer d.holds.mu.Unlock()
	if d.holds.all == nil {
		d.holds.all = map[*hold]struct{}{}
	}
	d.holds.all[h] = struct{}{}
	return ctx, func() {
		d.holds.mu.Lock()
		defer d.holds.mu.Unlock()
		delete(d.holds.all, h)
		end(nil)
	}
}

// Review ends the calls that their callers may not make any more.
func (d *Door) Review() {
	d.holds.mu.Lock()
	all := make([]*hold, 0, len(d.holds.all))
	for h := range d.holds.all {
		all = append(all, h)
	}
	d.holds.mu.Unlock()
	for _, h := range all {
		if err := h.still(); err != nil {
			h.end(err)
		}
	}
}

// Lost is why a context of Hold ended, where that is what ended it.
func Lost(ctx context.Context) error {
	cause := context.Cause(ctx)
	if forbidden, ok := errors.AsType[*Forbidden](cause); ok {
		return forbidden
	}
	if errors.Is(cause, ErrUnauthenticated) {
		return cause
	}
	return nil
}

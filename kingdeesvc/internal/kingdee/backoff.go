package kingdee

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// tries is how often one read is sent at most, the first included.
const tries = 3

// noRepeat marks an error that call must not repeat.
type noRepeat struct{ error }

func (n *noRepeat) Unwrap() error { return n.error }

func isNoRepeat(err error) bool {
	_, final := errors.AsType[*noRepeat](err)
	return final
}

// backoff is the pause before the next try, with jitter; 0 = do not try again.
func backoff(err error, try int) time.Duration {
	if isNoRepeat(err) {
		return 0
	}
	base := time.Duration(0)
	if fault, ok := asFault(err); ok {
		switch {
		case limited(err), fault.Code == 13:
			base = time.Second
		case fault.Class == Unreachable, fault.Class == Busy, fault.Class == Unreadable && fault.Shape == 14:
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

// throttle holds everybody back once the vendor said "call restriction" (MsgCode 14): what one caller was told is meant
// for the whole account.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	// after is the hold once a call's own repetitions were of no use; it doubles until something is answered.
	after time.Duration
}

const (
	throttleFirst   = 5 * time.Second
	throttleLongest = time.Minute
)

func (t *throttle) left() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until.Sub(t.now())
}

// note takes the pause before a repetition for a hold on all others.
func (t *throttle) note(err error, wait time.Duration) {
	if !limited(err) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hold(wait)
}

// endCall ends a call: an answer ends the growth of the holds, one more restriction holds everybody back for longer and
// tells the caller when to come back.
func (t *throttle) endCall(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.after = 0
		return nil
	}
	fault, ok := asFault(err)
	if !ok || !limited(err) {
		return err
	}
	t.after = min(max(2*t.after, throttleFirst), throttleLongest)
	t.hold(t.after)
	told := *fault
	told.RetryAfter = t.until.Sub(t.now())
	return &told
}

func (t *throttle) hold(wait time.Duration) {
	if until := t.now().Add(wait); until.After(t.until) {
		t.until = until
	}
}

func limited(err error) bool {
	fault, ok := asFault(err)
	return ok && fault.Class == Throttled && (fault.Code == 14 || fault.HTTPStatus == 429)
}

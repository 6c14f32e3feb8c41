package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
	"github.com/voidrelay/voidrelay/wmssvc/internal/pace"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// Result is what became of one request.
type Result struct {
	meaning.Reading
	Exchange wms.Exchange
	// Unreachable says that nothing was sent because there was no connection to the WMS, or because it did not answer
	// the harmless call that goes before.
	Unreachable bool
}

// Cancel waits for the account's turn and sends the request once, if it can start before that moment and the server is
// still what the caller was told. The caller's context ends whatever comes before the first byte; its error is then
// answered and nothing was sent. Everything else is a Result.
func (a *Account) Cancel(
	ctx context.Context, told Told, warehouse string, r wms.Request, before time.Time,
) (Result, error) {
	turn, refused, err := a.turn(ctx, warehouse, before)
	if refused != nil || err != nil {
		return deref(refused), err
	}
	defer a.gate.Leave(turn)
	return a.send(ctx, told, turn, r, before)
}

// turn waits for the account's turn; where there is none, refused or the context's error says why.
func (a *Account) turn(
	ctx context.Context, warehouse string, before time.Time,
) (turn pace.Turn, refused *Result, err error) {
	turn, err = a.gate.Enter(ctx, warehouse, before)
	if err == nil {
		// The caller may have left in the moment the turn came.
		if err = ctx.Err(); err != nil {
			a.gate.Leave(turn)
		}
		return turn, nil, err
	}
	var late *pace.LateError
	if errors.As(err, &late) {
		result := kept(err)
		result.RetryAfter = late.RetryAfter
		return turn, &result, nil
	}
	if errors.Is(err, pace.ErrStopped) {
		result := kept(err)
		return turn, &result, nil
	}
	return turn, nil, err
}

// maxLines bounds how many connections one request may use up: those on which the harmless call went first, one for
// each server that a name leads to.
const maxLines = 5

// send makes the request on a connection to a server that has shown itself lately.
func (a *Account) send(
	ctx context.Context, told Told, turn pace.Turn, r wms.Request, before time.Time,
) (Result, error) {
	for range maxLines {
		if err := a.bar(ctx, told); err != nil {
			return a.unsent(r, err), ctx.Err()
		}
		line, err := a.way.Load().client.Connect(a.work)
		if err != nil {
			return a.unreached(r, err), nil
		}
		if !turn.Proof && a.knows(line.Peer()) {
			result := a.exchange(a.work, line, r, before, func() error {
				// Asked before the bar: what becomes known of another kind in between is barred.
				if !a.knows(line.Peer()) {
					return errNotSeen
				}
				return a.bar(ctx, told)
			})
			line.Release()
			if !result.Exchange.Left && ctx.Err() != nil {
				return Result{}, ctx.Err()
			}
			return result, nil
		}
		err = a.askFirst(ctx, line, &turn, before)
		line.Release()
		if err != nil {
			return a.heldBack(r, err), ctx.Err()
		}
	}
	return a.unsent(r, errors.New("the name leads to more servers than could be asked what they are")), nil
}

// bar is why nothing may leave for a caller: who is gone, or was told of another kind of server.
func (a *Account) bar(ctx context.Context, told Told) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return a.nature.bar(told)
}

// errNotSeen keeps a request back whose server became unknown between its turn and its first byte.
var errNotSeen = errors.New("the server has not shown for a minute what it is")

// knows says that the peer has shown itself lately as what the account's server is known to be.
func (a *Account) knows(peer wms.Peer) bool {
	return a.peers.seenLately(peer, a.Environment(), a.now())
}

// harmlessError is why a request is kept back after the harmless call.
type harmlessError struct {
	why        string
	retryAfter time.Duration
}

func (e *harmlessError) Error() string { return "kept back after the harmless call: " + e.why }

// heldBack is the result of a request that is kept back after the harmless call.
func (a *Account) heldBack(r wms.Request, reason error) Result {
	result := a.unsent(r, reason)
	var asked *harmlessError
	if errors.As(reason, &asked) {
		result.RetryAfter, result.Unreachable = asked.retryAfter, asked.retryAfter == 0
	}
	// Whoever waited for another caller's harmless call that showed nothing.
	result.Unreachable = result.Unreachable || errors.Is(reason, errShownNothing)
	return result
}

// askFirst makes the harmless call on this line. After a pause it shows that requests are taken again.
func (a *Account) askFirst(ctx context.Context, line *wms.Line, turn *pace.Turn, before time.Time) error {
	if turn.Proof {
		err := a.mayFollow(line, before)
		if err == nil {
			a.gate.Proved()
			turn.Proof = false
		}
		return err
	}
	known := func() bool { return a.knows(line.Peer()) }
	return a.peers.know(ctx, line.Peer(), known, before.Sub(a.now()), func() error { return a.mayFollow(line, before) })
}

// mayFollow makes the harmless call and answers why no request may follow it on this line.
func (a *Account) mayFollow(line *wms.Line, before time.Time) error {
	result, err := a.harmless(line, before)
	if !result.Read {
		// Whoever answered like that may do anything with the next request on this connection.
		line.End()
	}
	line.AwaitClose()
	switch {
	case err != nil:
		return err
	case result.Disposition == dictionary.Throttled:
		return &harmlessError{"the WMS asks to be left alone", result.RetryAfter}
	case result.Read:
		if a.away.Swap(false) {
			a.logger.InfoContext(a.work, "the WMS answers again; cancels go out")
		}
		return nil
	}
	if !a.away.Swap(true) {
		a.logger.WarnContext(a.work, "the WMS does not answer the harmless call; cancels are kept back until it does",
			"detail", result.Detail)
	}
	return &harmlessError{why: "the WMS did not answer it; " + result.Detail}
}

// exchange makes one request on a line and takes in what its answer tells of the account.
func (a *Account) exchange(
	work context.Context, line *wms.Line, r wms.Request, before time.Time, bar func() error,
) Result {
	barred := false
	exchange := line.Send(work, r, before, func() error {
		if bar == nil {
			return nil
		}
		err := bar()
		barred = err != nil
		return err
	})
	result := Result{
		Reading: meaning.Of(&exchange, r.Order(), a.words.Load()), Exchange: exchange,
		Unreachable: !exchange.Left && !exchange.TooLate() && !barred,
	}
	a.learn(line.Peer(), &result)
	if result.Fault == dictionary.Clock {
		result.Detail = strings.TrimPrefix(result.Detail+"; "+result.clockTold(), "; ")
	}
	if result.Busy {
		pause := a.gate.SlowDown(result.SlowDown, exchange.LeftAt)
		if result.Disposition == dictionary.Throttled {
			result.RetryAfter = pause
		}
		a.logger.WarnContext(work, "the WMS asks to be left alone", "seconds", pause.Seconds(),
			"http_status", exchange.Status)
	}
	return result
}

// endProof ends the proof of a turn: any answer but "too many" shows that requests are taken again.
func (a *Account) endProof(turn pace.Turn, r *Result) {
	if turn.Proof && r.Read && !r.Busy {
		a.gate.Proved()
	}
}

// shows is which kind of server answered. A sandbox says so on every reply; that a server is a real one is taken only
// from a vendor's answer, never from some gateway's error page.
func (r *Result) shows() Environment {
	switch {
	case r.Exchange.Sandbox():
		return EnvironmentSandbox
	case r.Read:
		return EnvironmentReal
	}
	return EnvironmentUnknown
}

// learn notes which kind of server answered. A page in the WMS's stead may say that it is a sandbox's; it does not show
// that the WMS itself is still there.
func (a *Account) learn(peer wms.Peer, r *Result) {
	found := r.shows()
	if found == EnvironmentUnknown {
		return
	}
	if r.Read {
		a.peers.note(peer, found, a.now())
	}
	before := a.nature.learn(found)
	if before == found {
		return
	}
	if before != EnvironmentUnknown {
		a.logger.ErrorContext(a.work,
			"another kind of server answers than before; nothing is sent until it is announced anew",
			"sandbox", found == EnvironmentSandbox)
	}
	a.gate.SetLimits(a.limits())
}

// unsent is the result of a request that did not leave.
func (a *Account) unsent(r wms.Request, reason error) Result {
	exchange := a.way.Load().client.Unsent(r, reason)
	return Result{Reading: meaning.Of(&exchange, r.Order(), a.words.Load()), Exchange: exchange}
}

// unreached is the result of a request for which there was no connection.
func (a *Account) unreached(r wms.Request, reason error) Result {
	result := a.unsent(r, reason)
	result.Unreachable = true
	return result
}

// kept is the result of a request that had no turn.
func kept(reason error) Result {
	var r Result
	r.Disposition, r.Detail = dictionary.NotSent, reason.Error()
	return r
}

func deref(r *Result) Result {
	if r == nil {
		return Result{}
	}
	return *r
}

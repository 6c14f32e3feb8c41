// Package account is one WMS account at work: its client, its pace, the dictionary for its answers, and what is known of
// the server behind it.
//
// It promises that Cancel makes at most one request, starts it only before its deadline and in its turn, and that once a
// request started it is seen through whatever becomes of the caller. Checking the caller's words and the wire format of
// results are left to rpc.
package account

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/pace"
	"github.com/voidrelay/voidrelay/wmssvc/internal/verdict"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// Environment tells a vendor's server from one of our sandboxes.
type Environment int32

// What is known of the server; EnvironmentUnknown until a first answer.
const (
	EnvironmentUnknown Environment = iota
	EnvironmentReal
	EnvironmentSandbox
)

// The pace of an account whose settings do not name one.
var (
	realLimits    = pace.Limits{InFlight: 8, PerSecond: 10}
	sandboxLimits = pace.Limits{InFlight: 64}
)

// Settings say what an account is.
type Settings struct {
	Name            string
	Endpoint        *url.URL
	Dialect         wms.Dialect
	SignMethod      string
	Partner         string
	AppKey, Secret  string
	ExtraOrderTypes []string
	Timeout         time.Duration
	// Roots are trusted to vouch for the server; nil = the system's.
	Roots *x509.CertPool
	// Concurrency and Rate are nil where not configured: then the defaults for a real or a sandbox server apply.
	Concurrency *int
	Rate        *float64
}

// Account is safe for concurrent use.
type Account struct {
	settings Settings
	client   *wms.Client
	gate     *pace.Gate
	words    *dictionary.Dictionary
	logger   *slog.Logger
	now      func() time.Time
	seen     atomic.Int32
	// work is the life of the service: exchanges belong to it rather than to their callers, and end with it when the
	// service is stopped the hard way.
	work context.Context
}

// New prepares an account; work bounds the life of its exchanges.
func New(work context.Context, s Settings, words *dictionary.Dictionary, logger *slog.Logger, now func() time.Time) *Account {
	a := &Account{settings: s, words: words, logger: logger.With("account", s.Name), now: now, work: work}
	a.gate = pace.NewGate(a.limits())
	a.client = wms.NewClient(wms.Params{
		Endpoint: s.Endpoint, Dialect: s.Dialect, SignMethod: s.SignMethod, Partner: s.Partner,
		AppKey: s.AppKey, Secret: s.Secret, ExtraOrderTypes: s.ExtraOrderTypes, Timeout: s.Timeout, Roots: s.Roots,
		IdleConns: max(sandboxLimits.InFlight, a.limits().InFlight), Now: now,
	})
	return a
}

// limits are the configured pace, completed by the defaults for what the server is known to be.
func (a *Account) limits() pace.Limits {
	limits := realLimits
	if a.Environment() == EnvironmentSandbox {
		limits = sandboxLimits
	}
	if a.settings.Concurrency != nil {
		limits.InFlight = *a.settings.Concurrency
	}
	if a.settings.Rate != nil {
		limits.PerSecond = *a.settings.Rate
	}
	return limits
}

// Name, Partner, Host, Secure and Dialect say which WMS this is.
func (a *Account) Name() string    { return a.settings.Name }
func (a *Account) Partner() string { return a.settings.Partner }
func (a *Account) Host() string    { return a.client.Host() }
func (a *Account) Secure() bool    { return a.settings.Endpoint.Scheme == "https" }
func (a *Account) Dialect() string { return a.settings.Dialect.Name }

// Environment answers what the server behind the account is known to be.
func (a *Account) Environment() Environment { return Environment(a.seen.Load()) }

// Limits answers the present pace.
func (a *Account) Limits() pace.Limits { return a.gate.Limits() }

// DictionaryVersion names the dictionary that classifies this account's answers.
func (a *Account) DictionaryVersion() string { return a.words.Version() }

// Prepare checks an order and writes its document; see wms.Client.Prepare for its errors.
func (a *Account) Prepare(o wms.Order) (wms.Request, error) { return a.client.Prepare(o) }

// Result is what became of one request.
type Result struct {
	verdict.Verdict
	Exchange wms.Exchange
}

// Cancel waits for the account's turn and sends the request once, if it can start before that moment. The caller's context
// ends only the waiting; its error is then answered and nothing was sent. Everything else is a Result.
func (a *Account) Cancel(ctx context.Context, warehouse string, r wms.Request, before time.Time) (Result, error) {
	return a.send(ctx, a.work, warehouse, r, before)
}

// send waits in the caller's context and exchanges in another, so that a caller who goes away stops only what waits.
func (a *Account) send(ctx, work context.Context, warehouse string, r wms.Request, before time.Time) (Result, error) {
	if err := a.gate.Enter(ctx, warehouse, before); err != nil {
		var late *pace.LateError
		switch {
		case errors.As(err, &late), errors.Is(err, pace.ErrStopped):
			return notSent(err, late), nil
		default:
			return Result{}, err
		}
	}
	defer a.gate.Leave()
	if err := ctx.Err(); err != nil {
		// The caller left in the moment the turn came.
		return Result{}, err
	}
	exchange := a.client.Send(work, r, before)
	result := Result{Verdict: verdict.Of(&exchange, r.Order(), a.words), Exchange: exchange}
	a.learn(&result)
	if result.SlowDown > 0 {
		a.logger.WarnContext(ctx, "the WMS asks to be left alone", "seconds", result.SlowDown.Seconds(), "http_status", exchange.Status)
		a.gate.SlowDown(result.SlowDown)
	}
	return result, nil
}

func notSent(err error, late *pace.LateError) Result {
	var r Result
	r.Disposition = dictionary.NotSent
	r.Detail = err.Error()
	if late != nil {
		r.RetryAfter = late.RetryAfter
	}
	return r
}

// learn notes which kind of server answered. A sandbox says so on every reply; that a server is a real one is taken only
// from a vendor's answer, never from some gateway's error page.
func (a *Account) learn(r *Result) {
	found := EnvironmentReal
	switch {
	case r.Exchange.Sandbox():
		found = EnvironmentSandbox
	case !r.Read:
		return
	}
	before := Environment(a.seen.Swap(int32(found)))
	if before == found {
		return
	}
	if before != EnvironmentUnknown {
		a.logger.WarnContext(a.work, "another kind of server answers than before", "sandbox", found == EnvironmentSandbox)
	}
	a.gate.SetLimits(a.limits())
}

// Stop turns waiting requests away; what is in flight goes on.
func (a *Account) Stop() { a.gate.Stop() }

// Close drops idle connections.
func (a *Account) Close() { a.client.Close() }

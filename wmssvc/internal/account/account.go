// Package account is one WMS account at work: its client, its pace, the dictionary for its answers, and what is known
// of the server behind it.
//
// It promises that Cancel makes at most one request to cancel, starts it only before its deadline and in its turn, and
// that once a request started it is seen through whatever becomes of the caller; that before it a harmless call alone
// goes to a server which has not shown within a minute whether it is a real one, and after a pause; and that nothing
// leaves for another kind of server than the caller was told of. Checking the caller's words and the wire format of
// results are left to rpc.
package account

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/pace"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
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
	// Pins are the only certificates that are trusted, by themselves; none = whoever Roots vouch for.
	Pins []wms.Fingerprint
	// Concurrency and Rate are nil where not configured: then the defaults for a real or a sandbox server apply.
	Concurrency *int
	Rate        *float64
}

// Account is safe for concurrent use.
type Account struct {
	name   string
	way    atomic.Pointer[way]
	gate   *pace.Gate
	words  atomic.Pointer[dictionary.Dictionary]
	logger *slog.Logger
	now    func() time.Time
	nature nature
	peers  peers
	// away says that the last harmless call before a cancel was in vain, so that the log tells it once.
	away atomic.Bool
	// work is the life of the service: exchanges belong to it rather than to their callers, and end with it when the
	// service is stopped the hard way.
	work context.Context
}

// way is how the account's WMS is reached.
type way struct {
	settings Settings
	client   *wms.Client
}

// New prepares an account; work bounds the life of its exchanges.
func New(
	work context.Context, s Settings, words *dictionary.Dictionary, logger *slog.Logger, now func() time.Time,
) *Account {
	a := &Account{name: s.Name, logger: logger.With("account", s.Name), now: now, work: work}
	a.words.Store(words)
	a.set(s)
	a.gate = pace.NewGate(a.limits())
	return a
}

// set makes the account go by these settings, and answers the way of before, which is nil at first.
func (a *Account) set(s Settings) (before *way) {
	inFlight := realLimits.InFlight
	if s.Concurrency != nil {
		inFlight = *s.Concurrency
	}
	before = a.way.Swap(&way{s, wms.NewClient(wms.Params{
		Endpoint: s.Endpoint, Dialect: s.Dialect, SignMethod: s.SignMethod, Partner: s.Partner,
		AppKey: s.AppKey, Secret: s.Secret, ExtraOrderTypes: s.ExtraOrderTypes, Timeout: s.Timeout,
		Roots: s.Roots, Pins: s.Pins,
		IdleConns: max(sandboxLimits.InFlight, inFlight), Now: a.now, Life: a.work,
	})})
	if a.InTheOpen() {
		a.logger.WarnContext(a.work, "plain HTTP to a WMS on another machine: orders, key and signatures can be read "+
			"and changed on the way; use an https address",
			"host", a.Host())
	}
	return before
}

// Change makes the account go by other settings of its name, and says whether they are other ones. What is in flight
// ends as it began, what waits goes by the new ones. Where they lead to another WMS or tenant, nothing that was handed
// over before leaves for it: it is announced anew first.
func (a *Account) Change(s Settings) (changed bool) {
	now := a.way.Load().settings
	if now.same(s) {
		return false
	}
	if now.Endpoint.String() != s.Endpoint.String() || now.Dialect.Name != s.Dialect.Name || now.Partner != s.Partner {
		a.Forget()
	}
	a.set(s).client.Close()
	a.gate.SetLimits(a.limits())
	return true
}

// Forget lets nothing leave that was handed over before, or without an announcement of what the server is.
func (a *Account) Forget() { a.nature.forget() }

// Learn reads answers by another dictionary from now on.
func (a *Account) Learn(words *dictionary.Dictionary) { a.words.Store(words) }

// same says whether two settings are one.
func (s Settings) same(o Settings) bool {
	roots := s.Roots.Equal(o.Roots)
	s.Roots, o.Roots = nil, nil
	return roots && reflect.DeepEqual(s, o)
}

// limits are the configured pace, completed by the defaults for what the server is known to be.
func (a *Account) limits() pace.Limits {
	limits := realLimits
	if a.Environment() == EnvironmentSandbox {
		limits = sandboxLimits
	}
	settings := a.way.Load().settings
	if settings.Concurrency != nil {
		limits.InFlight = *settings.Concurrency
	}
	if settings.Rate != nil {
		limits.PerSecond = *settings.Rate
	}
	return limits
}

// Name, Partner, Host, Secure and Dialect say which WMS this is.
func (a *Account) Name() string    { return a.name }
func (a *Account) Partner() string { return a.way.Load().settings.Partner }
func (a *Account) Host() string    { return a.way.Load().client.Host() }
func (a *Account) Secure() bool    { return a.way.Load().settings.Endpoint.Scheme == "https" }
func (a *Account) Dialect() string { return a.way.Load().settings.Dialect.Name }

// InTheOpen says that requests go in plain text to another machine.
func (a *Account) InTheOpen() bool {
	host := a.way.Load().settings.Endpoint.Hostname()
	address, err := netip.ParseAddr(host)
	return !a.Secure() && host != "localhost" && (err != nil || !address.IsLoopback())
}

// Environment answers what the server behind the account is known to be.
func (a *Account) Environment() Environment { return a.nature.environment() }

// Tell answers the same for telling it to a caller, and what that caller's requests go by from then on.
func (a *Account) Tell() (Environment, Told) { return a.nature.tell() }

// LastTold is for a caller who was told nothing: what anybody was told last.
func (a *Account) LastTold() Told { return a.nature.lastTold() }

// Limits answers the present pace.
func (a *Account) Limits() pace.Limits { return a.gate.Limits() }

// DictionaryVersion names the dictionary that classifies this account's answers.
func (a *Account) DictionaryVersion() string { return a.words.Load().Version() }

// Prepare checks an order and writes its document; see wms.Client.Prepare for its errors.
func (a *Account) Prepare(o wms.Order) (wms.Request, error) { return a.way.Load().client.Prepare(o) }

// Stop turns waiting requests away; what is in flight goes on.
func (a *Account) Stop() { a.gate.Stop() }

// Close drops idle connections.
func (a *Account) Close() { a.way.Load().client.Close() }

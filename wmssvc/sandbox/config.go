package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// The demo account's published credentials. They open sandboxes only; a server that accepts them is not a vendor.
const (
	DemoSID    = "voidrelay-demo"
	DemoAppKey = "voidrelay-demo-key"
	DemoSecret = "voidrelay-demo-not-a-secret" //nolint:gosec // published on purpose, opens sandboxes only
)

// HeaderSandbox is on every answer, with the value "wms": how a client tells a sandbox from the vendor.
const (
	HeaderSandbox      = "X-Voidrelay-Sandbox"
	headerSandboxValue = "wms"
)

// Config says how a sandbox is started. The zero value works: a free loopback port and the demo account.
type Config struct {
	Addr string // host:port to listen on; empty: 127.0.0.1:0, a free port
	// who may call; empty: the demo account. The first owns orders created without a sid
	Accounts []warehouse.Account
	Now      func() time.Time // the sandbox's clock, also for its Date header; nil: time.Now
	// where orders, truth and personality are kept over restarts; empty: in memory only
	StateFile   string
	Personality behaviour.Personality // how it behaves until changed; a personality in StateFile wins
	// ControlAnywhere opens the control API to other machines and by any name of this one; otherwise it is for requests
	// from this machine to localhost or a loopback address. Pages of other sites never reach it.
	ControlAnywhere bool
	Logger          *slog.Logger // nil: silent. Bodies and secrets are never logged
}

// DefaultConfig returns the configuration of the demo: a free loopback port and the published credentials.
func DefaultConfig() Config {
	return Config{
		Addr:        "127.0.0.1:0",
		Accounts:    []warehouse.Account{{SID: DemoSID, AppKey: DemoAppKey, Secret: DemoSecret}},
		Now:         time.Now,
		Personality: behaviour.DefaultPersonality(),
		Logger:      slog.New(slog.DiscardHandler),
	}
}

func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if c.Addr == "" {
		c.Addr = d.Addr
	}
	if len(c.Accounts) == 0 {
		c.Accounts = d.Accounts
	}
	accounts := make([]warehouse.Account, len(c.Accounts))
	for i, a := range c.Accounts {
		if a.CustomerID == "" {
			a.CustomerID = a.SID
		}
		accounts[i] = a
	}
	c.Accounts = accounts
	if c.Now == nil {
		c.Now = d.Now
	}
	if c.Logger == nil {
		c.Logger = d.Logger
	}
	c.Personality = c.Personality.WithDefaults()
	return c
}

func (c Config) validate() error {
	var problems []error
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		problems = append(problems, fmt.Errorf("addr: %w", err))
	}
	sids, keys := map[string]bool{}, map[string]bool{}
	for i, a := range c.Accounts {
		if a.SID == "" || a.AppKey == "" || a.Secret == "" {
			problems = append(problems, fmt.Errorf("account %d: sid, app key and secret are all required", i))
		}
		if sids[a.SID] || keys[a.AppKey] {
			problems = append(problems,
				fmt.Errorf("account %d: sid %q or app key %q is used twice", i, a.SID, a.AppKey))
		}
		sids[a.SID], keys[a.AppKey] = true, true
	}
	if err := c.Personality.Validate(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

package sandbox

import (
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/wire"
)

// The published account of a sandbox: not secret, and good for nothing else. The
// application id has the vendor's form, a client id and 32 characters that are the
// base64 of 24 bytes.
const (
	DefaultAddr           = "127.0.0.1:0"
	DefaultAcctID         = "6040d4f5a1b2c3"
	DefaultDataCenterName = "云栖贸易(沙箱)"
	DefaultUsername       = "voidrelay"
	DefaultPassword       = Secret("sandbox-password")
	DefaultAppID          = "228899_dm9pZHJlbGF5LXNhbmRib3gtY2xpZW50"
	DefaultAppSecret      = Secret("sandbox-app-secret")
	DefaultTimeZone       = "Asia/Shanghai"

	// FormID is the form of a bill that is made without one; ReturnFormID is the other that the sandbox knows.
	FormID       = books.AssembledApp
	ReturnFormID = books.ReturnApp

	// SandboxHeader is on every answer, with the value SandboxName.
	SandboxHeader = "X-Voidrelay-Sandbox"
	SandboxName   = "kingdee"
)

// Secret is a credential; printed or logged it shows nothing of itself.
type Secret = wire.Secret

// Config is what a sandbox is started with. The zero value works: an empty
// Kingdee on a free port with the published account.
type Config struct {
	// Addr is the address to listen on; keep it on loopback.
	Addr string
	// AcctID and DataCenterName are the one data centre (账套).
	AcctID, DataCenterName string
	// Username, Password, AppID and AppSecret are what the logins check.
	Username  string
	Password  Secret
	AppID     string
	AppSecret Secret
	// TimeZone is the server's zone, in which every date is written and read.
	TimeZone *time.Location
	// StateFile keeps the bills and their history over restarts; empty keeps
	// nothing. It is rewritten as a whole, a little after each change and at Stop.
	StateFile string
	// Seed fills an empty sandbox with a merchant's bills; 0 leaves it empty.
	Seed uint64
	// CustomFields are the tenant's own field keys, besides F_PAEZ_PUSHED
	// (checkbox, head) and F_PAEZ_REMARK (text, line).
	CustomFields []books.CustomField
	// Now is the clock of stamps, sessions and the Date header.
	Now func() time.Time
	// OnAudit is called after each audit, outside all locks, by the goroutine that
	// audited; what it is given is its own copy. Bills of Seed and of the state
	// file are not reported: ask AuditedOrders.
	OnAudit func(books.Bill)
	// Personality is how the server behaves at first.
	Personality behaviour.Personality
	// OpenControl lets other machines call the control API, too.
	OpenControl bool
	// Logger receives one debug line a call; nil discards.
	Logger *slog.Logger
}

// DefaultConfig is the zero Config with its defaults spelled out.
func DefaultConfig() Config { return Config{}.withDefaults() }

func (c Config) withDefaults() Config {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.Addr, DefaultAddr)
	set(&c.AcctID, DefaultAcctID)
	set(&c.DataCenterName, DefaultDataCenterName)
	set(&c.Username, DefaultUsername)
	set(&c.AppID, DefaultAppID)
	if c.Password == "" {
		c.Password = DefaultPassword
	}
	if c.AppSecret == "" {
		c.AppSecret = DefaultAppSecret
	}
	if c.TimeZone == nil {
		c.TimeZone = shanghai()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// shanghai needs no zone database: the zone has had one offset since 1991.
func shanghai() *time.Location {
	if zone, err := time.LoadLocation(DefaultTimeZone); err == nil {
		return zone
	}
	return time.FixedZone(DefaultTimeZone, 8*60*60)
}

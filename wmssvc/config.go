// Package wmssvc is the service that puts a typed gRPC face (wms.v1.OrderService) on a Wangdiantong or Qimen warehouse's
// cancel interface. It owns the settings and the life of the process's parts; what it promises to callers is written in
// proto/wms/v1. It knows nothing of Kingdee or of the orchestrator.
package wmssvc

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/internal/rpc"
)

// DefaultAccount is the name of the account that the WMS_* settings describe.
const DefaultAccount = rpc.DefaultAccount

// Config is everything a server needs to know.
type Config struct {
	// Addr is where gRPC listens: host:port, port 0 for any free one. Anything but loopback needs TokensFile or ClientCAFile.
	Addr string
	// Accounts are the WMS accounts, with unique names; the one named DefaultAccount serves requests that name none.
	Accounts []Account
	// DictionaryFile extends or overrides what is known about the vendor's answers; empty = the embedded one alone.
	DictionaryFile string
	// TokensFile holds one name:token a line; each call but health must then carry one of the tokens. Empty = no tokens.
	TokensFile string
	// CertFile and KeyFile turn TLS on; with ClientCAFile callers must present a certificate that it signed.
	CertFile, KeyFile, ClientCAFile string
	LogLevel                        slog.Level
}

// Account is one WMS account.
type Account struct {
	Name string
	// URL is the interface's address; without a path the dialect's usual one is added.
	URL string
	// Dialect is wdt, qimen or qimen-direct; empty = wdt.
	Dialect string
	// SignMethod is md5, or for Qimen also hmac or hmac-sha256; empty = md5.
	SignMethod string
	// SID is the tenant: sid, or customerId in Qimen.
	SID       string
	AppKey    Secret
	AppSecret Secret
	// Rate is requests started a second, 0 for no limit; nil = 10, or no limit once the server turns out to be a sandbox.
	// Higher clears a backlog sooner and risks the vendor's frequency limit, which stops everything for minutes.
	Rate *float64
	// Concurrency is requests in flight; nil = 8, or 64 for a sandbox.
	Concurrency *int
	// Timeout bounds one exchange; 0 = 20 s. A request that times out after it left is an unknown outcome, so shorter
	// means more of those, and longer that a hanging WMS holds its places longer.
	Timeout time.Duration
	// CAFile holds PEM certificates that may vouch for the server beside the system's: a private authority's, or the
	// server's own self-signed one. Its names are checked all the same. Empty = the system's alone.
	CAFile string
	// CertSHA256 is the SHA-256 of the only certificate that the server may show, 64 hexadecimal digits; then neither authorities nor names
	// are looked at. Several, with commas between them, let a server change its certificate. Empty = whoever authorities vouch for.
	CertSHA256 string
	// ExtraOrderTypes are accepted beside the dialect's list: public sources disagree about some, such as CNJG.
	ExtraOrderTypes []string

	// file is the accounts file that the account was read from; empty for the environment's own.
	file string
}

const (
	defaultAddr    = "127.0.0.1:7402"
	defaultTimeout = 20 * time.Second
	maxTimeout     = 2 * time.Minute
	maxRate        = 10_000
	maxConcurrency = 1024
)

// LoadConfig reads the settings from the environment. Its error names everything that is missing or wrong, one a line.
func LoadConfig(getenv func(string) string) (Config, error) {
	env := environment{getenv: getenv, named: make(map[string]bool)}
	cfg := Config{
		Addr:           env.text("WMSSVC_ADDR", defaultAddr),
		DictionaryFile: getenv("WMS_DICTIONARY"),
		TokensFile:     getenv("AUTH_TOKENS_FILE"),
		CertFile:       getenv("TLS_CERT_FILE"), KeyFile: getenv("TLS_KEY_FILE"), ClientCAFile: getenv("TLS_CLIENT_CA_FILE"),
		LogLevel: env.level("LOG_LEVEL"),
	}
	path := getenv("WMS_ACCOUNTS_FILE")
	if path != "" {
		accounts, err := loadAccounts(path, env.named)
		if err != nil {
			env.problems = append(env.problems, err)
		}
		cfg.Accounts = accounts
	}
	// With an accounts file the environment need not describe an account of its own.
	if account := env.account(); path == "" || account.given() {
		cfg.Accounts = append([]Account{account}, cfg.Accounts...)
	}
	if _, err := cfg.plan(env.named); err != nil {
		env.problems = append(env.problems, err)
	}
	return cfg, errors.Join(env.problems...)
}

// environment reads settings and collects what is wrong with them.
type environment struct {
	getenv   func(string) string
	problems []error
	// named are secrets, as the operator calls them, whose fault was told: plan does not tell it again as their being missing.
	named map[string]bool
}

func (e *environment) problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf(format, args...))
}

// account reads the account that the WMS_* settings describe.
func (e *environment) account() Account {
	return Account{
		Name: DefaultAccount, URL: e.getenv("WMS_URL"), SID: e.getenv("WMS_SID"),
		AppKey: e.secret("WMS_APP_KEY"), AppSecret: e.secret("WMS_APP_SECRET"),
		Dialect: e.text("WMS_DIALECT", "wdt"), SignMethod: e.getenv("WMS_SIGN_METHOD"),
		Rate: e.rate("WMS_RATE"), Concurrency: e.whole("WMS_CONCURRENCY"), Timeout: e.duration("WMS_TIMEOUT", defaultTimeout),
		CAFile:          e.getenv("WMS_CA_FILE"),
		CertSHA256:      e.getenv("WMS_CERT_SHA256"),
		ExtraOrderTypes: e.list("WMS_EXTRA_ORDER_TYPES"),
	}
}

// given says that at least something names which account this is.
func (a Account) given() bool {
	return a.URL != "" || a.SID != "" || a.AppKey != "" || a.AppSecret != ""
}

func (e *environment) text(name, otherwise string) string {
	if value := e.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// secret reads NAME, or the file that NAME_FILE names, without the line end that editors add.
func (e *environment) secret(name string) Secret {
	value, path := e.getenv(name), e.getenv(name+"_FILE")
	switch {
	case value != "" && path != "":
		e.named[name] = true
		e.problem("%s and %s_FILE are both set", name, name)
	case path != "":
		content, err := os.ReadFile(path) //nolint:gosec // the operator's own setting
		value = strings.TrimRight(string(content), "\r\n")
		switch e.named[name] = value == ""; {
		case err != nil:
			e.problem("%s_FILE: %w", name, err)
		case value == "":
			e.problem("%s_FILE: %s is empty", name, path)
		}
	}
	return Secret(value)
}

func (e *environment) level(name string) slog.Level {
	var level slog.Level
	if value := e.getenv(name); value != "" {
		if err := level.UnmarshalText([]byte(value)); err != nil {
			e.problem("%s: %q is none of debug, info, warn, error", name, value)
		}
	}
	return level
}

// rate reads requests a second, as 10 or 10/s.
func (e *environment) rate(name string) *float64 {
	value := e.getenv(name)
	if value == "" {
		return nil
	}
	rate, err := strconv.ParseFloat(strings.TrimSuffix(value, "/s"), 64)
	if err != nil {
		e.problem("%s: %q is not a number of requests a second, such as 10 or 10/s", name, value)
		return nil
	}
	return &rate
}

func (e *environment) whole(name string) *int {
	value := e.getenv(name)
	if value == "" {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		e.problem("%s: %q is not a whole number", name, value)
		return nil
	}
	return &n
}

func (e *environment) duration(name string, otherwise time.Duration) time.Duration {
	value := e.getenv(name)
	if value == "" {
		return otherwise
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		e.problem("%s: %q is not a duration, such as 20s", name, value)
		return otherwise
	}
	return d
}

func (e *environment) list(name string) []string {
	return strings.FieldsFunc(e.getenv(name), func(r rune) bool { return r == ',' || r == ' ' })
}

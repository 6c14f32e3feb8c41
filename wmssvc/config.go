// Package wmssvc is the service that puts a typed gRPC face (wms.v1.OrderService) on a Wangdiantong or Qimen
// warehouse's cancel interface. It owns the settings and the life of the process's parts; what it promises to callers
// is written in proto/wms/v1. It knows nothing of Kingdee or of the orchestrator.
package wmssvc

import (
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/wmssvc/internal/rpc"
)

// DefaultAccount is the name of the account that the WMS_* settings describe.
const DefaultAccount = rpc.DefaultAccount

// Config is everything a server needs to know.
type Config struct {
	// Addr is where gRPC listens: host:port, port 0 for any free one. Anything but loopback needs callers who are
	// known, and TLS.
	Addr string
	// Accounts are the WMS accounts, with unique names; the one named DefaultAccount serves requests that name none.
	Accounts []Account
	// DictionaryFile extends or overrides what is known about the vendor's answers; empty = the embedded one alone.
	DictionaryFile string
	// OpsAddr is where GET /healthz, /readyz and /metrics are answered to everybody, in plain text: other hosts may
	// reach it. Empty = nowhere.
	OpsAddr string
	// Callers are the names that may cancel orders, whatever the role of others (WMS_CALLERS orchestrator). They are
	// not asked for where nobody is asked who he is.
	Callers []string
	// Access says who may call.
	Access access.Files
	// Traces say where spans go.
	Traces   telemetry.Settings
	LogLevel slog.Level

	// accountsFile is where those of Accounts were read that are not the environment's own; empty for nowhere.
	accountsFile string

	// ProbeEvery is no setting, for tests: how long after a request without an answer the harmless call is
	// made. 0 = 15 s.
	ProbeEvery time.Duration
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
	AppKey    settings.Secret
	AppSecret settings.Secret
	// Rate is requests started a second, 0 for no limit; nil = 10, or no limit once the server turns out to be
	// a sandbox. Higher clears a backlog sooner and risks the vendor's frequency limit, which stops everything
	// for minutes.
	Rate *float64
	// Concurrency is requests in flight; nil = 8, or 64 for a sandbox.
	Concurrency *int
	// Timeout bounds one exchange; 0 = 20 s. A request that times out after it left is an unknown outcome, so shorter
	// means more of those, and longer that a hanging WMS holds its places longer.
	Timeout time.Duration
	// CAFile holds PEM certificates that may vouch for the server beside the system's: a private authority's, or the
	// server's own self-signed one. Its names are checked all the same. Empty = the system's alone.
	CAFile string
	// CertSHA256 is the SHA-256 of the only certificate that the server may show, 64 hexadecimal digits; then neither
	// authorities nor names are looked at. Several, with commas between them, let a server change its certificate.
	// Empty = whoever authorities vouch for.
	CertSHA256 string
	// ExtraOrderTypes are accepted beside the dialect's list: public sources disagree about some, such as CNJG.
	ExtraOrderTypes []string

	// file is the accounts file that the account was read from; empty for the environment's own.
	file string
	// ca is what CAFile holds, where it was read already.
	ca *access.Pool
	// appKeyFile and appSecretFile hold the secrets of the environment's own account; empty where they are no files.
	appKeyFile, appSecretFile string
}

// AuthorityFiles are the files of certificates that the accounts file names, by the account that each is for.
func (c Config) AuthorityFiles() map[string]string {
	files := map[string]string{}
	for _, a := range c.Accounts {
		if a.file != "" && a.CAFile != "" {
			files[a.Name] = a.CAFile
		}
	}
	return files
}

const (
	defaultCaller  = "orchestrator"
	exampleAddr    = "127.0.0.1:7402"
	exampleOps     = "127.0.0.1:7482"
	defaultTimeout = 20 * time.Second
	maxTimeout     = 2 * time.Minute
	maxRate        = 10_000
	maxConcurrency = 1024
)

// LoadConfig reads the settings from the environment. Its error names everything that is missing or wrong, one a line,
// and repeats no secret.
func LoadConfig(getenv func(string) string) (Config, error) {
	r := settings.New(getenv)
	cfg := Config{
		Addr:           r.Text("WMSSVC_ADDR", exampleAddr),
		DictionaryFile: r.Text("WMS_DICTIONARY", ""),
		OpsAddr:        r.Text("WMSSVC_OPS_ADDR", ""),
		Callers:        r.List("WMS_CALLERS"),
		Access:         access.ReadFiles(r),
		Traces:         telemetry.ReadSettings(r),
		LogLevel:       r.Level("LOG_LEVEL"),
	}
	if len(cfg.Callers) == 0 {
		cfg.Callers = []string{defaultCaller}
	}
	// Secrets whose fault was told, as the operator calls them: plan does not tell it again as their being missing.
	told := r.Faulty
	path := r.Text(accountsSetting, "")
	cfg.accountsFile = path
	if path != "" {
		accounts, unread, err := loadAccounts(path)
		r.Note(err)
		cfg.Accounts = accounts
		told = func(setting string) bool { return unread[setting] || r.Faulty(setting) }
	}
	// With an accounts file the environment need not describe an account of its own.
	if account := readAccount(r); path == "" || account.given() {
		cfg.Accounts = append([]Account{account}, cfg.Accounts...)
	}
	_, err := cfg.plan(told)
	r.Note(err)
	return cfg, r.Err()
}

// readAccount reads the account that the WMS_* settings describe.
func readAccount(r *settings.Reader) Account {
	account := Account{
		Name: DefaultAccount, URL: r.Text("WMS_URL", ""), SID: r.Text("WMS_SID", ""),
		AppKey: r.Secret("WMS_APP_KEY"), AppSecret: r.Secret("WMS_APP_SECRET"),
		Dialect: r.Text("WMS_DIALECT", "wdt"), SignMethod: r.Text("WMS_SIGN_METHOD", ""),
		Rate: r.Rate("WMS_RATE", 0, maxRate), Timeout: r.Duration("WMS_TIMEOUT", defaultTimeout),
		CAFile:          r.Text(caFile, ""),
		CertSHA256:      r.Text("WMS_CERT_SHA256", ""),
		ExtraOrderTypes: r.List("WMS_EXTRA_ORDER_TYPES"),
		appKeyFile:      r.Text(appKeyFile, ""), appSecretFile: r.Text(appSecretFile, ""),
	}
	if n := r.Whole("WMS_CONCURRENCY", 0, 1, maxConcurrency); n != 0 {
		account.Concurrency = &n
	}
	return account
}

// given says that at least something names which account this is.
func (a Account) given() bool {
	return a.URL != "" || a.SID != "" || a.AppKey != "" || a.AppSecret != ""
}

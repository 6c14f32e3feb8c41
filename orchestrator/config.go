// Package orchestrator decides which warehouse orders must be cancelled, remembers that in Postgres, and sees it through. It
// owns the settings and the life of the process's parts; the rules are in internal/rule. The vendors are known to it as the
// gRPC services kingdee.v1 and wms.v1 and not otherwise.
package orchestrator

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Config is everything an orchestrator needs to know. LoadConfig fills in what is left empty with its default; in code the
// addresses and targets must be given.
type Config struct {
	// DatabaseURL is the Postgres 15 or newer that holds the ledger (DATABASE_URL). Orchestrators that share one share the work.
	DatabaseURL Secret

	// KingdeeTarget and WMSTarget are gRPC targets of the adapters: host:port, or dns:///name:port to spread over several
	// (KINGDEESVC_TARGET 127.0.0.1:7401, WMSSVC_TARGET 127.0.0.1:7402).
	KingdeeTarget, WMSTarget string
	// AdapterToken is the bearer token shown to both adapters; empty when they ask for none (ADAPTER_TOKEN).
	AdapterToken Secret

	// GRPCAddr and HTTPAddr are where gRPC and REST listen, host:port, port 0 for any free one (ORCHESTRATOR_GRPC_ADDR
	// 127.0.0.1:7403, ORCHESTRATOR_HTTP_ADDR 127.0.0.1:7480). Anything but loopback needs AuthTokensFile or TLSClientCAFile:
	// whoever reaches them can release cancellations.
	GRPCAddr, HTTPAddr string

	// SchemesFile is the YAML of the schemes (SCHEMES_FILE). Empty means the shipped one, which runs on sandboxes only.
	SchemesFile string
	// Schemes is that text itself and wins over SchemesFile. Not a setting: demo, tests and benchmarks hand it over.
	Schemes []byte

	// AuthTokensFile holds one name:token a line; every call but health must then carry one (AUTH_TOKENS_FILE).
	AuthTokensFile string
	// TLSCertFile and TLSKeyFile turn TLS on. With TLSClientCAFile callers must show a certificate that it signed, and the
	// adapters are dialled with our own certificate and trusted by the same CA (TLS_CERT_FILE, TLS_KEY_FILE,
	// TLS_CLIENT_CA_FILE).
	TLSCertFile, TLSKeyFile, TLSClientCAFile string

	// EvidenceDays is how many days the masked requests and raw replies are kept; whole months are dropped once they are older
	// (EVIDENCE_DAYS 180). They are most of the ledger's size, and the only proof of what the WMS said word for word.
	EvidenceDays int

	// MetricsAddr is where GET /metrics is answered, on this machine only; empty = nowhere (ORCHESTRATOR_METRICS_ADDR).
	MetricsAddr string

	// LogLevel is the least that is logged (LOG_LEVEL: debug, info, warn or error; info).
	LogLevel slog.Level

	// What follows is no setting, for tests and benchmarks; zero means the default.

	// PushWorkers is how many slices are pushed at once. More fill a fast WMS's window better and hold more connections.
	PushWorkers int
	// Takeover is how long the work of a process that died lies before another takes it up. Shorter finds a crash sooner and
	// risks taking work from a process that is only slow.
	Takeover time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	defaultGRPCAddr      = "127.0.0.1:7403"
	defaultHTTPAddr      = "127.0.0.1:7480"
	defaultKingdeeTarget = "127.0.0.1:7401"
	defaultWMSTarget     = "127.0.0.1:7402"
	defaultEvidenceDays  = 180
	// Below a week nobody could still look into yesterday's trouble after a holiday; above ten years it is a typing error.
	leastEvidenceDays, mostEvidenceDays = 7, 3650
)

// LoadConfig reads the settings from the environment and checks all that can be checked without a network, files and schemes
// included. Its error names everything that is missing or wrong and what would be right, one a line, and repeats no secret.
func LoadConfig(getenv func(string) string) (Config, error) {
	env := environment{getenv: getenv}
	cfg := Config{
		DatabaseURL:     env.secret("DATABASE_URL"),
		KingdeeTarget:   env.text("KINGDEESVC_TARGET", defaultKingdeeTarget),
		WMSTarget:       env.text("WMSSVC_TARGET", defaultWMSTarget),
		AdapterToken:    env.secret("ADAPTER_TOKEN"),
		GRPCAddr:        env.text("ORCHESTRATOR_GRPC_ADDR", defaultGRPCAddr),
		HTTPAddr:        env.text("ORCHESTRATOR_HTTP_ADDR", defaultHTTPAddr),
		SchemesFile:     getenv("SCHEMES_FILE"),
		AuthTokensFile:  getenv("AUTH_TOKENS_FILE"),
		TLSCertFile:     getenv("TLS_CERT_FILE"),
		TLSKeyFile:      getenv("TLS_KEY_FILE"),
		TLSClientCAFile: getenv("TLS_CLIENT_CA_FILE"),
		EvidenceDays:    env.number("EVIDENCE_DAYS", defaultEvidenceDays),
		MetricsAddr:     getenv("ORCHESTRATOR_METRICS_ADDR"),
		LogLevel:        env.level("LOG_LEVEL"),
	}
	return cfg, errors.Join(env.faults(), cfg.check(env.unreadable))
}

// check reports everything that is wrong at once. Settings named in unreadable were reported already.
func (c Config) check(unreadable map[string]bool) error {
	var problems []error
	if !unreadable["DATABASE_URL"] {
		problems = append(problems, checkDatabaseURL(c.DatabaseURL))
	}
	problems = append(problems,
		checkTarget("KINGDEESVC_TARGET", c.KingdeeTarget, defaultKingdeeTarget),
		checkTarget("WMSSVC_TARGET", c.WMSTarget, defaultWMSTarget),
		c.checkAddr("ORCHESTRATOR_GRPC_ADDR", c.GRPCAddr, defaultGRPCAddr),
		c.checkAddr("ORCHESTRATOR_HTTP_ADDR", c.HTTPAddr, defaultHTTPAddr),
		c.checkDistinct(),
		checkMetricsAddr(c.MetricsAddr),
	)
	if !unreadable["EVIDENCE_DAYS"] && c.EvidenceDays != 0 && (c.EvidenceDays < leastEvidenceDays || c.EvidenceDays > mostEvidenceDays) {
		problems = append(problems, fmt.Errorf("EVIDENCE_DAYS: %d is not between %d and %d", c.EvidenceDays, leastEvidenceDays, mostEvidenceDays))
	}
	_, err := c.loadTLS()
	problems = append(problems, err)
	_, err = c.loadTokens()
	problems = append(problems, err)
	_, err = c.loadSchemes()
	return errors.Join(append(problems, err)...)
}

// loadSchemes reads the schemes from where the settings say: handed over, a file, or the shipped one.
func (c Config) loadSchemes() ([]*scheme.Scheme, error) {
	switch {
	case c.Schemes != nil:
		return scheme.Load(c.Schemes, "schemes")
	case c.SchemesFile != "":
		return scheme.LoadFile(c.SchemesFile)
	}
	return scheme.Shipped()
}

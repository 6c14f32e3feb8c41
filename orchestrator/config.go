// Package orchestrator decides which warehouse orders must be cancelled, remembers that in Postgres, and sees it
// through. It owns the settings and the life of the process's parts; the rules are in internal/rule. The vendors are
// known to it as the gRPC services kingdee.v1 and wms.v1 and not otherwise.
package orchestrator

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Config is everything an orchestrator needs to know. LoadConfig fills in what is left empty with its default; in code
// the addresses and targets must be given.
type Config struct {
	// DatabaseURL is the Postgres 15 or newer that holds the ledger (DATABASE_URL). Orchestrators that share one share
	// the work.
	DatabaseURL settings.Secret

	// KingdeeTarget and WMSTarget are gRPC targets of the adapters: host:port, or dns:///name:port to spread over
	// several (KINGDEESVC_TARGET 127.0.0.1:7401, WMSSVC_TARGET 127.0.0.1:7402).
	KingdeeTarget, WMSTarget string
	// AdapterToken is the bearer token shown to both adapters; empty when they ask for none (ADAPTER_TOKEN). It never
	// leaves this machine without TLS.
	AdapterToken settings.Secret
	// AdapterCA is a file with the only authorities that vouch for the adapters (ADAPTER_CA_FILE); empty = the
	// system's. With it, or at a target beyond loopback, the adapters are asked by TLS.
	AdapterCA string

	// GRPCAddr and HTTPAddr are where gRPC and REST listen, host:port, port 0 for any free one (ORCHESTRATOR_GRPC_ADDR
	// 127.0.0.1:7403, ORCHESTRATOR_HTTP_ADDR 127.0.0.1:7480). Anything but loopback needs callers who are
	// known, and TLS: whoever reaches them can release cancellations.
	GRPCAddr, HTTPAddr string

	// HTTPRate is how many REST requests a second one caller has answered in the long run, and HTTPBurst how many at
	// once after a rest; more are 429 (ORCHESTRATOR_HTTP_RATE 200, 1 to 100000; ORCHESTRATOR_HTTP_BURST 1000, 1 to
	// 100000). Lower keeps one caller's loop from others' answers, higher lets a nightly list go on at full speed.
	HTTPRate  float64
	HTTPBurst int
	// HTTPOrigins are the sites whose pages may call REST from a browser, such as https://board.example.com
	// (ORCHESTRATOR_HTTP_ORIGINS, set apart by commas). None by default.
	HTTPOrigins []string

	// HostName is what this orchestrator goes by in conditions and in the list of hosts, one of its own for each on a
	// ledger (ORCHESTRATOR_HOST_NAME). Empty: the machine's name and the port of gRPC. A container whose machine has
	// another name after each start wants one that lasts.
	HostName string

	// StateDir is a folder of this orchestrator's own, on a disk that survives a restart, in which it remembers which
	// ledger it has worked with (STATE_DIR, an absolute path). Empty: it remembers nothing, and says so. With it an
	// older back-up of the ledger, or a server that took over without the last transactions, is the condition
	// ledger_went_back.
	StateDir string

	// SchemesFile is the YAML of the schemes (SCHEMES_FILE). Empty means the shipped one, which runs on sandboxes only.
	SchemesFile string
	// Schemes is that text itself and wins over SchemesFile. Not a setting: demo, tests and benchmarks hand it over.
	Schemes []byte

	// Access says who may call. The adapters are shown the same certificate, where there is one.
	Access access.Files
	// Traces say where spans go (OTEL_EXPORTER_OTLP_ENDPOINT).
	Traces telemetry.Settings

	// EvidenceDays is how many days the masked requests and raw replies are kept; whole months are dropped once they
	// are older (EVIDENCE_DAYS 180). They are most of the ledger's size, and the only proof of what the WMS said word
	// for word.
	EvidenceDays int

	// OpsAddr is where GET /healthz, /readyz and /metrics are answered to everybody, in plain text: other hosts may
	// reach it (ORCHESTRATOR_OPS_ADDR). Empty = nowhere.
	OpsAddr string

	// LogLevel is the least that is logged (LOG_LEVEL: debug, info, warn or error; info).
	LogLevel slog.Level

	// adapterTokenFile is the file that AdapterToken was read from; empty where it is none.
	adapterTokenFile string
	// databaseURLFile is the file that DatabaseURL was read from; empty where it is none.
	databaseURLFile string

	// What follows is no setting, for tests and benchmarks; zero means the default.

	// PushWorkers is how many batches are sent at once. More fill a fast WMS's window better and hold more connections.
	PushWorkers int
	// Takeover is how long the work of a process that died lies before another takes it up. Shorter finds a crash
	// sooner and risks taking work from a process that is only slow.
	Takeover time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	defaultGRPCAddr      = "127.0.0.1:7403"
	defaultHTTPAddr      = "127.0.0.1:7480"
	defaultKingdeeTarget = "127.0.0.1:7401"
	defaultWMSTarget     = "127.0.0.1:7402"
	exampleOps           = "127.0.0.1:7483"
	defaultEvidenceDays  = 180
	// mostHTTPRate is no bound any more.
	mostHTTPRate = 100_000
	// Below a week nobody could still look into yesterday's trouble after a holiday; above ten years it is a typing
	// error.
	leastEvidenceDays, mostEvidenceDays = 7, 3650
)

// LoadConfig reads the settings from the environment and checks all that can be checked without a network, files and
// schemes included. Its error names everything that is missing or wrong and what would be right, one a line, and
// repeats no secret.
func LoadConfig(getenv func(string) string) (Config, error) {
	r := settings.New(getenv)
	cfg := Config{
		DatabaseURL:   r.Secret("DATABASE_URL"),
		KingdeeTarget: r.Text("KINGDEESVC_TARGET", defaultKingdeeTarget),
		WMSTarget:     r.Text("WMSSVC_TARGET", defaultWMSTarget),
		AdapterToken:  r.Secret("ADAPTER_TOKEN"),
		AdapterCA:     r.Text("ADAPTER_CA_FILE", ""),
		GRPCAddr:      r.Text("ORCHESTRATOR_GRPC_ADDR", defaultGRPCAddr),
		HTTPAddr:      r.Text("ORCHESTRATOR_HTTP_ADDR", defaultHTTPAddr),
		HTTPBurst:     r.Whole("ORCHESTRATOR_HTTP_BURST", 0, 1, mostHTTPRate),
		HTTPOrigins:   r.List("ORCHESTRATOR_HTTP_ORIGINS"),
		SchemesFile:   r.Text("SCHEMES_FILE", ""),
		Access:        access.ReadFiles(r),
		Traces:        telemetry.ReadSettings(r),
		EvidenceDays:  r.Whole("EVIDENCE_DAYS", defaultEvidenceDays, leastEvidenceDays, mostEvidenceDays),
		HostName:      r.Text("ORCHESTRATOR_HOST_NAME", ""),
		StateDir:      r.Text("STATE_DIR", ""),
		OpsAddr:       r.Text("ORCHESTRATOR_OPS_ADDR", ""),
		LogLevel:      r.Level("LOG_LEVEL"),
	}
	if rate := r.Rate("ORCHESTRATOR_HTTP_RATE", 1, mostHTTPRate); rate != nil {
		cfg.HTTPRate = *rate
	}
	cfg.adapterTokenFile = r.Text(adapterTokenFile, "")
	cfg.databaseURLFile = r.Text(databaseURLFile, "")
	r.Note(cfg.check(r.Faulty))
	return cfg, r.Err()
}

// check reports everything that is wrong at once. told says of a setting that its fault was told already.
func (c Config) check(told func(setting string) bool) error {
	var problems []error
	if !told("DATABASE_URL") {
		problems = append(problems, checkDatabaseURL(c.DatabaseURL))
	}
	_, accessErr := c.Access.Open()
	_, schemesErr := c.loadSchemes()
	return errors.Join(append(problems,
		checkTarget("KINGDEESVC_TARGET", c.KingdeeTarget, defaultKingdeeTarget),
		checkTarget("WMSSVC_TARGET", c.WMSTarget, defaultWMSTarget),
		access.CheckAddr("ORCHESTRATOR_GRPC_ADDR", c.GRPCAddr, defaultGRPCAddr, c.Access),
		access.CheckAddr("ORCHESTRATOR_HTTP_ADDR", c.HTTPAddr, defaultHTTPAddr, c.Access),
		c.checkDistinct(), checkHostName(c.HostName), checkStateDir(c.StateDir),
		access.CheckOpsAddr("ORCHESTRATOR_OPS_ADDR", c.OpsAddr, exampleOps),
		c.checkOrigins(), c.checkAdapterWay(), accessErr, schemesErr,
	)...)
}

func (c Config) checkOrigins() error {
	if err := gateway.CheckOrigins(c.HTTPOrigins); err != nil {
		return fmt.Errorf("ORCHESTRATOR_HTTP_ORIGINS: %w", err)
	}
	return nil
}

// checkAdapterWay reads what the way to the adapters needs.
func (c Config) checkAdapterWay() error {
	if c.AdapterCA == "" {
		return nil
	}
	if _, err := access.LoadPool(c.AdapterCA); err != nil {
		return fmt.Errorf("ADAPTER_CA_FILE: %w", err)
	}
	return nil
}

// mostHostName is how many characters a host's name has at most.
const mostHostName = 100

func checkHostName(name string) error {
	if len(name) > mostHostName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("ORCHESTRATOR_HOST_NAME: at most %d ASCII characters without blanks, such as wms-02",
			mostHostName)
	}
	return nil
}

func checkStateDir(dir string) error {
	if dir == "" {
		return nil
	}
	if err := memory.Check(dir); err != nil {
		return fmt.Errorf("STATE_DIR: %w", err)
	}
	return nil
}

// nothingTold is for a Config that no environment was read for.
func nothingTold(string) bool { return false }

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

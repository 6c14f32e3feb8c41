package kingdeesvc

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Config is all that kingdeesvc is told. Make one with LoadConfig, which checks it.
type Config struct {
	// BaseURL is the server, always ending in /K3Cloud.
	BaseURL *url.URL
	// CA are the authorities of KINGDEE_CA_FILE, which are trusted beside the system's; nil = the system's alone.
	// Certificates are always checked: a server that signed its own gives that certificate as the file.
	CA *access.Pool
	// Pins are the SHA-256 of certificates, KINGDEE_CERT_SHA256: with any, those very certificates are trusted and
	// nobody else, whoever issued them and whatever host they name.
	Pins []kingdee.Pin
	// AcctID is the data centre 账套 to log in to.
	AcctID   string
	Username string
	AppID    string
	// AppSecret belongs to AppID; Password to Username. Which of them is needed is Auth's question.
	AppSecret settings.Secret
	Password  settings.Secret
	// LCID is the language of the vendor's messages.
	LCID int
	// OrgNum is the organisation for the header signature.
	OrgNum string
	// Auth is sign, app_secret, password or header (every request signed, no login).
	Auth string
	// SignHash is sha256, or sha1 for servers below patch PT-146911; it is used by Auth sign only.
	SignHash string
	// KickOff false logs in without ending other sessions of the same user, where the server has such a login.
	KickOff bool
	// ZoneName and Zone are where the server's wall clock hangs.
	ZoneName string
	Zone     *time.Location
	// PageRows is the Limit of each query: more rows mean fewer calls and more memory. 2000 is the most that every
	// server allows; what one does with more than its own maximum is not documented.
	PageRows int
	// Sessions is how many logins are held at most. One session runs its requests one after the other, so more of
	// them let pages be read in parallel; each costs the server memory, and one that allows a single session a user
	// would thrash.
	Sessions int
	// Rate is requests a second; 0 = not given: 5 on a real server, no limit on a sandbox.
	Rate float64
	// Addr is where gRPC listens.
	Addr string
	// OpsAddr is where GET /healthz, /readyz and /metrics are answered to everybody, in plain text: other hosts may
	// reach it. Empty = nowhere.
	OpsAddr string
	// Access says who may call.
	Access access.Files
	// Traces say where spans go.
	Traces   telemetry.Settings
	LogLevel slog.Level

	// files are those that are followed while the service runs; empty where a setting names none.
	files struct{ appSecret, password, ca string }
}

const (
	exampleAddr = "127.0.0.1:7401"
	exampleOps  = "127.0.0.1:7481"
)

// LoadConfig reads the settings from the environment. Its error names everything that is missing or wrong, one a line,
// and repeats no secret. An address that other hosts can reach needs AUTH_CALLERS_FILE and TLS.
func LoadConfig(getenv func(string) string) (Config, error) {
	r := settings.New(getenv)
	cfg := Config{
		AcctID:    r.Required("KINGDEE_ACCT_ID"),
		Username:  r.Required("KINGDEE_USERNAME"),
		AppID:     r.Text("KINGDEE_APP_ID", ""),
		AppSecret: r.Secret("KINGDEE_APP_SECRET"),
		Password:  r.Secret("KINGDEE_PASSWORD"),
		LCID:      r.Whole("KINGDEE_LCID", 2052, 1, 65535),
		OrgNum:    r.Text("KINGDEE_ORG_NUM", ""),
		Auth:      r.Choice("KINGDEE_AUTH", "sign", "app_secret", "password", "header"),
		ZoneName:  r.Text("KINGDEE_TIME_ZONE", "Asia/Shanghai"),
		Zone:      r.Zone("KINGDEE_TIME_ZONE", "Asia/Shanghai"),
		PageRows:  r.Whole("KINGDEE_PAGE_ROWS", 2000, 10, 2000),
		SignHash:  r.Choice("KINGDEE_SIGN_HASH", "sha256", "sha1"),
		KickOff:   r.Choice("KINGDEE_KICK_OFF", "true", "false") == "true",
		Sessions:  r.Whole("KINGDEE_SESSIONS", 1, 1, 10),
		Addr:      r.Text("KINGDEESVC_ADDR", exampleAddr),
		OpsAddr:   r.Text("KINGDEESVC_OPS_ADDR", ""),
		Access:    access.ReadFiles(r),
		Traces:    telemetry.ReadSettings(r),
		LogLevel:  r.Level("LOG_LEVEL"),
	}
	cfg.files.appSecret, cfg.files.password = r.Text(appSecretFile, ""), r.Text(passwordFile, "")
	if rate := r.Rate("KINGDEE_RATE", 0.01, 100_000); rate != nil {
		cfg.Rate = *rate
	}
	cfg.server(r)
	cfg.credentials(r)
	_, err := cfg.Access.Open()
	r.Note(err)
	r.Note(access.CheckAddr("KINGDEESVC_ADDR", cfg.Addr, exampleAddr, cfg.Access))
	r.Note(access.CheckOpsAddr("KINGDEESVC_OPS_ADDR", cfg.OpsAddr, exampleOps))
	return cfg, r.Err()
}

// server reads where Kingdee is and whom to trust about it.
func (cfg *Config) server(r *settings.Reader) {
	var err error
	if base := r.Required("KINGDEE_BASE_URL"); base != "" {
		if cfg.BaseURL, err = kingdee.ParseBaseURL(base); err != nil {
			r.Fault("KINGDEE_BASE_URL", "%w", err)
		}
	}
	if cfg.files.ca = r.Text(caFile, ""); cfg.files.ca != "" {
		if cfg.CA, err = access.LoadPool(cfg.files.ca); err != nil {
			r.Fault(caFile, "%w", err)
		}
	}
	if pins := r.Text("KINGDEE_CERT_SHA256", ""); pins != "" {
		if cfg.Pins, err = kingdee.ParsePins(pins); err != nil {
			r.Fault("KINGDEE_CERT_SHA256", "%w", err)
		}
		if cfg.BaseURL != nil && cfg.BaseURL.Scheme == "http" {
			r.Fault("KINGDEE_CERT_SHA256", "KINGDEE_BASE_URL is http://, which has no certificate")
		}
	}
}

// credentials says which settings the chosen way in still lacks.
func (cfg *Config) credentials(r *settings.Reader) {
	need := func(name string, missing bool) {
		if missing && !r.Faulty(name) {
			r.Fault(name, "not set; KINGDEE_AUTH=%s needs it", cfg.Auth)
		}
	}
	switch {
	case r.Faulty("KINGDEE_AUTH"):
		return // what it would need is not known
	case cfg.Auth == "password":
		need("KINGDEE_PASSWORD", cfg.Password == "")
		return
	}
	need("KINGDEE_APP_ID", cfg.AppID == "")
	need("KINGDEE_APP_SECRET", cfg.AppSecret == "")
	if cfg.Auth == "header" && cfg.AppID != "" {
		if _, err := kingdee.NewHeaderAuth(cfg.account(), cfg.OrgNum, cfg.AppID, cfg.AppSecret); err != nil {
			r.Fault("KINGDEE_APP_ID", "%w", err)
		}
	}
}

package kingdeesvc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Secret is a setting that no log, error or dump shows.
type Secret = kingdee.Secret

// Config is all that kingdeesvc is told. Make one with LoadConfig, which checks it.
type Config struct {
	// BaseURL is the server, always ending in /K3Cloud.
	BaseURL *url.URL
	// Roots are the system's authorities and those of KINGDEE_CA_FILE; nil = the system's alone. Certificates are always checked:
	// a server that signed its own gives that certificate as the file.
	Roots *x509.CertPool
	// Pins are the SHA-256 of certificates, KINGDEE_CERT_SHA256: with any, those very certificates are trusted and
	// nobody else, whoever issued them and whatever host they name.
	Pins []kingdee.Pin
	// AcctID is the data centre 账套 to log in to.
	AcctID   string
	Username string
	AppID    string
	// AppSecret belongs to AppID; Password to Username. Which of them is needed is Auth's question.
	AppSecret Secret
	Password  Secret
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
	// PageRows is the Limit of each query: more rows mean fewer calls and more memory. 2000 is the most that every server
	// allows; what one does with more than its own maximum is not documented.
	PageRows int
	// Sessions is how many logins are held at most. One session runs its requests one after the other, so more of them let
	// pages be read in parallel; each costs the server memory, and one that allows a single session a user would thrash.
	Sessions int
	// Rate is requests a second; 0 = not given: 5 on a real server, no limit on a sandbox.
	Rate float64
	// Addr is where gRPC listens.
	Addr string
	// MetricsAddr is where GET /metrics is answered, on this machine only; empty = nowhere.
	MetricsAddr string
	// TokensFile, TLSCertFile, TLSKeyFile and TLSClientCAFile say who may call; see LoadConfig.
	TokensFile      string
	TLSCertFile     string
	TLSKeyFile      string
	TLSClientCAFile string
	LogLevel        slog.Level

	// reload reads the settings anew: a secret in a file may have been changed.
	reload func() (Config, error)
}

// LoadConfig reads the settings from the environment and reports every problem at once, one a line. Secrets may also be given
// as <NAME>_FILE. An address that other hosts can reach needs AUTH_TOKENS_FILE or TLS_CLIENT_CA_FILE.
func LoadConfig(getenv func(string) string) (Config, error) {
	s := &settings{getenv: getenv}
	cfg := Config{
		AcctID:          s.required("KINGDEE_ACCT_ID"),
		Username:        s.required("KINGDEE_USERNAME"),
		AppID:           s.text("KINGDEE_APP_ID", ""),
		AppSecret:       s.secret("KINGDEE_APP_SECRET"),
		Password:        s.secret("KINGDEE_PASSWORD"),
		LCID:            s.number("KINGDEE_LCID", 2052, 1, 65535),
		OrgNum:          s.text("KINGDEE_ORG_NUM", ""),
		Auth:            s.text("KINGDEE_AUTH", "sign"),
		ZoneName:        s.text("KINGDEE_TIME_ZONE", "Asia/Shanghai"),
		PageRows:        s.number("KINGDEE_PAGE_ROWS", 2000, 10, 2000),
		SignHash:        s.choice("KINGDEE_SIGN_HASH", "sha256", "sha1"),
		KickOff:         s.choice("KINGDEE_KICK_OFF", "true", "false") == "true",
		Sessions:        s.number("KINGDEE_SESSIONS", 1, 1, 10),
		Addr:            s.text("KINGDEESVC_ADDR", "127.0.0.1:7401"),
		MetricsAddr:     s.text("KINGDEESVC_METRICS_ADDR", ""),
		TokensFile:      s.text("AUTH_TOKENS_FILE", ""),
		TLSCertFile:     s.text("TLS_CERT_FILE", ""),
		TLSKeyFile:      s.text("TLS_KEY_FILE", ""),
		TLSClientCAFile: s.text("TLS_CLIENT_CA_FILE", ""),
	}
	if base := s.required("KINGDEE_BASE_URL"); base != "" {
		var err error
		if cfg.BaseURL, err = kingdee.ParseBaseURL(base); err != nil {
			s.problem("KINGDEE_BASE_URL", err.Error())
		}
	}
	var err error
	if cfg.Roots, err = loadRoots(s.text("KINGDEE_CA_FILE", "")); err != nil {
		s.problem("KINGDEE_CA_FILE", err.Error())
	}
	if pins := s.text("KINGDEE_CERT_SHA256", ""); pins != "" {
		if cfg.Pins, err = kingdee.ParsePins(pins); err != nil {
			s.problem("KINGDEE_CERT_SHA256", err.Error())
		}
		if cfg.BaseURL != nil && cfg.BaseURL.Scheme == "http" {
			s.problem("KINGDEE_CERT_SHA256", "KINGDEE_BASE_URL is http://, which has no certificate")
		}
	}
	s.credentials(cfg)
	if cfg.Zone, err = loadZone(cfg.ZoneName); err != nil {
		s.problem("KINGDEE_TIME_ZONE", err.Error())
	}
	cfg.Rate = s.rate("KINGDEE_RATE")
	s.access(cfg)
	level := s.text("LOG_LEVEL", "info")
	if err := cfg.LogLevel.UnmarshalText([]byte(level)); err != nil {
		// In the words of the other services: `voidrelay up` names it once for all three.
		s.problem("LOG_LEVEL", fmt.Sprintf("%q is none of debug, info, warn, error", level))
	}
	cfg.reload = func() (Config, error) { return LoadConfig(getenv) }
	return cfg, errors.Join(s.problems...)
}

// credentials says which settings the chosen way in still lacks.
func (s *settings) credentials(cfg Config) {
	need := func(name string, missing bool) {
		if missing && !s.named[name] {
			s.problem(name, "missing; KINGDEE_AUTH="+cfg.Auth+" needs it")
		}
	}
	switch cfg.Auth {
	case "sign", "app_secret":
		need("KINGDEE_APP_ID", cfg.AppID == "")
		need("KINGDEE_APP_SECRET", cfg.AppSecret == "")
	case "password":
		need("KINGDEE_PASSWORD", cfg.Password == "")
	case "header":
		need("KINGDEE_APP_ID", cfg.AppID == "")
		need("KINGDEE_APP_SECRET", cfg.AppSecret == "")
		if cfg.AppID != "" {
			if _, err := kingdee.NewHeaderAuth(cfg.account(), cfg.OrgNum, cfg.AppID, cfg.AppSecret); err != nil {
				s.problem("KINGDEE_APP_ID", err.Error())
			}
		}
	default:
		s.problem("KINGDEE_AUTH", "want sign, app_secret, password or header")
	}
}

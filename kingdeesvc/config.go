package kingdeesvc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rpc"
)

// Secret is a setting that no log, error or dump shows.
type Secret = kingdee.Secret

// Config is all that kingdeesvc is told. Make one with LoadConfig, which checks it.
type Config struct {
	// BaseURL is the server, always ending in /K3Cloud.
	BaseURL *url.URL
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
	// Auth is sign, app_secret or password.
	Auth string
	// ZoneName and Zone are where the server's wall clock hangs.
	ZoneName string
	Zone     *time.Location
	// PageRows is the Limit of each query: more rows mean fewer calls and more memory; above 2000 a short page is not
	// trusted to be the last, which costs a call or two.
	PageRows int
	// Sessions is how many logins are held. One session runs its requests one after the other.
	Sessions int
	// Rate is requests a second; 0 = not given: 5 on a real server, no limit on a sandbox.
	Rate float64
	// Addr is where gRPC listens.
	Addr string
	// TokensFile, TLSCertFile, TLSKeyFile and TLSClientCAFile say who may call; see LoadConfig.
	TokensFile      string
	TLSCertFile     string
	TLSKeyFile      string
	TLSClientCAFile string
	LogLevel        slog.Level
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
		PageRows:        s.number("KINGDEE_PAGE_ROWS", 2000, 10, 10000),
		Sessions:        s.number("KINGDEE_SESSIONS", 1, 1, 1),
		Addr:            s.text("KINGDEESVC_ADDR", "127.0.0.1:7401"),
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
	s.credentials(cfg)
	var err error
	if cfg.Zone, err = loadZone(cfg.ZoneName); err != nil {
		s.problem("KINGDEE_TIME_ZONE", err.Error())
	}
	cfg.Rate = s.rate("KINGDEE_RATE")
	s.access(cfg)
	if err := cfg.LogLevel.UnmarshalText([]byte(s.text("LOG_LEVEL", "info"))); err != nil {
		s.problem("LOG_LEVEL", "want debug, info, warn or error")
	}
	return cfg, errors.Join(s.problems...)
}

// credentials says which settings the chosen way in still lacks.
func (s *settings) credentials(cfg Config) {
	need := func(name string, missing bool) {
		if missing {
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
		s.problem("KINGDEE_AUTH", "header is not supported by this version; use sign, app_secret or password")
	default:
		s.problem("KINGDEE_AUTH", "want sign, app_secret or password")
	}
}

// access checks who may call. Files are read here so that a wrong one is named together with everything else.
func (s *settings) access(cfg Config) {
	host, _, err := net.SplitHostPort(cfg.Addr)
	switch {
	case err != nil:
		s.problem("KINGDEESVC_ADDR", "want host:port")
	case !loopback(host) && cfg.TokensFile == "" && cfg.TLSClientCAFile == "":
		s.problem("KINGDEESVC_ADDR", "other hosts can reach "+cfg.Addr+": set AUTH_TOKENS_FILE, or TLS_CLIENT_CA_FILE with a certificate")
	}
	if _, err := loadTokens(cfg.TokensFile); err != nil {
		s.problem("AUTH_TOKENS_FILE", err.Error())
	}
	if _, err := loadTLS(cfg); err != nil {
		s.problem("TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE", err.Error())
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// loadZone takes an IANA name or a fixed offset such as +08:00.
func loadZone(name string) (*time.Location, error) {
	if len(name) == 6 && (name[0] == '+' || name[0] == '-') {
		if t, err := time.Parse("-07:00", name); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(name, offset), nil
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, errors.New("want an IANA name such as Asia/Shanghai, or an offset such as +08:00")
	}
	return zone, nil
}

func loadTokens(file string) (rpc.Tokens, error) {
	if file == "" {
		return nil, nil
	}
	from, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	return rpc.ReadTokens(from)
}

// loadTLS is the server's TLS, nil where none is set. What does not load is an error: there is no way back to plain text.
func loadTLS(cfg Config) (*tls.Config, error) {
	if cfg.TLSCertFile == "" && cfg.TLSKeyFile == "" {
		if cfg.TLSClientCAFile != "" {
			return nil, errors.New("client certificates need a TLS_CERT_FILE and TLS_KEY_FILE of our own")
		}
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(cfg.TLSCertFile, cfg.TLSKeyFile)
	if err != nil {
		return nil, err
	}
	out := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if cfg.TLSClientCAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(cfg.TLSClientCAFile)
	if err != nil {
		return nil, err
	}
	out.ClientCAs, out.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !out.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", cfg.TLSClientCAFile)
	}
	return out, nil
}

// settings reads the environment and collects what is wrong with it.
type settings struct {
	getenv   func(string) string
	problems []error
}

func (s *settings) problem(name, text string) {
	s.problems = append(s.problems, fmt.Errorf("%s: %s", name, text))
}

func (s *settings) text(name, otherwise string) string {
	if value := strings.TrimSpace(s.getenv(name)); value != "" {
		return value
	}
	return otherwise
}

func (s *settings) required(name string) string {
	value := s.text(name, "")
	if value == "" {
		s.problem(name, "missing")
	}
	return value
}

func (s *settings) number(name string, otherwise, least, most int) int {
	text := s.text(name, "")
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		want := fmt.Sprintf("want a whole number from %d to %d", least, most)
		if least == most {
			want = fmt.Sprintf("only %d is supported by this version", least)
		}
		s.problem(name, want)
		return otherwise
	}
	return value
}

// secret is the setting itself or what stands in the file that <NAME>_FILE names.
func (s *settings) secret(name string) Secret {
	value, file := s.getenv(name), s.text(name+"_FILE", "")
	if file == "" {
		return Secret(value)
	}
	if value != "" {
		s.problem(name, "given twice, also as "+name+"_FILE")
		return ""
	}
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		s.problem(name+"_FILE", err.Error())
		return ""
	}
	return Secret(strings.TrimRight(string(content), "\r\n"))
}

// rate reads "5" or "5/s".
func (s *settings) rate(name string) float64 {
	text := s.text(name, "")
	if text == "" {
		return 0
	}
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	if err != nil || value < 0.01 || value > 100000 {
		s.problem(name, "want requests a second, such as 5 or 0.5/s")
		return 0
	}
	return value
}

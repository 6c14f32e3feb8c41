package kingdeesvc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rpc"
)

// access checks who may call. Files are read here so that a wrong one is named together with everything else.
func (s *settings) access(cfg Config) {
	host, _, err := net.SplitHostPort(cfg.Addr)
	switch {
	case err != nil:
		s.problem("KINGDEESVC_ADDR", "want host:port")
	case !loopback(host) && cfg.TokensFile == "" && cfg.TLSClientCAFile == "":
		s.problem("KINGDEESVC_ADDR", "other hosts can reach "+cfg.Addr+": set AUTH_TOKENS_FILE, or TLS_CLIENT_CA_FILE with a certificate")
	}
	if cfg.MetricsAddr != "" {
		if host, _, err := net.SplitHostPort(cfg.MetricsAddr); err != nil || !loopback(host) {
			s.problem("KINGDEESVC_METRICS_ADDR", "want host:port on this machine, such as 127.0.0.1:9401; whoever scrapes from afar needs a proxy")
		}
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

func loadTokens(file string) (rpc.Tokens, error) {
	if file == "" {
		return nil, nil
	}
	from, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	return rpc.ReadTokens(from)
}

// loadRoots adds a file's authorities to the system's.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", file)
	}
	return roots, nil
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

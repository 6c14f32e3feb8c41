package wmssvc

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// minTokenLength keeps tokens out of reach of guessing.
const minTokenLength = 16

// tokenList knows bearer tokens by their digest, so that a comparison tells nothing about a token by its time.
type tokenList struct{ names map[[sha256.Size]byte]string }

// loadTokens reads one name:token a line; blank lines and lines that begin with # are left out.
func loadTokens(path string) (*tokenList, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the operator's own setting
	if err != nil {
		return nil, fmt.Errorf("AUTH_TOKENS_FILE: %w", err)
	}
	list := &tokenList{names: make(map[[sha256.Size]byte]string)}
	var problems []error
	for i, line := range strings.Split(string(content), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, token, found := strings.Cut(line, ":")
		if !found || name == "" || len(token) < minTokenLength {
			problems = append(problems, fmt.Errorf("AUTH_TOKENS_FILE line %d: not name:token with a token of %d characters or more", i+1, minTokenLength))
			continue
		}
		list.names[sha256.Sum256([]byte(token))] = name
	}
	if len(problems) == 0 && len(list.names) == 0 {
		problems = append(problems, fmt.Errorf("AUTH_TOKENS_FILE: %s holds no token", path))
	}
	return list, errors.Join(problems...)
}

// Caller names whom the token belongs to.
func (l *tokenList) Caller(token string) (string, bool) {
	name, ok := l.names[sha256.Sum256([]byte(token))]
	return name, ok
}

// loadTLS reads the certificate files; nil when none are configured. A file that does not load is an error: the service
// never falls back to plain text.
func (c Config) loadTLS() (*tls.Config, error) {
	switch {
	case c.CertFile == "" && c.KeyFile == "" && c.ClientCAFile == "":
		return nil, nil
	case c.CertFile == "" || c.KeyFile == "":
		return nil, errors.New("TLS_CERT_FILE and TLS_KEY_FILE belong together, and TLS_CLIENT_CA_FILE needs both")
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT_FILE, TLS_KEY_FILE: %w", err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if c.ClientCAFile == "" {
		return cfg, nil
	}
	cfg.ClientCAs, cfg.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if err := addCertificates(cfg.ClientCAs, c.ClientCAFile); err != nil {
		return nil, fmt.Errorf("TLS_CLIENT_CA_FILE: %w", err)
	}
	return cfg, nil
}

// loadRoots answers whom to trust about a WMS: the system's authorities and those in the file.
func loadRoots(path string) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates: %w", err)
	}
	return roots, addCertificates(roots, path)
}

func addCertificates(pool *x509.CertPool, path string) error {
	content, err := os.ReadFile(path) //nolint:gosec // the operator's own setting
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(content) {
		return fmt.Errorf("%s holds no certificate", path)
	}
	return nil
}

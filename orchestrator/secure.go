package orchestrator

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

// loadTokens reads one name:token a line (a blank will do for the colon); blank lines and lines that begin with # are left out. nil when none are configured.
func (c Config) loadTokens() (*tokenList, error) {
	path := c.AuthTokensFile
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
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
		name, token := line, ""
		if i := strings.IndexAny(line, ": \t"); i >= 0 {
			name, token = line[:i], strings.TrimSpace(line[i+1:])
		}
		if name == "" || len(token) < minTokenLength {
			problems = append(problems, fmt.Errorf("AUTH_TOKENS_FILE: %s:%d: not name:token with a token of %d characters or more", path, i+1, minTokenLength))
			continue
		}
		list.names[sha256.Sum256([]byte(token))] = name
	}
	if len(problems) == 0 && len(list.names) == 0 {
		problems = append(problems, fmt.Errorf("AUTH_TOKENS_FILE: %s holds no name:token", path))
	}
	return list, errors.Join(problems...)
}

// Authenticate names whom the token belongs to.
func (l *tokenList) Authenticate(token string) (string, bool) {
	name, ok := l.names[sha256.Sum256([]byte(token))]
	return name, ok
}

// loadTLS reads the certificate files; nil when none are configured. A file that does not load is an error: there is no
// falling back to plain text.
func (c Config) loadTLS() (*tls.Config, error) {
	switch {
	case c.TLSCertFile == "" && c.TLSKeyFile == "" && c.TLSClientCAFile == "":
		return nil, nil
	case c.TLSCertFile == "" || c.TLSKeyFile == "":
		return nil, errors.New("TLS_CERT_FILE and TLS_KEY_FILE: set both or neither; TLS_CLIENT_CA_FILE needs both")
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT_FILE, TLS_KEY_FILE: %w", err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if c.TLSClientCAFile == "" {
		return cfg, nil
	}
	authority, err := os.ReadFile(c.TLSClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("TLS_CLIENT_CA_FILE: %w", err)
	}
	cfg.ClientCAs, cfg.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !cfg.ClientCAs.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("TLS_CLIENT_CA_FILE: %s holds no certificate", c.TLSClientCAFile)
	}
	// The adapters are dialled with the same pair and checked against the same authority.
	cfg.RootCAs = cfg.ClientCAs
	return cfg, nil
}

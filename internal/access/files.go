package access

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/watched"
)

// Files are the settings that guard a service's door.
type Files struct {
	// Callers says who may call and in which role, a line each; every call but health must then show a token or a
	// certificate that has a line (AUTH_CALLERS_FILE).
	Callers string
	// Cert and Key turn TLS on (TLS_CERT_FILE, TLS_KEY_FILE).
	Cert, Key string
	// ClientCA makes callers present a certificate that it signed (TLS_CLIENT_CA_FILE); it needs Cert and Key, and
	// Callers, which says what whose certificate may do.
	ClientCA string

	// Slowing is no setting, for tests; zero is the usual one.
	Slowing Slowing
}

// ReadFiles reads the settings. What the files hold is read, and found wrong, by Open.
func ReadFiles(r *settings.Reader) Files {
	return Files{
		Callers: r.Text("AUTH_CALLERS_FILE", ""),
		Cert:    r.Text("TLS_CERT_FILE", ""), Key: r.Text("TLS_KEY_FILE", ""),
		ClientCA: r.Text("TLS_CLIENT_CA_FILE", ""),
	}
}

// Guarded says that a caller has to show something.
func (f Files) Guarded() bool { return f.Callers != "" }

// Guard is what the files hold.
type Guard struct {
	// Callers is nil where nobody is asked who he is.
	Callers *Callers
	// TLS is what a server speaks; nil for plain text. It goes by what Follow read last.
	TLS *tls.Config
	// Slowing is how refused logins are slowed.
	Slowing Slowing
	// Changed hears of each change of the callers that Follow read; nil hears nothing.
	Changed func(CallersChange)

	files Files
	held  *held
}

// held is what a server's handshakes go by; it is exchanged while it serves.
type held struct {
	pair    atomic.Pointer[tls.Certificate]
	callers atomic.Pointer[authorities]
}

// Open reads the files. Its error names every setting whose file is wrong.
func (f Files) Open() (Guard, error) {
	g := Guard{Slowing: f.Slowing, files: f}
	var callersErr, tlsErr error
	switch {
	case f.Callers != "":
		if g.Callers, callersErr = LoadCallers(f.Callers); callersErr != nil {
			callersErr = fmt.Errorf("AUTH_CALLERS_FILE: %w", callersErr)
		}
	case f.ClientCA != "":
		callersErr = errors.New("TLS_CLIENT_CA_FILE: set AUTH_CALLERS_FILE, which says what whose certificate may " +
			"do: a line such as `orchestrator viewer certificate`")
	}
	g.held, tlsErr = f.hold()
	if err := errors.Join(callersErr, tlsErr); err != nil {
		return Guard{}, err
	}
	if g.held != nil {
		g.TLS = g.held.server()
	}
	return g, nil
}

// hold answers nil where no certificate is configured.
func (f Files) hold() (*held, error) {
	switch {
	case f.Cert == "" && f.Key == "" && f.ClientCA == "":
		return nil, nil //nolint:nilnil // plain text is a right way to serve this machine
	case f.Cert == "" || f.Key == "":
		return nil, errors.New("TLS_CERT_FILE, TLS_KEY_FILE: set both or neither; TLS_CLIENT_CA_FILE needs both")
	}
	h := &held{}
	if err := errors.Join(h.takePair(f), h.takeCallers(f)); err != nil {
		return nil, err
	}
	return h, nil
}

// takePair reads certificate and key, and takes both into use or neither.
func (h *held) takePair(f Files) error {
	pair, err := Pair("TLS_CERT_FILE", f.Cert, "TLS_KEY_FILE", f.Key)
	if err == nil {
		h.pair.Store(&pair)
	}
	return err
}

// takeCallers reads who vouches for callers.
func (h *held) takeCallers(f Files) error {
	if f.ClientCA == "" {
		return nil
	}
	pool, err := LoadPool(f.ClientCA)
	if err != nil {
		return fmt.Errorf("TLS_CLIENT_CA_FILE: %w", err)
	}
	h.callers.Store(&authorities{pool: pool})
	return nil
}

// server is what a server speaks. No session is resumed: each connection shows its certificates, to what is held then.
func (h *held) server() *tls.Config {
	now := func() *tls.Config {
		config := &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*h.pair.Load()}, SessionTicketsDisabled: true,
		}
		if callers := h.callers.Load(); callers != nil {
			config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, callers.pool.Only()
		}
		return config
	}
	config := now()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return now(), nil }
	return config
}

// Follow makes a server's door and handshakes go by what the files hold while it runs.
func (g Guard) Follow(files *watched.Files, door *Door) {
	if g.files.Callers != "" {
		files.Follow(watched.Source{
			Setting: "AUTH_CALLERS_FILE", Paths: watched.At(g.files.Callers),
			Load: func() error {
				callers, err := readCallers(g.files.Callers)
				if err != nil {
					return err
				}
				if change := door.admit(callers); change.Any() && g.Changed != nil {
					g.Changed(change)
				}
				return nil
			},
		})
	}
	if g.held == nil {
		return
	}
	files.Follow(watched.Source{
		Setting: "TLS_CERT_FILE", Paths: watched.At(g.files.Cert, g.files.Key),
		Load: func() error { return g.held.takePair(g.files) },
		Ends: func() time.Time { return endOf(g.held.pair.Load().Certificate) },
	})
	if g.files.ClientCA == "" {
		return
	}
	door.trust(&g.held.callers)
	files.Follow(watched.Source{
		Setting: "TLS_CLIENT_CA_FILE", Paths: watched.At(g.files.ClientCA),
		Load: func() error { return g.held.takeCallers(g.files) },
		Ends: func() time.Time { return g.held.callers.Load().pool.End() },
	})
}

// Pair reads a certificate and its key. Its error names every setting whose file is wrong.
func Pair(certSetting, cert, keySetting, key string) (tls.Certificate, error) {
	certPEM, certErr := settings.ReadFile(cert)
	if certErr != nil {
		certErr = fmt.Errorf("%s: %w", certSetting, certErr)
	}
	keyPEM, keyErr := settings.ReadFile(key)
	if keyErr != nil {
		keyErr = fmt.Errorf("%s: %w", keySetting, keyErr)
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s, %s: %w", certSetting, keySetting, err)
	}
	return pair, nil
}

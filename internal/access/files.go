package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/voidrelay/voidrelay/internal/settings"
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
	// Callers is nil where nobody is asked who he is; CallersFile is the file that they were read from.
	Callers     *Callers
	CallersFile string
	// CallersStamp is the file's Stamp from before it was read.
	CallersStamp string
	// TLS is what a server speaks; nil for plain text.
	TLS *tls.Config
}

// Open reads the files. Its error names every setting whose file is wrong.
func (f Files) Open() (Guard, error) {
	var g Guard
	var callersErr, tlsErr error
	switch {
	case f.Callers != "":
		g.CallersStamp = Stamp(f.Callers)
		if g.Callers, callersErr = LoadCallers(f.Callers); callersErr != nil {
			callersErr = fmt.Errorf("AUTH_CALLERS_FILE: %w", callersErr)
		}
		g.CallersFile = f.Callers
	case f.ClientCA != "":
		callersErr = errors.New("TLS_CLIENT_CA_FILE: set AUTH_CALLERS_FILE, which says what whose certificate may " +
			"do: a line such as `orchestrator viewer certificate`")
	}
	g.TLS, tlsErr = f.serverTLS()
	return g, errors.Join(callersErr, tlsErr)
}

// serverTLS answers nil where no certificate is configured.
func (f Files) serverTLS() (*tls.Config, error) {
	switch {
	case f.Cert == "" && f.Key == "" && f.ClientCA == "":
		return nil, nil
	case f.Cert == "" || f.Key == "":
		return nil, errors.New("TLS_CERT_FILE, TLS_KEY_FILE: set both or neither; TLS_CLIENT_CA_FILE needs both")
	}
	pair, pairErr := Pair("TLS_CERT_FILE", f.Cert, "TLS_KEY_FILE", f.Key)
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	var callersErr error
	if f.ClientCA != "" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		if config.ClientCAs, callersErr = Only(f.ClientCA); callersErr != nil {
			callersErr = fmt.Errorf("TLS_CLIENT_CA_FILE: %w", callersErr)
		}
	}
	if err := errors.Join(pairErr, callersErr); err != nil {
		return nil, err
	}
	return config, nil
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

// Roots are whom to trust about a server: the system's authorities and those in the file. Without a file it answers
// nil, which means the system's alone.
func Roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		// A host without authorities of its own has those of the file.
		roots = x509.NewCertPool()
	}
	if err := addCertificates(roots, file); err != nil {
		return nil, err
	}
	return roots, nil
}

// Only are the authorities of the file and no others.
func Only(file string) (*x509.CertPool, error) {
	roots := x509.NewCertPool()
	return roots, addCertificates(roots, file)
}

func addCertificates(pool *x509.CertPool, file string) error {
	content, err := settings.ReadFile(file)
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(content) {
		return fmt.Errorf("%s holds no certificate", file)
	}
	return nil
}

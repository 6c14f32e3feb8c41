package kingdee

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// commonNameOnly is a server whose certificate it signed itself, names no host but by its common name, and has ended:
// what many a private server has.
func commonNameOnly(t *testing.T) (*httptest.Server, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "erp.example.com"},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "LoginBy") {
			_, _ = io.WriteString(w, goodLogin)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}, MinVersion: tls.VersionTLS12,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	certificate, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return server, certificate
}

func TestAPrivateCertificateIsTrustedByItsSHA256AndNoOtherIs(t *testing.T) {
	server, certificate := commonNameOnly(t)
	ping := func(pins ...Pin) (Meta, error) {
		base, err := ParseBaseURL(server.URL)
		require.NoError(t, err)
		client := New(Options{
			BaseURL: base, Auth: SignAuth{}, Pins: pins, Rate: 1e6,
			Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		defer client.Close(context.Background())
		return client.Ping(t.Context(), "F")
	}
	meta, err := ping(Pin{1}, PinOf(certificate))
	require.NoError(t, err)
	require.Equal(t, certificate.Raw, meta.Certificate.Raw)

	_, err = ping(Pin{1})
	require.Equal(t, Unreachable, ClassOf(err))
	require.ErrorContains(t, err, PinOf(certificate).String())
	require.Equal(t, certificate.Raw, CertificateOf(err).Raw, "a person can be told what the server showed")

	_, err = ping()
	require.Equal(t, Unreachable, ClassOf(err))
	require.Equal(t, certificate.Raw, CertificateOf(err).Raw)
}

func TestParsePins(t *testing.T) {
	const digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	pins, err := ParsePins(digits)
	require.NoError(t, err)
	written := pins[0].String()
	require.True(t, strings.HasPrefix(written, "01:23:45:67:89:AB"))
	for _, text := range []string{written, strings.ToUpper(digits), "sha256 Fingerprint=" + written, " " + digits +
		" ", digits + ", " + written, strings.ReplaceAll(written, ":", " ")} {
		got, err := ParsePins(text)
		require.NoError(t, err, text)
		require.Equal(t, pins[0], got[len(got)-1])
	}
	for _, text := range []string{
		"", ",", digits[1:], digits + "00", digits + ",", "x" + digits[1:], "sha1 Fingerprint=AB:CD",
	} {
		_, err := ParsePins(text)
		require.Error(t, err, text)
	}
}

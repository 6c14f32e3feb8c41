package wms

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFingerprints(t *testing.T) {
	t.Parallel()
	const want = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	for _, text := range []string{
		want, "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
		" sha256:" + want + " ",
		"sha256 Fingerprint=00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:" +
			"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
		"0011 2233 4455 6677 8899 aabb ccdd eeff 0011 2233 4455 6677 8899 aabb ccdd eeff",
	} {
		got, err := ParseFingerprint(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.String())
	}
	for _, text := range []string{"", want[2:], want + "00", "zz" + want[2:], "sha1 Fingerprint=" + want} {
		_, err := ParseFingerprint(text)
		require.ErrorContains(t, err, "64 hexadecimal digits", text)
	}
}

// selfSigned makes a certificate that signs itself.
func selfSigned(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// The failure: a private server's certificate has nothing but a common name, and the only way out was plain HTTP.
func TestAPinnedCertificateNeedsNoNamesAndNoAuthority(t *testing.T) {
	t.Parallel()
	pair := selfSigned(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "wms"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour),
	})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<response><flag>success</flag></response>")
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL + "/x")
	require.NoError(t, err)
	send := func(pins ...Fingerprint) Exchange {
		dialect, _ := FindDialect("wdt")
		c := NewClient(Params{
			Endpoint: endpoint, Dialect: dialect, Timeout: 5 * time.Second, Pins: pins, IdleConns: 1, Now: time.Now,
		})
		t.Cleanup(c.Close)
		return c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
	}
	own := FingerprintOf(pair.Leaf)
	exchange := send(Fingerprint{1}, own)
	require.NoError(t, exchange.Err)

	exchange = send()
	require.True(t, exchange.Untrusted())
	shown, ok := exchange.Shown()
	require.True(t, ok)
	require.Equal(t, own, shown, "what a person may confirm and pin")

	exchange = send(Fingerprint{1})
	require.True(t, exchange.Untrusted())
	require.False(t, exchange.Left)
	require.ErrorContains(t, exchange.Err, own.String())
	shown, ok = exchange.Shown()
	require.True(t, ok)
	require.Equal(t, own, shown)
}

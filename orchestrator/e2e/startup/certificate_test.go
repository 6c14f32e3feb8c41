package startup

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// issued is a certificate with its key, also in files.
type issued struct {
	certificate       *x509.Certificate
	key               *ecdsa.PrivateKey
	pair              tls.Certificate
	certFile, keyFile string
}

// issue makes a certificate for this machine, signed by an authority or by itself.
func issue(t *testing.T, by *issued, name string) issued {
	t.Helper()
	return issueUntil(t, by, name, time.Now().AddDate(0, 3, 0))
}

func issueUntil(t *testing.T, by *issued, name string, end time.Time) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		DNSNames:    []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: end,
		IsCA:     by == nil, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	out := issued{key: key, certFile: file(t, string(certPEM)), keyFile: file(t, string(keyPEM))}
	out.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	out.pair, err = tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	return out
}

package kingdee

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// Pin is the SHA-256 of a certificate.
type Pin [sha256.Size]byte

// String writes a pin as browsers and openssl do.
func (p Pin) String() string {
	digits := strings.ToUpper(hex.EncodeToString(p[:]))
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

// PinOf is the pin of a certificate.
func PinOf(certificate *x509.Certificate) Pin { return sha256.Sum256(certificate.Raw) }

// ParsePins reads one or more pins, with commas between: 64 hexadecimal digits in either case, with or without colons,
// as `openssl x509 -noout -fingerprint -sha256` prints them.
func ParsePins(text string) ([]Pin, error) {
	var pins []Pin
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if _, digest, named := strings.Cut(part, "="); named {
			part = digest // sha256 Fingerprint=AB:CD:…
		}
		raw, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "", "-", "").Replace(part))
		if err != nil || len(raw) != len(Pin{}) {
			return nil, errors.New("want the 64 hexadecimal digits of a certificate's SHA-256")
		}
		pins = append(pins, Pin(raw))
	}
	return pins, nil
}

// PinError is a certificate that is none of those that the settings name.
type PinError struct{ Certificate *x509.Certificate }

// Error implements error.
func (e *PinError) Error() string {
	return "tls: the server's certificate is another than KINGDEE_CERT_SHA256 names: " + PinOf(e.Certificate).String()
}

// tlsConfig trusts the authorities, or with pins those very certificates and nobody else: whoever issued one, whatever
// host it names (many private servers have a common name only) and however old it is.
func tlsConfig(roots *x509.CertPool, pins []Pin) *tls.Config {
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if len(pins) == 0 {
		return config
	}
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if leaf := state.PeerCertificates[0]; !slices.Contains(pins, PinOf(leaf)) {
			return &PinError{leaf}
		}
		return nil
	}
	return config
}

// CertificateOf is the certificate that a connection failed for, nil where it failed for something else.
func CertificateOf(err error) *x509.Certificate {
	if pinned, ok := errors.AsType[*PinError](err); ok {
		return pinned.Certificate
	}
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](err); ok &&
		len(refused.UnverifiedCertificates) > 0 {
		return refused.UnverifiedCertificates[0]
	}
	return nil
}

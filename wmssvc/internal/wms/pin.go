package wms

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fingerprint is the SHA-256 of a certificate.
type Fingerprint [sha256.Size]byte

// ParseFingerprint reads 64 hexadecimal digits, in any case, with colons or blanks between them or not, or a line as
// openssl x509 -fingerprint -sha256 prints it.
func ParseFingerprint(text string) (Fingerprint, error) {
	digits := strings.ToLower(strings.TrimSpace(text))
	if label, rest, labelled := strings.Cut(digits, "="); labelled && strings.HasPrefix(label, "sha256") {
		digits = rest
	}
	digits = strings.NewReplacer(":", "", " ", "").Replace(strings.TrimPrefix(digits, "sha256:"))
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != sha256.Size {
		return Fingerprint{}, errors.New("not the SHA-256 of a certificate: 64 hexadecimal digits")
	}
	return Fingerprint(raw), nil
}

// FingerprintOf answers a certificate's fingerprint.
func FingerprintOf(certificate *x509.Certificate) Fingerprint { return sha256.Sum256(certificate.Raw) }

// String writes it as tools do that print certificates.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// PinError reports a server that showed another certificate than the settings name.
type PinError struct{ Shown Fingerprint }

func (e *PinError) Error() string {
	return fmt.Sprintf("the server's certificate is another one than the settings name; its SHA-256 is %s", e.Shown)
}

// pinned trusts the server that shows one of these certificates, and no other, whatever names it holds, whoever signed
// it and when: the certificates of private servers often have no more than a common name.
func pinned(config *tls.Config, pins []Fingerprint) {
	config.InsecureSkipVerify = true // the certificate itself is compared below
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server showed no certificate")
		}
		if shown := FingerprintOf(state.PeerCertificates[0]); !slices.Contains(pins, shown) {
			return &PinError{Shown: shown}
		}
		return nil
	}
}

// Shown is the certificate of a server that was not trusted, where that was the reason.
func (e *Exchange) Shown() (Fingerprint, bool) {
	var other *PinError
	if errors.As(e.Err, &other) {
		return other.Shown, true
	}
	var refused *tls.CertificateVerificationError
	if errors.As(e.Err, &refused) && len(refused.UnverifiedCertificates) > 0 {
		return FingerprintOf(refused.UnverifiedCertificates[0]), true
	}
	return Fingerprint{}, false
}

// Package authority makes a private authority and the certificates by which the three services know one another, and
// renews them.
//
// It promises that a key is readable by its owner only, that nothing that is there is overwritten but by Renew, and
// that a certificate and its key are exchanged whole. Who may do what is said by the file of callers and not here.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
)

// Services are those that get a certificate. Each goes by its name, as AUTH_CALLERS_FILE and WMS_CALLERS have it.
var Services = []string{"kingdeesvc", "wmssvc", "orchestrator"}

// Name is the authority's own; its files are authority.crt and authority.key.
const Name = "authority"

const (
	// For how long an authority and a certificate are good. A clock of another host may be a little behind.
	authorityFor   = 10 * 365 * 24 * time.Hour
	certificateFor = 365 * 24 * time.Hour
	early          = 10 * time.Minute

	publicMode, secretMode = 0o644, 0o600
)

// Paths are the certificate and the key of a name.
func Paths(dir, name string) (certificate, key string) {
	return filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
}

// CallersFile is where Init writes the one caller that the adapters must know.
func CallersFile(dir string) string { return filepath.Join(dir, "callers") }

// Init makes the folder, an authority, a certificate for each of the services, and a file of callers that knows the
// orchestrator by its certificate. hosts are the names and addresses under which others reach the services, beside
// localhost. Where one of the files is there already it makes none. Of two at once one waits for the other, as with
// Renew.
func Init(dir string, hosts []string) error {
	for _, host := range hosts {
		if net.ParseIP(host) == nil && !isHost(host) {
			return fmt.Errorf("%q is neither a host's name nor an address", host)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, err := access.LockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock()
	files := []string{CallersFile(dir)}
	for _, name := range append([]string{Name}, Services...) {
		certificate, key := Paths(dir, name)
		files = append(files, certificate, key)
	}
	for _, file := range files {
		if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s is there already, and nothing is overwritten; `voidrelay cert renew` renews", file)
		}
	}
	own, err := newAuthority()
	if err != nil {
		return err
	}
	if err := own.write(dir, Name, create); err != nil {
		return err
	}
	for _, name := range Services {
		one, err := own.issue(name, append([]string{name}, hosts...))
		if err != nil {
			return err
		}
		if err := one.write(dir, name, create); err != nil {
			return err
		}
	}
	return create(CallersFile(dir),
		[]byte("# name        role    shows\norchestrator  viewer  certificate\n"), secretMode)
}

// Renew gives each of the services a new key and a certificate for the same names, and with anew the authority a later
// end, under its key of before: what it signed stays good. It answers when the new certificates end. Of two at once one
// waits for the other.
func Renew(dir string, anew bool) (until time.Time, err error) {
	unlock, err := access.LockFolder(dir)
	if err != nil {
		return until, err
	}
	defer unlock()
	own, err := readIssued(dir, Name)
	if err != nil {
		return until, err
	}
	if anew {
		if own, err = prolong(own.key); err != nil {
			return until, err
		}
		if err := own.write(dir, Name, exchange); err != nil {
			return until, err
		}
	}
	if now := time.Now(); now.After(own.certificate.NotAfter) {
		return until, fmt.Errorf("the authority ended on %s: `voidrelay cert renew --authority` gives it a later end",
			own.certificate.NotAfter.Format(time.DateOnly))
	}
	for _, name := range Services {
		before, err := readIssued(dir, name)
		if err != nil {
			return until, err
		}
		hosts := before.certificate.DNSNames
		for _, ip := range before.certificate.IPAddresses {
			hosts = append(hosts, ip.String())
		}
		one, err := own.issue(name, hosts)
		if err != nil {
			return until, err
		}
		if err := one.write(dir, name, exchange); err != nil {
			return until, err
		}
		until = one.certificate.NotAfter
	}
	return until, nil
}

// isHost says whether a text may be a host's name, *.example.com included.
func isHost(text string) bool {
	for label := range strings.SplitSeq(strings.TrimPrefix(text, "*."), ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return len(text) <= 253
}

// issued is a certificate with its key.
type issued struct {
	certificate *x509.Certificate
	der         []byte
	key         *ecdsa.PrivateKey
}

func readIssued(dir, name string) (issued, error) {
	certificate, key := Paths(dir, name)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return issued{}, err
	}
	private, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return issued{}, fmt.Errorf("%s: not a key that `voidrelay init certs` made", key)
	}
	return issued{pair.Leaf, pair.Certificate[0], private}, nil
}

func newAuthority() (issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, err
	}
	return prolong(key)
}

// prolong is the authority of this key, from now on.
func prolong(key *ecdsa.PrivateKey) (issued, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return issued{}, err
	}
	id := sha256.Sum256(public)
	return sign(&x509.Certificate{
		// The name has the key in it, so that two authorities in one file are told apart.
		Subject: pkix.Name{CommonName: fmt.Sprintf("voidrelay authority %x", id[:4])}, SubjectKeyId: id[:20],
		NotAfter: time.Now().Add(authorityFor), IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, key)
}

// issue makes a certificate under which a service serves and calls. The first of the names is what its caller goes by.
func (i issued) issue(name string, hosts []string) (issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(certificateFor),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if i.certificate.NotAfter.Before(template.NotAfter) {
		template.NotAfter = i.certificate.NotAfter
	}
	seen := map[string]bool{}
	for _, host := range append(hosts, "localhost", "127.0.0.1", "::1") {
		if seen[host] {
			continue
		}
		seen[host] = true
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return sign(template, &i, key)
}

// sign fills in what all certificates have; by is nil for one that signs itself.
func sign(template *x509.Certificate, by *issued, key *ecdsa.PrivateKey) (issued, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return issued{}, err
	}
	template.SerialNumber, template.BasicConstraintsValid = serial, true
	template.NotBefore = time.Now().Add(-early)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return issued{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return issued{certificate, der, key}, err
}

// write puts both files down, the key first: a service that starts in between refuses to, rather than to serve with a
// key that does not fit.
func (i issued) write(dir, name string, put func(path string, content []byte, mode os.FileMode) error) error {
	private, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return err
	}
	certificate, key := Paths(dir, name)
	if err := put(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), secretMode); err != nil {
		return err
	}
	return put(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.der}), publicMode)
}

// create makes a file that is not there.
func create(path string, content []byte, mode os.FileMode) error {
	//nolint:gosec // the file that a person named
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// exchange puts a content in the place of another, with the owner and the mode of before.
func exchange(path string, content []byte, _ os.FileMode) error {
	return access.Exchange(path, content)
}

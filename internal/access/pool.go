package access

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/internal/settings"
)

// Pool are the certificates of a file that vouch for others.
type Pool struct{ certificates []*x509.Certificate }

// LoadPool reads them, in PEM. Its error names the file and quotes nothing of it.
func LoadPool(file string) (*Pool, error) {
	content, err := settings.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &Pool{}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		// What others than us may read is theirs: a bundle of a system has certificates that Go does not take.
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			p.certificates = append(p.certificates, certificate)
		}
	}
	if len(p.certificates) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return p, nil
}

// Only are these authorities and no others.
func (p *Pool) Only() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range p.certificates {
		pool.AddCert(certificate)
	}
	return pool
}

// Beside are these authorities and the system's; of a nil Pool the system's alone, which is nil.
func (p *Pool) Beside() *x509.CertPool {
	if p == nil {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		// A host without authorities of its own has those of the file.
		return p.Only()
	}
	for _, certificate := range p.certificates {
		pool.AddCert(certificate)
	}
	return pool
}

// End is when the first authority is without a certificate that goes on; zero for a nil Pool. Of an authority that has
// its next certificate in the file already, the last one counts.
func (p *Pool) End() time.Time {
	if p == nil {
		return time.Time{}
	}
	last := map[string]time.Time{}
	for _, certificate := range p.certificates {
		subject := string(certificate.RawSubject)
		if certificate.NotAfter.After(last[subject]) {
			last[subject] = certificate.NotAfter
		}
	}
	var first time.Time
	for _, end := range last {
		if first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first
}

// HeldPool is a Pool that is exchanged while a program runs. Safe for concurrent use.
type HeldPool struct{ now atomic.Pointer[Pool] }

// NewHeldPool begins with this one.
func NewHeldPool(first *Pool) *HeldPool {
	h := &HeldPool{}
	h.now.Store(first)
	return h
}

// Load reads the pool anew and says whether it is another one.
func (h *HeldPool) Load(file string) (changed bool, err error) {
	next, err := LoadPool(file)
	if err != nil {
		return false, err
	}
	if before := h.now.Load(); before != nil &&
		slices.EqualFunc(next.certificates, before.certificates, (*x509.Certificate).Equal) {
		return false, nil
	}
	h.now.Store(next)
	return true, nil
}

// Pool is the newest.
func (h *HeldPool) Pool() *Pool { return h.now.Load() }

// Beside is what Pool.Beside answers of the newest.
func (h *HeldPool) Beside() *x509.CertPool { return h.now.Load().Beside() }

// End is what Pool.End answers of the newest.
func (h *HeldPool) End() time.Time { return h.now.Load().End() }

// endOf is when the first certificate of a chain ends, in DER as tls has it.
func endOf(chain [][]byte) time.Time {
	var first time.Time
	for _, der := range chain {
		if c, err := x509.ParseCertificate(der); err == nil && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter
		}
	}
	return first
}

// EndOf is when the first of the certificates in a file ends.
func EndOf(file string) (time.Time, error) {
	pool, err := LoadPool(file)
	if err != nil {
		return time.Time{}, err
	}
	return pool.End(), nil
}

// authorities vouch for callers.
type authorities struct {
	pool *Pool
	// vouched are the certificates that were looked at, by their SHA-256.
	vouched sync.Map
}

// vouch says whether a chain that was good when its connection was made still is: its authority may have been taken out
// of the file since.
func (a *authorities) vouch(chain []*x509.Certificate) bool {
	key := sha256.Sum256(chain[0].Raw)
	if good, known := a.vouched.Load(key); known {
		return good.(bool) //nolint:forcetypeassert // nothing else is stored
	}
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: a.pool.Only(), Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	a.vouched.Store(key, err == nil)
	return err == nil
}

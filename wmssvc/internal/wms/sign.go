package wms

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the protocol's own choice, not ours
	"crypto/sha256"
	"hash"
	"net/url"
	"slices"
	"strings"
	"time"
)

// chinaTime is where the vendor's wall clock hangs. China has had no summer time since 1991, so a fixed zone is exact
// and needs no time zone database on the host.
var chinaTime = time.FixedZone("Asia/Shanghai", 8*60*60)

const timestampForm = "2006-01-02 15:04:05"

type param struct{ name, value string }

// signer writes the query of one account. All parameters but the timestamp are fixed, so what stands before and after
// it is prepared once, both as it is signed and as it is sent.
type signer struct {
	secret string
	strips bool
	// hash is nil for plain MD5, else the HMAC's hash.
	hash func() hash.Hash

	// signHead and signTail surround the timestamp in the string that is signed, queryHead and queryTail in the query.
	signHead, signTail   string
	queryHead, queryTail string
	// masked is queryHead with the application key hidden.
	masked string
}

const mask = "***"

// newSigner prepares the system parameters. They are signed in ASCII order of their names, name and value run together
// without separators, those with an empty value left out, before URL encoding.
func newSigner(d Dialect, signMethod, partner, appKey, secret string) signer {
	params := []param{
		{"format", "xml"}, {"method", d.method}, {"sign_method", signMethod}, {"timestamp", ""},
		{d.appKey, appKey}, {d.partner, partner}, {"v", d.version},
	}
	slices.SortFunc(params, func(a, b param) int { return strings.Compare(a.name, b.name) })

	s := signer{secret: secret, strips: d.strips}
	switch signMethod {
	case "hmac":
		s.hash = md5.New
	case "hmac-sha256":
		s.hash = sha256.New
	}
	var signed, query, masked strings.Builder
	for _, p := range params {
		if p.name == "timestamp" {
			s.signHead, s.queryHead, s.masked = signed.String()+p.name, query.String()+
				"timestamp=", masked.String()+"timestamp="
			signed.Reset()
			query.Reset()
			continue
		}
		if p.value == "" {
			continue
		}
		signed.WriteString(p.name + p.value)
		query.WriteString(p.name + "=" + url.QueryEscape(p.value) + "&")
		if p.name == d.appKey {
			p.value = mask
		}
		masked.WriteString(p.name + "=" + p.value + "&")
	}
	s.signTail, s.queryTail = signed.String(), query.String()
	return s
}

// queries answers the query to send at that moment with this body, and the same with key and signature hidden.
func (s *signer) queries(at time.Time, body []byte) (query, masked string) {
	var clock, escaped [3 * len(timestampForm)]byte
	stamp := at.In(chinaTime).AppendFormat(clock[:0], timestampForm)
	signature := s.sign(stamp, body)

	// Only the space and the colons of a timestamp need escaping; the space as %20, which every decoder reads alike.
	wire := escaped[:0]
	for _, c := range stamp {
		switch c {
		case ' ':
			wire = append(wire, "%20"...)
		case ':':
			wire = append(wire, "%3A"...)
		default:
			wire = append(wire, c)
		}
	}
	// Both are parts of one text, which is allocated at once.
	var text strings.Builder
	text.Grow(len(s.queryHead) + len(signature) + len(s.masked) +
		len(mask) + 2*(len(wire)+len(s.queryTail)+len("&sign=")))
	write := func(head, end string) int {
		text.WriteString(head)
		text.Write(wire)
		text.WriteString("&")
		text.WriteString(s.queryTail)
		text.WriteString("sign=")
		text.WriteString(end)
		return text.Len()
	}
	cut := write(s.queryHead, signature)
	write(s.masked, mask)
	return text.String()[:cut], text.String()[cut:]
}

// sign answers the signature in upper-case hexadecimal: MD5 over secret, parameters, body, secret, or the
// keyed variants over parameters and body alone. A dialect that strips does so in the signed copy only, never
// in what is sent.
func (s *signer) sign(stamp, body []byte) string {
	var room [1 << 10]byte // most requests fit, and then nothing is allocated
	base := room[:0]
	if s.hash == nil {
		base = append(base, s.secret...)
	}
	base = append(base, s.signHead...)
	base = append(base, stamp...)
	base = append(base, s.signTail...)
	base = append(base, body...)
	if s.hash == nil {
		base = append(base, s.secret...)
	}
	if s.strips {
		base = strip(base)
	}
	if s.hash == nil {
		sum := md5.Sum(base) //nolint:gosec // the protocol's own choice
		return upperHex(sum[:])
	}
	return s.keyed(base)
}

// keyed is apart so that the common way's base need not leave the stack.
func (s *signer) keyed(base []byte) string {
	mac := hmac.New(s.hash, []byte(s.secret))
	mac.Write(bytes.Clone(base))
	return upperHex(mac.Sum(nil))
}

// strip removes the four ASCII blanks in place. U+3000 and the no-break space stay: the vendor's rule names ASCII only.
func strip(b []byte) []byte {
	kept := b[:0]
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			kept = append(kept, c)
		}
	}
	return kept
}

func upperHex(sum []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 2*len(sum))
	for _, c := range sum {
		out = append(out, digits[c>>4], digits[c&0xF])
	}
	return string(out)
}

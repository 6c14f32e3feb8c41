package wire

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the vendor's protocol demands MD5
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// signPair is one signed query parameter, decoded.
type signPair struct{ name, value string }

// sortedPairs lists the parameters that are signed: all but sign, by name; empty values only when keepEmpty.
func sortedPairs(params map[string]string, keepEmpty bool) []signPair {
	pairs := make([]signPair, 0, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name == "sign" || (params[name] == "" && !keepEmpty) {
			continue
		}
		pairs = append(pairs, signPair{name, params[name]})
	}
	return pairs
}

func joinPairs(pairs []signPair, body []byte) string {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.name)
		b.WriteString(p.value)
	}
	b.Write(body)
	return b.String()
}

// wdtSign is the WDT WMS signature: MD5 over secret + pairs + body + secret, after every ASCII space, tab, CR and LF
// was taken out of that string; upper-case hex. Working clients agree on it: maodanltt/kdt (Java), tyiner/erp (PHP).
func wdtSign(secret warehouse.Secret, pairs []signPair, body []byte) string {
	text := string(secret) + joinPairs(pairs, body) + string(secret)
	return hexSum(md5.New(), []byte(wdtStripper.Replace(text))) //nolint:gosec // the vendor's protocol
}

var wdtStripper = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")

// qimenSign is the Qimen signature: pairs + body, nothing stripped, under the named sign_method; upper-case hex. The
// keyed methods leave the secret out of the text. Empty if the method is not known. Source:
// opendingtalk/alibaba-dingtalk-service-sdk, TaobaoUtils.java.
func qimenSign(method string, secret warehouse.Secret, pairs []signPair, body []byte) string {
	text, key := joinPairs(pairs, body), []byte(secret)
	switch method {
	case "md5":
		return hexSum(md5.New(), []byte(string(secret)+text+string(secret))) //nolint:gosec // the vendor's protocol
	case "hmac":
		return hexSum(hmac.New(md5.New, key), []byte(text))
	case "hmac-sha256":
		return hexSum(hmac.New(sha256.New, key), []byte(text))
	}
	return ""
}

func hexSum(h hash.Hash, text []byte) string {
	h.Write(text)
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

func sameSign(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

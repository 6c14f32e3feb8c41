package wire

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// signedCall checks the header signature of the vendor's SDKs, which needs no
// login (第三方系统登录授权). As private servers seem to, it verifies X-Kd-Signature
// and what it covers, and leaves X-Api-Signature alone: three public SDKs compute
// that one wrongly and work (github.com/kingdee-go/k3cloud among them).
func (s *Face) signedCall(h http.Header) bool {
	raw, err := base64.StdEncoding.DecodeString(h.Get("X-Kd-Appdata"))
	if err != nil || h.Get("X-Kd-Appkey") != s.Account.AppID {
		return false
	}
	parts := strings.Split(string(raw), ",")
	if len(parts) < 2 || parts[0] != s.Account.AcctID || parts[1] != s.Account.Username {
		return false
	}
	want := b64hex(string(s.Account.AppSecret), s.Account.AppID+string(raw))
	return subtle.ConstantTimeCompare([]byte(want), []byte(h.Get("X-Kd-Signature"))) == 1
}

// signedLanguage is the lcid that a signed call names.
func signedLanguage(h http.Header) string {
	raw, _ := base64.StdEncoding.DecodeString(h.Get("X-Kd-Appdata"))
	parts := strings.Split(string(raw), ",")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

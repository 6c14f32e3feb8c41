package wire

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the vendor's old servers sign logins with it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// loginSign is the signature of LoginBySign: the five values sorted by bytes,
// joined without a separator and hashed, in lower-case hexadecimal. Servers before
// patch PT-146911 take SHA-1 only (vip.kingdee.com/knowledge/650369502764414208).
func loginSign(old bool, acctID, username, appID string, appSecret Secret, timestamp string) string {
	values := []string{acctID, username, appID, string(appSecret), timestamp}
	slices.Sort(values)
	joined := []byte(strings.Join(values, ""))
	if old {
		sum := sha1.Sum(joined) //nolint:gosec // see the import
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(joined)
	return hex.EncodeToString(sum[:])
}

// b64hex is the vendor SDKs' HMAC: base64 over the hexadecimal text of
// HMAC-SHA256 (github.com/takewiki/k3cloud_webapi_sdk, util/hmac_util.py).
func b64hex(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

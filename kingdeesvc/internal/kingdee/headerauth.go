package kingdee

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// HeaderAuth signs every request and needs no login (第三方系统登录授权). The recipe is that of the vendor's SDKs
// (takewiki/k3cloud_webapi_sdk core/webapi_client.py, util/hmac_util.py).
type HeaderAuth struct {
	account   Account
	orgNum    string
	appID     string
	appSecret Secret
	clientID  string
	// clientSecret is the second half of the AppID, unmasked.
	clientSecret Secret
}

// appMask hides the second half of an AppID. It is the same constant in every SDK of the vendor, so it
// protects nothing.
const appMask = "0054f397c6234378b09ca7d3e5debce7"

// NewHeaderAuth takes an AppID of the form <client id>_<base64 of 24 bytes>; orgNum is the organisation to work in,
// empty for the user's own.
func NewHeaderAuth(account Account, orgNum, appID string, appSecret Secret) (*HeaderAuth, error) {
	clientID, masked, ok := strings.Cut(appID, "_")
	raw, err := base64.StdEncoding.DecodeString(masked)
	if !ok || clientID == "" || err != nil || len(raw) == 0 || len(raw) > len(appMask) {
		return nil, errors.New("want <client id>_<32 characters>, as 第三方系统登录授权 shows it")
	}
	for i := range raw {
		raw[i] ^= appMask[i]
	}
	if orgNum == "" {
		orgNum = "0" // as the Python SDK writes it
	}
	return &HeaderAuth{
		account: account, orgNum: orgNum, appID: appID, appSecret: appSecret,
		clientID: clientID, clientSecret: Secret(base64.StdEncoding.EncodeToString(raw)),
	}, nil
}

// sign adds the headers for a POST to path.
func (a *HeaderAuth) sign(header http.Header, path string, now time.Time) {
	a.signAs(header, path, strconv.FormatInt(now.Unix(), 10), rand.Text())
}

func (a *HeaderAuth) signAs(header http.Header, path, timestamp, nonce string) {
	// nonce stands before timestamp in the signed text, whatever x-api-signheaders says.
	signed := "POST\n" + url.QueryEscape(path) + "\n\nx-api-nonce:" + nonce + "\nx-api-timestamp:" + timestamp + "\n"
	appData := strings.Join([]string{a.account.AcctID, a.account.Username, strconv.Itoa(a.account.LCID), a.orgNum}, ",")
	header.Set("X-Api-ClientID", a.clientID)
	header.Set("X-Api-Auth-Version", "2.0")
	header.Set("X-Api-Timestamp", timestamp)
	header.Set("X-Api-Nonce", nonce)
	header.Set("X-Api-SignHeaders", "x-api-timestamp,x-api-nonce")
	header.Set("X-Api-Signature", b64hex(a.clientSecret.Reveal(), signed))
	header.Set("X-Kd-Appkey", a.appID)
	header.Set("X-Kd-Appdata", base64.StdEncoding.EncodeToString([]byte(appData)))
	header.Set("X-Kd-Signature", b64hex(a.appSecret.Reveal(), a.appID+appData))
}

// b64hex is base64 over the lower-case hexadecimal text of HMAC-SHA256.
func b64hex(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

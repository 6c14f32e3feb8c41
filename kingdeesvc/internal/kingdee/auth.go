package kingdee

import (
	"crypto/sha1" //nolint:gosec // servers below patch PT-146911 take no other hash for a login's signature
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Auth is one way to open a session. Each mode says which method of AuthService is called and with which positional
// arguments (vip.kingdee.com/knowledge/650369502764414208). With keepOthers it is the method's "2" form with
// isKickOff=false, which leaves the user's other sessions alone (vip.kingdee.com/article/490771221039228672); not every
// server has those.
type Auth interface {
	Login(now time.Time, keepOthers bool) Login
}

// Login is one call of AuthService.
type Login struct {
	Method     string
	Parameters []any
}

// Account is whom and where every mode logs in.
type Account struct {
	// AcctID is the data centre id 账套 ID, an opaque text.
	AcctID   string
	Username string
	// LCID is the language of the vendor's messages: 2052 simplified Chinese, 1033 English, 3076 traditional Chinese.
	LCID int
}

// login appends what all methods end with.
func (a Account) login(method string, keepOthers bool, parameters ...any) Login {
	if keepOthers {
		method += "2"
		parameters = append(parameters, false) // isKickOff
	}
	return Login{Method: method, Parameters: append(parameters, a.LCID)}
}

// SignAuth is LoginBySign, the mode that the vendor recommends.
type SignAuth struct {
	Account   Account
	AppID     string
	AppSecret Secret
	// SHA1 signs for servers below patch PT-146911 / 8.0.0.202205.
	SHA1 bool
}

// Login implements Auth.
func (a SignAuth) Login(now time.Time, keepOthers bool) Login {
	stamp := strconv.FormatInt(now.Unix(), 10)
	sign := signature(a.SHA1, a.Account.AcctID, a.Account.Username, a.AppID, a.AppSecret.Reveal(), stamp)
	return a.Account.login("LoginBySign", keepOthers, a.Account.AcctID, a.Account.Username, a.AppID, stamp, sign)
}

// signature sorts the values by bytes, joins them with nothing between and answers their SHA-256 (SHA-1 for an old
// server) in lower-case hex (deep-project/kingdee adapters/LoginBySign.go).
func signature(old bool, values ...string) string {
	slices.Sort(values)
	joined := []byte(strings.Join(values, ""))
	if old {
		sum := sha1.Sum(joined) //nolint:gosec // see the import
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(joined)
	return hex.EncodeToString(sum[:])
}

// AppSecretAuth is LoginByAppSecret, which the vendor means to phase out.
type AppSecretAuth struct {
	Account   Account
	AppID     string
	AppSecret Secret
}

// Login implements Auth.
func (a AppSecretAuth) Login(_ time.Time, keepOthers bool) Login {
	return a.Account.login("LoginByAppSecret", keepOthers, a.Account.AcctID, a.Account.Username,
		a.AppID, a.AppSecret.Reveal())
}

// PasswordAuth is ValidateUser, which the vendor means to phase out.
type PasswordAuth struct {
	Account  Account
	Password Secret
}

// Login implements Auth.
func (a PasswordAuth) Login(_ time.Time, keepOthers bool) Login {
	return a.Account.login("ValidateUser", keepOthers, a.Account.AcctID, a.Account.Username, a.Password.Reveal())
}

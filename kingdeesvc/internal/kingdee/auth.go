package kingdee

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Auth is one way in. Each mode says which method of AuthService opens a session and with which positional arguments
// (vip.kingdee.com/knowledge/650369502764414208).
type Auth interface {
	Login(now time.Time) Login
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

// SignAuth is LoginBySign, the mode that the vendor recommends.
type SignAuth struct {
	Account   Account
	AppID     string
	AppSecret Secret
}

// Login implements Auth.
func (a SignAuth) Login(now time.Time) Login {
	stamp := strconv.FormatInt(now.Unix(), 10)
	sign := signature(a.Account.AcctID, a.Account.Username, a.AppID, a.AppSecret.Reveal(), stamp)
	return Login{Method: "LoginBySign", Parameters: []any{a.Account.AcctID, a.Account.Username, a.AppID, stamp, sign, a.Account.LCID}}
}

// signature sorts the values by bytes, joins them with nothing between and answers their SHA-256 in lower-case hex
// (deep-project/kingdee adapters/LoginBySign.go).
func signature(values ...string) string {
	slices.Sort(values)
	sum := sha256.Sum256([]byte(strings.Join(values, "")))
	return hex.EncodeToString(sum[:])
}

// AppSecretAuth is LoginByAppSecret, which the vendor means to phase out.
type AppSecretAuth struct {
	Account   Account
	AppID     string
	AppSecret Secret
}

// Login implements Auth.
func (a AppSecretAuth) Login(time.Time) Login {
	return Login{Method: "LoginByAppSecret", Parameters: []any{a.Account.AcctID, a.Account.Username, a.AppID, a.AppSecret.Reveal(), a.Account.LCID}}
}

// PasswordAuth is ValidateUser, which the vendor means to phase out.
type PasswordAuth struct {
	Account  Account
	Password Secret
}

// Login implements Auth.
func (a PasswordAuth) Login(time.Time) Login {
	return Login{Method: "ValidateUser", Parameters: []any{a.Account.AcctID, a.Account.Username, a.Password.Reveal(), a.Account.LCID}}
}

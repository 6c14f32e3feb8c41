package sandbox_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// vectorAccount is the account of the worked signature vectors below, which were
// computed with sha256sum and sha1sum from the published rule.
func vectorAccount(cfg *sandbox.Config) {
	cfg.AcctID, cfg.Username, cfg.AppID, cfg.AppSecret = "acct-0001", "demo-user",
		"123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", "test-app-secret-value"
	cfg.Now = func() time.Time { return time.Unix(1700000000, 0) }
}

type loginAnswer struct {
	Message         string
	MessageCode     string
	LoginResultType int
	KDSVCSessionId  string //nolint:revive // the vendor's spelling
	IsSuccessByAPI  bool
	Context         *struct {
		DBid           string
		UserName       string
		SessionId      string //nolint:revive // the vendor's spelling
		DataCenterName string
		STimeZone      *struct{ OffsetTicks int64 }
	}
}

func (b *bundle) loginWith(method, body string, headers ...string) (loginAnswer, reply) {
	b.Helper()
	r := b.post(authService+method+".common.kdsvc", body, headers...)
	require.Equal(b, http.StatusOK, r.status)
	var answer loginAnswer
	require.NoError(b, json.Unmarshal([]byte(r.body), &answer), r.body)
	return answer, r
}

func TestSignedLoginVectors(t *testing.T) {
	t.Parallel()
	server := startServer(t, func() (cfg sandbox.Config) { vectorAccount(&cfg); return cfg }())
	b := talkTo(t, server, nil)
	sign := func(signature string) int {
		answer, _ := b.loginWith("LoginBySign", fmt.Sprintf(`{"parameters":["acct-0001","demo-user",`+
			`"123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4","1700000000",%q,2052]}`, signature))
		return answer.LoginResultType
	}
	const (
		sha256Sign = "5415400551e874608a571c3a1f752d2c25f45c6cda6233e3badb1063ff08b378"
		sha1Sign   = "d3a201e9dda2e9b802168bb1900ed0de6d370181"
	)
	require.Equal(t, 1, sign(sha256Sign))
	require.NotEqual(t, 1, sign(sha1Sign))
	require.NotEqual(t, 1, sign(strings.ToUpper(sha256Sign)))
	server.SetPersonality(behaviour.Personality{OldServer: true})
	require.Equal(t, 1, sign(sha1Sign))
	require.NotEqual(t, 1, sign(sha256Sign))
}

// signature signs with the default account, independently of the package.
func signature(timestamp string) string {
	values := []string{
		sandbox.DefaultAcctID, sandbox.DefaultUsername, sandbox.DefaultAppID,
		string(sandbox.DefaultAppSecret), timestamp,
	}
	slices.Sort(values)
	sum := sha256.Sum256([]byte(strings.Join(values, "")))
	return hex.EncodeToString(sum[:])
}

func TestLoginAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	timestamp := fmt.Sprint(start.Unix())
	answer, r := b.loginWith("LoginBySign",
		fmt.Sprintf(`{"acctid":%q,"username":%q,"appId":%q,"timestamp":%q,"sign":%q,"lcid":"2052"}`,
			sandbox.DefaultAcctID, sandbox.DefaultUsername, sandbox.DefaultAppID, timestamp, signature(timestamp)))
	require.Equal(t, 1, answer.LoginResultType)
	require.True(t, answer.IsSuccessByAPI)
	require.Equal(t, sandbox.DefaultAcctID, answer.Context.DBid)
	require.Equal(t, sandbox.DefaultUsername, answer.Context.UserName)
	require.Equal(t, sandbox.DefaultDataCenterName, answer.Context.DataCenterName)
	require.Equal(t, int64(288000000000), answer.Context.STimeZone.OffsetTicks)
	require.Equal(t, "kingdee", r.header.Get(sandbox.SandboxHeader))
	require.Equal(t, "Sat, 11 May 2024 01:30:00 GMT", r.header.Get("Date"))
	cookies := strings.Join(r.header.Values("Set-Cookie"), "\n")
	require.Contains(t, cookies, "ASP.NET_SessionId="+answer.Context.SessionId+";")
	require.Contains(t, cookies, "kdservice-sessionid="+answer.KDSVCSessionId+";")

	b.server.SetPersonality(behaviour.Personality{OmitTimeZone: true, OmitDate: true})
	answer, r = b.loginWith("ValidateUser", passwordLogin("sandbox-password"))
	require.Nil(t, answer.Context.STimeZone)
	require.Empty(t, r.header.Get("Date"))
}

func passwordLogin(password string) string {
	return fmt.Sprintf(`{"parameters":[%q,%q,%q,2052]}`, sandbox.DefaultAcctID, sandbox.DefaultUsername, password)
}

func TestLoginBodiesOfPublicClientsAreAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acct, user, app, secret := sandbox.DefaultAcctID, sandbox.DefaultUsername,
		sandbox.DefaultAppID, string(sandbox.DefaultAppSecret)
	list := fmt.Sprintf(`[%q,%q,%q,%q,2052]`, acct, user, app, secret)
	text, err := json.Marshal(list)
	require.NoError(t, err)
	form := url.Values{"acctID": {acct}, "username": {user}, "appid": {app}, "appSecret": {secret}, "lcid": {"2052"}}
	envelope := url.Values{
		"format": {"1"}, "useragent": {"ApiClient"}, "rid": {"77"}, "parameters": {list},
		"timestamp": {"2024-05-11"}, "v": {"1.0"},
	}
	const isForm = "application/x-www-form-urlencoded; charset=utf-8"
	for _, c := range []struct{ body, contentType string }{
		{fmt.Sprintf(`{"acctId":%q,"username":%q,"appId":%q,"appSecret":%q,"lcid":2052}`,
			acct, user, app, secret), "applicatin/json"},
		{fmt.Sprintf(`{"parameters":%s}`, list), "application/json"},
		{fmt.Sprintf(`{"parameters":%s}`, text), "application/json"},
		{fmt.Sprintf(`{"format":1,"useragent":"ApiClient","rid":"1","parameters":%s,"timestamp":"1","v":"1.0"}`,
			text), "application/json"},
		{form.Encode(), isForm},
		{envelope.Encode(), isForm},
	} {
		answer, _ := b.loginWith("LoginByAppSecret", c.body, "Content-Type", c.contentType)
		require.Equal(t, 1, answer.LoginResultType, c.body)
	}
	answer, _ := b.loginWith("ValidateUser2",
		fmt.Sprintf(`{"parameters":[%q,%q,"sandbox-password",false,2052]}`, acct, user))
	require.Equal(t, 1, answer.LoginResultType)
}

func TestLoginsAreRefusedWithTheVendorsWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now, late := fmt.Sprint(start.Unix()), fmt.Sprint(start.Add(-16*time.Minute).Unix())
	bySign := func(acct, user, app, timestamp, sign string) string {
		return fmt.Sprintf(`{"parameters":[%q,%q,%q,%q,%q,2052]}`, acct, user, app, timestamp, sign)
	}
	acct, user, app := sandbox.DefaultAcctID, sandbox.DefaultUsername, sandbox.DefaultAppID
	for _, c := range []struct{ method, body, code, text string }{
		{"LoginBySign", bySign(acct, user, app, now, "0000"), "002005000003016", "签名不匹配"},
		{"LoginBySign", bySign(acct, user, app, late, signature(late)), "002005000003016", "签名不匹配"},
		{"LoginBySign", bySign("nope", user, app, now, signature(now)), "DataCenterNotFound", "数据中心不存在"},
		{"LoginBySign", bySign(acct, "somebody", app, now, signature(now)), "UserNotAllowed", "不允许用户somebody 登录"},
		{"LoginBySign", bySign(acct, user, "1_x", now, signature(now)), "AppIdNotFound", "未授权"},
		{"ValidateUser", passwordLogin("wrong"), "WrongUserOrPassword", "用户名或密码错误"},
	} {
		answer, r := b.loginWith(c.method, c.body)
		require.NotEqual(t, 1, answer.LoginResultType)
		require.Equal(t, c.code, answer.MessageCode)
		require.Contains(t, answer.Message, c.text)
		require.Nil(t, answer.Context)
		// Servers give a session id to a login that they refuse; it opens nothing.
		require.NotEmpty(t, answer.KDSVCSessionId)
		require.NotEmpty(t, r.header.Values("Set-Cookie"))
		b.session = answer.KDSVCSessionId
		require.Equal(t, lostRows, b.ask(map[string]any{"FieldKeys": "FID"}).body)
	}
	require.Equal(t, 5, b.server.Calls()["loginbysign"])

	b.server.SetPersonality(behaviour.Personality{LockAfterFailures: 3})
	for range 3 {
		b.loginWith("ValidateUser", passwordLogin("wrong"))
	}
	answer, _ := b.loginWith("ValidateUser", passwordLogin("sandbox-password"))
	require.Contains(t, answer.Message, "次数超限")
	b.clock.advance(31 * time.Minute)
	answer, _ = b.loginWith("ValidateUser", passwordLogin("sandbox-password"))
	require.Equal(t, 1, answer.LoginResultType)
}

// TestSignedHeaders uses the vector that the vendor's Python SDK 8.2.0 produces.
func TestSignedHeaders(t *testing.T) {
	t.Parallel()
	server := startServer(t, sandbox.Config{
		AcctID: "dcid-1", Username: "user-1",
		AppID: "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", AppSecret: "test-app-secret-value",
	})
	b := talkTo(t, server, nil)
	headers := []string{
		"X-Kd-Appkey", "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
		"X-Kd-Appdata", "ZGNpZC0xLHVzZXItMSwyMDUyLDEwMA==",
		"X-Kd-Signature", "NjI5MzRiZGVhNGJhOWY2N2Y2YzQ2MzQ5ODA3N2JiZTRiMDRmOTUwNjI3YWIzODU1ODBkZDdhNzgwMzdmMDgxMg==",
	}
	const body = `{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FID"}}`
	r := b.post(queryService+"ExecuteBillQuery.common.kdsvc", body, headers...)
	require.Equal(t, "[]", r.body)
	require.NotEmpty(t, r.header.Values("Set-Cookie"))
	headers[5] = "AAAA" + headers[5][4:]
	r = b.post(queryService+"ExecuteBillQuery.common.kdsvc", body, headers...)
	require.Contains(t, r.body, `"MsgCode":1`)
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	printed := fmt.Sprintf("%v %+v %#v", sandbox.DefaultConfig(), sandbox.DefaultAppSecret, sandbox.DefaultPassword)
	require.NotContains(t, printed, string(sandbox.DefaultAppSecret))
	require.NotContains(t, printed, string(sandbox.DefaultPassword))
}

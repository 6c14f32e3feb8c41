package kingdeesvc_test

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// page is a whole answer; head are lines of its head.
func page(status int, body string, head ...string) string {
	lines := append([]string{"HTTP/1.1 " + strconv.Itoa(status) + " X", "Content-Length: " + strconv.Itoa(len(body))},
		head...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

func zipped(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	return b.String()
}

// furtherWaysToSayLost are kept beside the files: what else stands before a server, and what else a serialiser makes of
// an ended session.
func furtherWaysToSayLost() map[string]string {
	const json, html = "Content-Type: application/json; charset=utf-8", "Content-Type: text/html"
	return map[string]string{
		"301 to a portal": page(301, "", "Location: https://portal.example/sso?return=%2FK3Cloud"),
		"303 to itself":   page(303, "", "Location: /K3Cloud/html5/index.aspx"),
		"308 with a cookie": page(308, "",
			"Location: /cas/login", "Set-Cookie: kdservice-sessionid=; Path=/; Max-Age=0"),
		"201 created": page(201, `{"ok":true}`, json),
		"204 nothing": "HTTP/1.1 204 No Content\r\n\r\n",
		"401 json": page(401,
			`{"error":"invalid_token","error_description":"The access token expired"}`, json),
		"401 basic":               page(401, "Unauthorized", `WWW-Authenticate: Basic realm="K3"`),
		"403 json":                page(403, `{"code":403,"msg":"登录已过期"}`, json),
		"404 json":                page(404, `{"Message":"No HTTP resource was found"}`, json),
		"406":                     page(406, "", html),
		"407":                     page(407, "proxy", "Proxy-Authenticate: Negotiate"),
		"409":                     page(409, "session conflict"),
		"410":                     page(410, "gone"),
		"419":                     page(419, "Page Expired", html),
		"440":                     page(440, "Login Time-out", html),
		"498":                     page(498, `{"status":"error"}`, json),
		"499":                     page(499, ""),
		"403 rows":                page(403, `[]`, json),
		"200 null":                page(200, "null", json),
		"200 true":                page(200, "true", json),
		"200 number":              page(200, "-1", json),
		"200 zero":                page(200, "0", json),
		"200 empty text":          page(200, `""`, json),
		"200 quoted sentence":     page(200, `"会话已超时，请重新登录"`, json),
		"200 quoted twice":        page(200, `"\"session lost\""`, json),
		"200 quoted object":       page(200, `"{\"code\":-1}"`, json),
		"200 quoted rows of text": page(200, `"[[\"session lost\"]]"`, json),
		"200 blanks":              page(200, " \r\n\t", json),
		"200 mark alone":          page(200, "\ufeff", json),
		"200 mark and sentence":   page(200, "\ufeffSession timeout", "Content-Type: text/plain"),
		"200 script": page(200, `top.location.href="/K3Cloud/login.aspx";`,
			"Content-Type: text/javascript"),
		"200 callback": page(200, `jQuery1({"needLogin":1})`, "Content-Type: text/javascript"),
		"200 call":     page(200, `(function(){location="/"})()`, "Content-Type: text/javascript"),
		"200 xml": page(200, `<?xml version="1.0"?><fault><code>Session</code></fault>`,
			"Content-Type: text/xml"),
		"200 object":               page(200, `{"success":false,"errorCode":"SESSION_TIMEOUT"}`, json),
		"200 object with rows":     page(200, `{"code":0,"data":[[1,"a"]]}`, json),
		"200 loose object":         page(200, `{error: 'timeout'}`, json),
		"200 two objects":          page(200, `{"a":1}{"b":2}`, json),
		"200 success without rows": page(200, `{"Result":{"ResponseStatus":{"IsSuccess":true,"Errors":[]}}}`, json),
		"200 success in a row":     page(200, `[[{"Result":{"ResponseStatus":{"IsSuccess":true}}}]]`, json),
		"200 result null":          page(200, `{"Result":null}`, json),
		"200 status null":          page(200, `{"Result":{"ResponseStatus":null}}`, json),
		"200 status a text":        page(200, `{"Result":{"ResponseStatus":"lost"}}`, json),
		"200 unknown error fr": page(200, `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,`+
			`"Errors":[{"FieldName":null,"Message":"La session a expiré","DIndex":0}],"MsgCode":0}}}]]`, json),
		"200 unknown code ja": page(200,
			`[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"セッションが無効です"}],"MsgCode":99}}}]]`,
			json),
		"200 negative code": page(200,
			`{"Result":{"ResponseStatus":{"IsSuccess":"false","Errors":null,"MsgCode":"-3"}}}`, json),
		"200 code is no number": page(200,
			`{"ResponseStatus":{"IsSuccess":false,"MsgCode":"SESSION","Errors":"gone"}}`, json),
		"200 error list ru":         page(200, `[{"FieldName":"","Message":"Сеанс завершён","DIndex":0}]`, json),
		"200 list of objects":       page(200, `[{"code":401}]`, json),
		"200 list of nothing":       page(200, `[null]`, json),
		"200 list of an empty row":  page(200, `[[]]`, json),
		"200 list of an empty text": page(200, `[""]`, json),
		"200 list of texts":         page(200, `["session","lost"]`, json),
		"200 list of numbers":       page(200, `[401]`, json),
		"200 list of words":         page(200, `[Session lost]`, json),
		"200 list in brackets":      page(200, `[[Session lost]]`, json),
		"200 quotes of scripts":     page(200, `[['会话丢失','请重新登录']]`, json),
		"200 undefined":             page(200, `[[undefined]]`, json),
		"200 row of nothing":        page(200, `[[null]]`, json),
		"200 row of false":          page(200, `[[false]]`, json),
		"200 row of a code":         page(200, `[[401]]`, json),
		"200 row of an object":      page(200, `[[{"code":401,"msg":"x"}]]`, json),
		"200 row of a list":         page(200, `[[["lost"]]]`, json),
		"200 rows of one text":      page(200, `[["会话丢失"],["请重新登录"]]`, json),
		"200 row, then an object":   page(200, `[["error"],{"Message":"lost"}]`, json),
		"200 exception":             page(200, `response_error:{"Message":"未将对象引用设置到对象的实例。"}`, json),
		"200 exception text":        page(200, "response_error:NullReference", json),
		"200 errcode":               page(200, `{"errcode":401,"description":"token invalid"}`, json),
		"200 errcode text":          page(200, `{"errcode":"E_TOKEN","description_cn":"令牌失效"}`, json),
		"401 errcode":               page(401, `{"errcode":10002,"description":"token"}`, json),
		"200 gzip sentence":         page(200, zipped("session lost"), "Content-Encoding: gzip", html),
		"200 gzip page":             page(200, zipped("<html>login</html>"), "Content-Encoding: gzip", html),
		"200 raw gzip":              page(200, zipped("<html>login</html>"), html),
		"200 said to be gzip":       page(200, "<html>login</html>", "Content-Encoding: gzip", html),
		"200 comment":               page(200, "/* login */", "Content-Type: text/javascript"),
		"200 jwt":                   page(200, "eyJhbGciOiJIUzI1NiJ9.e30.x", "Content-Type: text/plain"),
		"200 utf-16":                page(200, "\xff\xfe<\x00h\x00t\x00", html),
		"200 gbk":                   page(200, "\xbb\xe1\xbb\xb0\xd2\xd1\xca\xa7\xd0\xa7", html),
		"206 page":                  page(206, "<html></html>", html),
	}
}

func TestFurtherWaysToSayThatASessionHasEnded(t *testing.T) {
	for name, way := range furtherWaysToSayLost() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, func(c *sandbox.Config) { c.Seed, c.Personality.LostAnswer = sample.DefaultSeed, way })
			before, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
			require.NoError(t, err)
			require.NotEmpty(t, before.GetRows())
			b.vendor.ExpireSessions()
			queries, logins := b.counted(func() {
				got, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
				require.NoError(t, err)
				require.Len(t, got.GetRows(), len(before.GetRows()), "as if nothing had been")
			})
			require.Equal(t, []int{2, 1}, []int{queries, logins})

			require.NoError(t, b.vendor.AddFault(behaviour.Fault{Answer: way, Count: 1000}))
			_, logins = b.counted(func() {
				for range 3 {
					_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
					require.Error(t, err, "what the new session hears as well is the answer")
					require.NotNil(t, apierr.Info(err, apierr.Kingdee))
				}
			})
			require.Equal(t, 1, logins)
			b.vendor.ClearFaults()
		})
	}
}

// A page that holds one damaged bill only looks like a sentence, and is that bill's problem all the same.
func TestTheRowsOfOneDamagedBillAreNoSentence(t *testing.T) {
	for _, missing := range []int{1, 2, 1000} {
		b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
		first := b.vendor.Truth().Bills[0]
		require.NoError(t, b.vendor.Damage(behaviour.Damage{Bill: first.BillNo, MissingCells: missing}))
		for range 2 {
			got := b.bills(t, &kingdeev1.StreamBillsRequest{
				FormId: formID,
				Selection: &kingdeev1.StreamBillsRequest_Ids{
					Ids: &kingdeev1.BillIds{Ids: []int64{first.BillID}},
				},
			})
			require.NotEmpty(t, got.problems)
			got = b.bills(t, &kingdeev1.StreamBillsRequest{
				FormId: formID,
				Selection: &kingdeev1.StreamBillsRequest_Numbers{
					Numbers: &kingdeev1.BillNumbers{Numbers: []string{first.BillNo}},
				},
			})
			require.NotEmpty(t, got.problems)
		}
	}
}

package wms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func encodeGBK(t testing.TB, s string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s))
	require.NoError(t, err)
	return out
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, raw, contentType string
		want                   Answer
	}{
		{
			name: "recorded form: declaration, CRLF, code 0, prefix",
			raw: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" +
				"<response><flag>success</flag><code>0</code><message>旺店通WMS返回：取消成功</message></response>\r\n",
			want: Answer{Flag: "success", Code: "0", Message: "旺店通WMS返回：取消成功"},
		},
		{
			name: "msg, as the per-method tables have it",
			raw:  "<response><flag>failure</flag><code>-1</code><msg>单据不存在</msg></response>",
			want: Answer{Flag: "failure", Code: "-1", Message: "单据不存在"},
		},
		{
			name: "an empty message gives way to msg",
			raw:  "<response><flag>failure</flag><message/><msg>x</msg></response>",
			want: Answer{Flag: "failure", Message: "x"},
		},
		{
			name: "flag alone",
			raw:  "<response><flag>success</flag></response>",
			want: Answer{Flag: "success"},
		},
		{
			name: "empty code",
			raw:  "<response><flag>success</flag><code></code><message>OK</message></response>",
			want: Answer{Flag: "success", Message: "OK"},
		},
		{
			name: "symbolic and sub codes, unknown and nested elements, comments, CDATA, attributes, entities",
			raw: `<response xmlns="urn:x" a="1"><!-- hi ` +
				`--><request_id>1</request_id><flag>failure</flag><code>isv.x</code>` +
				`<sub_code>sign-check-failure</sub_code><sub_message>Illegal request</sub_message>` +
				`<message><![CDATA[A&B <c>]]> &amp;&#x4E2D;</message><data><flag>success</flag><message>` +
				`inner</message></data></response>`,
			want: Answer{
				Flag: "failure", Code: "isv.x", Message: "A&B <c> &中",
				SubCode: "sign-check-failure", SubMessage: "Illegal request",
			},
		},
		{
			name: "UTF-8 byte order mark, upper-case charset",
			raw: "\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8' " +
				"?><response><flag>success</flag><code>0000</code></response>",
			want: Answer{Flag: "success", Code: "0000"},
		},
		{
			name: "GBK by declaration",
			raw: string(encodeGBK(t, `<?xml version="1.0" `+
				`encoding="GBK"?><response><flag>failure</flag><message>单据已取消</message></response>`)),
			want: Answer{Flag: "failure", Message: "单据已取消"},
		},
		{
			name:        "GB2312 by header alone",
			raw:         string(encodeGBK(t, `<response><flag>failure</flag><message>单据已取消</message></response>`)),
			contentType: "text/xml; charset=gb2312",
			want:        Answer{Flag: "failure", Message: "单据已取消"},
		},
		{
			name: "the declaration outranks the header",
			raw: `<?xml version="1.0" encoding="utf-8"?><response><flag>failure</flag><message>` +
				`单据已取消</message></response>`,
			contentType: "text/html; charset=GBK",
			want:        Answer{Flag: "failure", Message: "单据已取消"},
		},
		{
			name:        "odd content type of a FLUX-type WMS",
			raw:         `<response><flag>success</flag><code>0000</code><message>OK</message></response>`,
			contentType: "plain/text",
			want:        Answer{Flag: "success", Code: "0000", Message: "OK"},
		},
		{
			name: "two byte order marks, a blank line, a mark and a NUL at the end",
			raw: "\xEF\xBB\xBF\xEF\xBB\xBF\r\n<?xml version=\"1.0\"?><response><flag>success</flag></response>\r\n" +
				"\xEF\xBB\xBF\x00",
			want: Answer{Flag: "success"},
		},
		{
			name: "warnings of PHP before and behind, as a page",
			raw: "<br />\n<b>Warning</b>:  Undefined index: x in <b>/www/a.php</b> on line <b>3</b><br />\n<br />\n" +
				"<b>Notice</b>:  y in <b>/www/b.php</b> on line <b>14</b><br />\n" +
				"<?xml version=\"1.0\" encoding=\"utf-8\"?><response><flag>failure</flag></response>\n<br />\n" +
				"<b>Deprecated</b>:  z in <b>/www/c.php</b> on line <b>1</b><br />\n",
			want: Answer{Flag: "failure"},
		},
		{
			name: "a warning of PHP as a text, in another charset, before a GBK document",
			raw: string(encodeGBK(t, "\nPHP Warning: 未定义 in /www/a.php on line 3\n"+
				"<?xml version=\"1.0\" encoding=\"GBK\"?><response><flag>failure</flag><message>单据</message>"+
				"</response>")),
			want: Answer{Flag: "failure", Message: "单据"},
		},
		{
			name: "a platform's fault",
			raw: `<?xml version="1.0" encoding="utf-8" ?><error_response><code>7</code><msg>App Call Limited</msg>` +
				`<sub_code>accesscontrol.limited-by-app-access-count</sub_code><sub_msg>This ban will last for 12 ` +
				`more seconds</sub_msg></error_response>`,
			want: Answer{
				Platform: true, Code: "7",
				Message: "App Call Limited", SubCode: "accesscontrol.limited-by-app-access-count",
				SubMessage: "This ban will last for 12 more seconds",
			},
		},
		{
			name: "a platform's fault in JSON",
			raw: `{"error_response":{"code":15,"msg":"Remote service ` +
				`error","sub_code":"isp.top-remote-connection-timeout","request_id":"x"}}`,
			contentType: "application/json",
			want: Answer{
				Platform: true, Code: "15",
				Message: "Remote service error", SubCode: "isp.top-remote-connection-timeout",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAnswer([]byte(c.raw), c.contentType)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, got))
		})
	}
}

func TestParseAnswerRefuses(t *testing.T) {
	t.Parallel()
	const flag = "<flag>success</flag>"
	for _, c := range []struct {
		name, raw string
		want      error
	}{
		{"nothing", "", ErrEmpty},
		{"blank", "\xEF\xBB\xBF \r\n\x00", ErrEmpty},
		{"a gateway's page", "<html><body>502 Bad Gateway</body></html>", ErrRoot},
		{"JSON", `{"flag":"success"}`, ErrJSON},
		{"a JSON list behind a mark", "\xEF\xBB\xBF[1]", ErrJSON},
		{"JSON cut short", `{"error_response":{"code":7`, ErrJSON},
		{"JSON with a platform's fault and a flag", `{"flag":"success","error_response":{"code":7}}`, ErrJSON},
		{"a platform's fault with a flag", `<error_response><code>7</code>` + flag + `</error_response>`, errPlatform},
		{"a platform's fault without a code", `<error_response><msg>x</msg></error_response>`, errPlatform},
		{"a fatal error before the document", "PHP Fatal error: x in /a.php on line 3\n<response>" + flag +
			"</response>", ErrIncomplete},
		{"a fatal error behind the document", "<response>" + flag +
			"</response>\nFatal error: x in /a.php on line 3", ErrIncomplete},
		{"a page before the document", "<html><p>Warning</p></html><response>" + flag + "</response>", ErrRoot},
		{"no flag", "<response><code>0</code></response>", ErrNoFlag},
		{"an empty flag", "<response><flag/><code>0</code></response>", ErrNoFlag},
		{"document type", "<!DOCTYPE response><response>" + flag + "</response>", ErrDirective},
		{"entity declaration", `<!DOCTYPE r [<!ENTITY x ` +
			`"success">]><response><flag>&x;</flag></response>`, ErrDirective},
		{"two flags", "<response>" + flag + "<flag>failure</flag></response>", ErrTwice},
		{"a second root", "<response>" + flag + "</response><response>" + flag + "</response>", ErrIncomplete},
		{"text behind the end", "<response>" + flag + "</response>PHP Notice", ErrIncomplete},
		{"text before the start", "Notice: <response>" + flag + "</response>", ErrIncomplete},
		{"an unknown charset", `<?xml version="1.0" encoding="EBCDIC-CP-US"?><response>` + flag +
			`</response>`, ErrCharset},
		{"bytes that are not UTF-8", "<response>" + flag + "<message>\xff</message></response>", ErrNotText},
		{"elements in the flag", "<response><flag>success<but>failure</but></flag></response>", ErrNested},
		{"too deep", "<response>" + strings.Repeat("<a>", 100) + flag, ErrNested},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseAnswer([]byte(c.raw), "")
			require.ErrorIs(t, err, c.want)
		})
	}
	for name, raw := range map[string]string{
		"cut short in text": "<response>" + flag + "<message>取消",
		"cut short in tag":  "<response>" + flag + "</respo",
		"undefined entity":  "<response>" + flag + "<message>&nbsp;</message></response>",
		"crossed tags":      "<response><flag>success</response></flag>",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseAnswer([]byte(raw), "")
			require.Error(t, err)
		})
	}
}

// FuzzParseAnswer holds that whatever comes, parsing ends without a panic, and that a flag read is one that was there.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte("<response><flag>success</flag><code>0</code><message>旺店通WMS返回：取消成功</message></response>\r\n"), "")
	f.Add([]byte(`<?xml version="1.0" encoding="GBK"?><response><flag>failure</flag></response>`),
		"text/xml; charset=gbk")
	f.Add([]byte("<!DOCTYPE x><response/>"), "a;b=")
	f.Add([]byte(`{"error_response":{"code":7}}`), "")
	f.Add([]byte("<b>Warning</b>: x on line 1<response><flag>a</flag></response>\x00"), "")
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		answer, err := ParseAnswer(raw, contentType)
		if err != nil {
			require.Empty(t, answer)
			return
		}
		require.Equal(t, answer.Platform, answer.Flag == "")
		require.NotEmpty(t, answer.Flag+answer.Code+answer.SubCode)
	})
}

// FuzzPlainAnswer holds the short way to the general parser: where it answers at all, they agree.
func FuzzPlainAnswer(f *testing.F) {
	for _, seed := range []string{
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<response><flag>success</flag><code>0</code><message>" +
			"旺店通WMS返回：取消成功</message></response>\r\n",
		"<response> <flag>failure</flag>\n<msg>]]></msg><x></x></response>",
		"<response><flag>a</flag><flag>b</flag></response>",
		"<response><flag>\uFFFE</flag><xmlns>u</xmlns></response> ",
		"<response><flag>a&lt;</flag></response>", "<response><flag></flag></response>",
		"<response>x<flag>a</flag></response>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := decodeText(raw, "")
		if err != nil {
			return
		}
		short, ok := plainAnswer(text)
		if !ok {
			return
		}
		general, err := parseText(text)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(general, short))
	})
}

// TestRecordedFormTakesTheShortWay: it is what makes the short way worth having.
func TestRecordedFormTakesTheShortWay(t *testing.T) {
	t.Parallel()
	answer, ok := plainAnswer([]byte("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" +
		"<response><flag>success</flag><code>0</code><message>旺店通WMS返回：取消成功</message></response>\r\n"))
	require.True(t, ok)
	require.Equal(t, Answer{Flag: "success", Code: "0", Message: "旺店通WMS返回：取消成功"}, answer)
}

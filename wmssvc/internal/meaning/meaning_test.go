package meaning_test

import (
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

func answered(status int, body string, header ...string) *wms.Exchange {
	e := &wms.Exchange{
		Left: true, LeftAt: time.Now(), RepliedAt: time.Now(), Status: status,
		Reply: []byte(body), Header: http.Header{},
	}
	for i := 0; i < len(header); i += 2 {
		e.Header.Set(header[i], header[i+1])
	}
	return e
}

func envelope(flag, code, message string) string {
	return "<response><flag>" + flag + "</flag><code>" + code + "</code><message>" + message + "</message></response>"
}

func TestSubCodesCount(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	v := meaning.Of(answered(200, "<response><flag>failure</flag><code>15</code><sub_code>"+
		"sign-check-failure</sub_code><sub_message>Illegal request</sub_message></response>"), asked, words)
	require.Equal(t, dictionary.Auth, v.Disposition)
	require.Equal(t, "sub_code sign-check-failure: Illegal request", v.Detail, "people are told, too")
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	failure := envelope("failure", "1", "签名错误")
	for _, c := range []struct {
		name     string
		exchange *wms.Exchange
		want     dictionary.Disposition
		slowDown time.Duration
	}{
		{"403 with the vendor's own words", answered(403, failure), dictionary.Auth, 0},
		{"500 with the vendor's own words", answered(500, failure), dictionary.Unknown, 0},
		{"302 with the vendor's own words", answered(302, failure), dictionary.Unknown, 0},
		{"429 from a gateway", answered(429, "slow down", "Retry-After", "7"), dictionary.Unknown, 7 * time.Second},
		{"429 that does not say how long", answered(429, ""), dictionary.Unknown, 0},
		{"503 that says how long", answered(503, "", "Retry-After", "100000"), dictionary.Unknown, time.Hour},
		{"503 that does not", answered(503, ""), dictionary.Unknown, 0},
		{"503 with a date", answered(503, "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), dictionary.Unknown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := meaning.Of(c.exchange, asked, words)
			require.Equal(t, c.want, v.Disposition)
			require.Equal(t, c.slowDown, v.SlowDown)
			require.Equal(t, c.slowDown > 0 || c.exchange.Status == 429, v.Busy)
		})
	}
}

func TestThrottleTakesTheHeadersPause(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	v := meaning.Of(answered(429, envelope("failure", "1", "超过最大并发数"), "Retry-After", "90"), asked, words)
	require.Equal(t, dictionary.Throttled, v.Disposition)
	require.Equal(t, 90*time.Second, v.RetryAfter)
	require.Equal(t, 90*time.Second, v.SlowDown)
}

// The failure: told to come back in a second, the account was left alone for five minutes.
func TestTheAnswerNamesItsPause(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	limited := func(text string) string {
		return "<error_response><code>7</code><msg>App Call Limited</msg><sub_msg>" + text +
			"</sub_msg></error_response>"
	}
	for text, want := range map[string]time.Duration{
		"This ban will last for 1 more seconds":                    time.Second,
		"This ban will last for 12 more seconds":                   12 * time.Second,
		"This ban will last for 31062 more seconds":                time.Hour,
		"This ban will last for 99999999999999999999 more seconds": time.Hour,
		"too many requests, retry after 30 seconds":                30 * time.Second, "请求过于频繁，请3秒后再试": 3 * time.Second,
		"请10分钟后重试":    10 * time.Minute,
		"超过频率限制，剩余5秒": 5 * time.Second, "": 0, "每分钟最多60次": 0, "limit 60": 0,
	} {
		v := meaning.Of(answered(200, limited(text)), asked, words)
		require.Equal(t, dictionary.Throttled, v.Disposition, text)
		require.True(t, v.Busy)
		require.Equal(t, want, v.SlowDown, text)
		require.Equal(t, want, v.RetryAfter, text)
	}
}

// The failure: a proxy that answered for a WMS which was away counted like an answer that was lost, so that "not
// found", once the WMS was back, was taken for "cancelled by the lost one".
func TestWhoAnswersIsTold(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	page := []string{"Content-Type", "text/html; charset=utf-8"}
	for _, c := range []struct {
		name     string
		exchange *wms.Exchange
		want     meaning.Cause
	}{
		{"a time-out", &wms.Exchange{Left: true, Err: os.ErrDeadlineExceeded}, meaning.Lost},
		{"a broken connection", &wms.Exchange{Left: true, Err: io.ErrUnexpectedEOF}, meaning.Lost},
		{"504", answered(504, "<html></html>", page...), meaning.Lost},
		{"502", answered(502, "<html></html>", page...), meaning.Proxy},
		{"503 without a word", answered(503, ""), meaning.Proxy},
		{"502 with the vendor's words", answered(502, envelope("failure", "1", "x")), meaning.Proxy},
		{"a redirect", answered(301, "", "Location", "https://wms.example/"), meaning.Proxy},
		{"a page with 200", answered(200, "<html><body>maintenance</body></html>"), meaning.Proxy},
		{"a page behind a mark", answered(200, "\xEF\xBB\xBF\r\n<!DOCTYPE html><html></html>"), meaning.Proxy},
		{"a page that only its type shows", answered(200, "maintenance", page...), meaning.Proxy},
		{"a page with 403", answered(403, "<html></html>"), meaning.Proxy},
		{"429 from a gateway", answered(429, "slow down"), meaning.Proxy},
		{"500 with the vendor's words", answered(500, envelope("success", "0", "")), meaning.Unreadable},
		{"a success with 400", answered(400, envelope("success", "0", "")), meaning.Unreadable},
		{"an empty answer", answered(200, ""), meaning.Unreadable},
		{"JSON", answered(200, `{"flag":"success"}`), meaning.Unreadable},
		{"XML cut short", answered(200, "<response><flag>success"), meaning.Lost},
		{"an answer that is too large", &wms.Exchange{Left: true, Err: wms.ErrAnswerTooLarge}, meaning.Unreadable},
		{"the platform's time-out", answered(200, "<error_response><code>15</code><sub_code>"+
			"isp.top-remote-connection-timeout</sub_code></error_response>"), meaning.Lost},
		{"the platform's trouble", answered(200, "<error_response><code>15</code><sub_code>"+
			"isp.top-remote-connection-error</sub_code></error_response>"), meaning.Proxy},
		{"the router's time-out in Qimen's envelope", answered(200,
			envelope("failure", "isp.remote-service-timeout", "x")), meaning.Lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := meaning.Of(c.exchange, asked, words)
			require.Equal(t, dictionary.Unknown, v.Disposition)
			require.Equal(t, c.want, v.Cause, v.Detail)
			require.NotEmpty(t, v.Detail)
		})
	}
	require.Contains(t, meaning.Of(answered(200, `{"a":1}`), asked, words).Detail, "JSON")
	require.Contains(t, meaning.Of(answered(200, "<html></html>"), asked, words).Detail, "page")
}

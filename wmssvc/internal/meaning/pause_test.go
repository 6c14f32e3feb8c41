package meaning_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
)

// The pause that a limit names, in whatever words; a limit's own period is none.
func TestTheNamedPause(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	for text, want := range map[string]time.Duration{
		"This ban will last for 1 more seconds":                time.Second,
		"This ban will last for 12 more seconds":               12 * time.Second,
		"too many requests, ban lasts 2 minutes":               2 * time.Minute,
		"too many requests, retry after 30s":                   30 * time.Second,
		"too many requests, please call again after 2 minutes": 2 * time.Minute,
		"too many requests: 1 more seconds":                    time.Second,
		"too many requests, 45 seconds remaining":              45 * time.Second,
		"too many requests, wait 1 hour":                       time.Hour,
		"请求过于频繁，请2分钟后再试":                                       2 * time.Minute, "请求过于频繁,请在 30 秒后重试": 30 * time.Second,
		"请求过于频繁，一分钟后再试": time.Minute, "请求过于频繁，请两分钟后再试": 2 * time.Minute,
		"操作频繁，请等待十五秒": 15 * time.Second, "触发限流，冻结60秒": time.Minute, "触发限流,封禁10分钟": 10 * time.Minute,
		"触发限流,半小时后解封": 30 * time.Minute, "请求过于频繁,60s后重试": time.Minute,
		"触发限流,还剩8秒": 8 * time.Second, "请求过于频繁，请求间隔不能小于1秒": time.Second,
		"请求过于频繁，请二十五秒后重试": 25 * time.Second, "触发限流，等待99999999999999999999秒": time.Hour,
		"请求过于频繁，请稍后再试": 0, "超过每分钟最大调用频率限制": 0, "超过每分钟60次的调用频率限制": 0, "调用频率限制每1分钟60次": 0,
		"调用频率限制1分钟60次": 0, "too many requests: 100 calls in 1 minute": 0,
		"rate limit is 60 per minute": 0, "too many requests, try again later": 0,
	} {
		v := meaning.Of(answered(http.StatusOK, envelope("failure", "1", text)), asked, words)
		require.Equal(t, dictionary.Throttled, v.Disposition, text)
		require.Equal(t, want, v.SlowDown, text)
		require.Equal(t, want, v.RetryAfter, text)
	}
}

// The head names a pause in seconds, or as a date by the server's own clock.
func TestThePauseOfTheHead(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	for header, want := range map[string]time.Duration{
		"30": 30 * time.Second, "86400": time.Hour, "0": 0, "-5": 0, "soon": 0,
		"Sun, 29 Nov 2026 10:02:00 GMT": 2 * time.Minute, "Sun, 29 Nov 2026 09:00:00 GMT": 0,
	} {
		for _, status := range []int{http.StatusOK, http.StatusTooManyRequests} {
			e := answered(status, envelope("failure", "1", "请求过于频繁"))
			e.Header = http.Header{"Retry-After": {header}, "Date": {"Sun, 29 Nov 2026 10:00:00 GMT"}}
			v := meaning.Of(e, asked, words)
			require.True(t, v.Busy)
			require.Equal(t, want, v.SlowDown, header)
		}
	}
}

// Sub codes say the same as the codes that they come with; a flag in the platform's answer contradicts it.
func TestThePlatformsSubCodes(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	for sub, want := range map[string]dictionary.Disposition{
		"isv.app-call-limited": dictionary.Throttled, "isv.missing-signature": dictionary.Auth,
		"isv.missing-app-key": dictionary.Auth, "isv.invalid-session": dictionary.Auth,
		"isv.insufficient-isv-permissions": dictionary.Auth, "isv.missing-method": dictionary.Auth,
		"isp.remote-service-timeout": dictionary.Unknown, "isv.something-new": dictionary.Unknown,
	} {
		for _, body := range []string{
			"<error_response><code>15</code><msg>Remote service error</msg><sub_code>" + sub +
				"</sub_code></error_response>",
			`{"error_response":{"code":15,"msg":["Remote service error"],"sub_code":"` + sub + `","sub_msg":null}}`,
		} {
			require.Equal(t, want, meaning.Of(answered(http.StatusOK, body), asked, words).Disposition, body)
		}
	}
	for _, body := range []string{
		`{"error_response":{"flag":"success","code":25}}`,
		`{"error_response":{"code":25},"response":{"flag":"success"}}`, `{"response":{"flag":"success"}}`,
	} {
		v := meaning.Of(answered(http.StatusOK, body), asked, words)
		require.Equal(t, dictionary.Unknown, v.Disposition, body)
		require.False(t, v.Read, body)
	}
}

// A network in front of the WMS that waited for it in vain lost its answer.
func TestAFrontThatWaitedInVain(t *testing.T) {
	t.Parallel()
	words, err := dictionary.Default()
	require.NoError(t, err)
	for status, want := range map[int]meaning.Cause{
		504: meaning.Lost, 524: meaning.Lost, 502: meaning.Proxy, 503: meaning.Proxy,
	} {
		require.Equal(t, want, meaning.Of(answered(status, "<html>origin</html>"), asked, words).Cause, status)
	}
}

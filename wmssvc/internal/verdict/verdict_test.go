package verdict_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/verdict"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

func answered(status int, body string, header ...string) *wms.Exchange {
	e := &wms.Exchange{Left: true, LeftAt: time.Now(), RepliedAt: time.Now(), Status: status, Reply: []byte(body), Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		e.Header.Set(header[i], header[i+1])
	}
	return e
}

func envelope(flag, code, message string) string {
	return "<response><flag>" + flag + "</flag><code>" + code + "</code><message>" + message + "</message></response>"
}

// What the WMS says, and what it comes to: the answers seen in public material, and their nearest relatives.
func TestWordsToDisposition(t *testing.T) {
	words, err := dictionary.Default()
	require.NoError(t, err)
	for _, c := range []struct {
		flag, code, message string
		want                dictionary.Disposition
		recognised          bool
	}{
		{"success", "0", "旺店通WMS返回：取消成功", dictionary.Cancelled, true},
		{"success", "", "", dictionary.Cancelled, true},
		{"success", "0000", "OK", dictionary.Cancelled, true},
		{"success", "200", "anything at all", dictionary.Cancelled, true},
		{"success", "0", "消息接收成功,但未做什么操作", dictionary.Rejected, false},
		{"success", "0", "消息接收成功，但未做什么操作", dictionary.Rejected, false},
		{"success", "0", "拦截中", dictionary.InProgress, true},
		{"success", "0", "取消失败", dictionary.Rejected, false},

		{"failure", "1", "旺店通WMS返回：单据已取消，不能重复取消", dictionary.AlreadyCancelled, true},
		{"failure", "1", "订单已经取消", dictionary.AlreadyCancelled, true},
		{"failure", "100", "单据不存在", dictionary.NotFound, true},
		{"failure", "1", "旺店通WMS返回：单据 ZZCX000123 不存在！", dictionary.NotFound, true},
		{"failure", "1", "入库单[ZZCX-000123]不存在", dictionary.NotFound, true},
		{"failure", "1", "单据不存在或已取消", dictionary.NotFound, true},
		{"failure", "1", "单据拦截中，请稍后再试", dictionary.InProgress, true},
		{"failure", "1", "单据已退回编辑中", dictionary.Rejected, false},
		{"failure", "1", "取消失败，请重试", dictionary.Rejected, false},
		{"failure", "1", "订单已发货，请联系仓库", dictionary.TooLate, true},
		{"failure", "1", "单据部分入库，不允许取消", dictionary.TooLate, true},
		{"failure", "1", "单据已完成，不允许取消", dictionary.TooLate, true},
		{"failure", "1", "作业中的单据不能取消", dictionary.TooLate, true},
		{"failure", "1", "单据作业中", dictionary.TooLate, true},
		{"failure", "sign-check-failure", "Illegal request", dictionary.Auth, true},
		{"failure", "1", "签名错误", dictionary.Auth, true},
		{"failure", "1", "sid不存在", dictionary.Auth, true},
		{"failure", "1", "时间戳超出允许范围", dictionary.Auth, true},
		{"failure", "1", "无效的sid", dictionary.Auth, true},
		{"failure", "1", "AppKey 不存在", dictionary.Auth, true},
		{"failure", "100", "权限不足", dictionary.Auth, true},
		{"failure", "100", "超过每分钟最大调用频率限制", dictionary.Throttled, true},
		{"failure", "100", "超过最大并发数", dictionary.Throttled, true},
		{"failure", "client.protocol.invalid-argument", "接口未部署", dictionary.Rejected, true},
		{"failure", "1", "单据状态不是编辑中、待审核、已审核，不允许取消", dictionary.Rejected, true},
		{"failure", "100", "无仓库访问权限", dictionary.Rejected, true},
		{"failure", "1", "仓库编码CK009不存在", dictionary.Rejected, true},
		{"failure", "1", "仓库不存在", dictionary.Rejected, true},
		{"failure", "1", "单据类型不匹配", dictionary.Rejected, true},
		{"failure", "1", "单据类型不存在", dictionary.Rejected, true},
		{"failure", "1", "warehouseCode不能为空", dictionary.Rejected, true},
		{"failure", "100", "此外部单已使用!", dictionary.Rejected, true},
		{"failure", "1", "旺店通WMS返回：单据已存在", dictionary.Rejected, true},
		{"failure", "1", "旺店通WMS返回：Incorrect string value for column 'remark'", dictionary.Rejected, false},
		{"failure", "", "", dictionary.Rejected, false},
		{"error", "-1", "系统异常", dictionary.Rejected, false},
		{"error", "-1", "单据不存在", dictionary.NotFound, true},
	} {
		t.Run(c.flag+" "+c.code+" "+c.message, func(t *testing.T) {
			v := verdict.Of(answered(200, envelope(c.flag, c.code, c.message)), words)
			require.Equal(t, c.want, v.Disposition, "entry %q", v.Entry)
			require.Equal(t, c.recognised, v.Recognised)
			require.Equal(t, c.message, v.Answer.Message)
			require.Equal(t, c.want == dictionary.Throttled, v.RetryAfter > 0)
		})
	}
}

func TestSubCodesCount(t *testing.T) {
	words, err := dictionary.Default()
	require.NoError(t, err)
	v := verdict.Of(answered(200, "<response><flag>failure</flag><code>15</code><sub_code>sign-check-failure</sub_code></response>"), words)
	require.Equal(t, dictionary.Auth, v.Disposition)
}

func TestHTTPStatus(t *testing.T) {
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
		{"429 that does not say how long", answered(429, ""), dictionary.Unknown, 30 * time.Second},
		{"503 that says how long", answered(503, "", "Retry-After", "100000"), dictionary.Unknown, time.Hour},
		{"503 that does not", answered(503, ""), dictionary.Unknown, 0},
		{"503 with a date", answered(503, "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), dictionary.Unknown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verdict.Of(c.exchange, words)
			require.Equal(t, c.want, v.Disposition)
			require.Equal(t, c.slowDown, v.SlowDown)
		})
	}
}

func TestThrottleTakesTheLongerPause(t *testing.T) {
	words, err := dictionary.Default()
	require.NoError(t, err)
	v := verdict.Of(answered(429, envelope("failure", "1", "超过最大并发数"), "Retry-After", "90"), words)
	require.Equal(t, dictionary.Throttled, v.Disposition)
	require.Equal(t, 90*time.Second, v.RetryAfter)
	require.Equal(t, 90*time.Second, v.SlowDown)
}

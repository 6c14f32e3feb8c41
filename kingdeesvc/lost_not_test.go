package kingdeesvc_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// noLoss are answers that say nothing about the session: trouble on the way, a request filter, and refusals
// that we know.
func noLoss() map[string]string {
	const json = "Content-Type: application/json; charset=utf-8"
	refusal := func(code int, text string) string {
		return page(200, `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"Message":"`+text+
			`"}],"MsgCode":`+strconv.Itoa(code)+`}}}]]`, json)
	}
	answers := map[string]string{
		"408": page(408, ""), "413": page(413, "too large"), "414": page(414, ""),
		"429": page(429, "slow down", "Retry-After: 1"), "431": page(431, ""),
		"519 gateway":    page(519, `{"errcode":4006,"description":"timestamp is out of date"}`, json),
		"519 new code":   page(519, `{"errcode":10001,"description":"busy"}`, json),
		"gateway, known": page(200, `{"errcode":4002,"description":"AppID is empty"}`, json),
		"cut":            page(200, `[[1,"A"],[2,`, json),
		"cut object":     page(200, `{"Result":{"Resp`, json),
		"filter":         page(200, `[{"actionname":"showConfirm","params":[{"msg":"stopped"}]}]`, json),
		"filter, lower":  page(200, `[{"ActionName":"ShowConfirm"}]`, json),
		"field, no code": refusal(0, "元数据中标识为FNope的字段不存在"),
		"form, no code":  refusal(0, "业务对象不存在"),
		"filter words":   refusal(0, "过滤条件语法错误"),
		"permission listed": page(200, `[{"Result":{"ResponseStatus":{"IsSuccess":"false","Errors":[{"Message":"no `+
			`permission"}],"MsgCode":"2"}}}]`, json),
	}
	for _, status := range []int{500, 501, 502, 503, 504, 505, 507, 511, 520, 521, 522, 524, 530, 599} {
		answers[strconv.Itoa(status)] = page(status, "<html>session lost, please log in</html>",
			"Content-Type: text/html")
	}
	for _, code := range []int{2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
		answers["code "+strconv.Itoa(code)] = refusal(code, "会话信息已丢失 session information is lost")
	}
	return answers
}

func TestWhatSaysNothingAboutTheSessionCostsNoLogin(t *testing.T) {
	for name, answer := range noLoss() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
			require.NoError(t, b.vendor.AddFault(behaviour.Fault{Answer: answer, Count: 3}))
			_, logins := b.counted(func() {
				_, err := b.client.ExecuteBillQuery(t.Context(), everyBill)
				require.Error(t, err)
			})
			require.Zero(t, logins)
			b.vendor.ClearFaults()
			if strings.HasPrefix(name, "code 14") || strings.HasPrefix(name, "429") {
				return // the vendor asked for a pause
			}
			_, logins = b.counted(func() {
				_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
				require.NoError(t, err)
			})
			require.Zero(t, logins, "and the session is the same")
		})
	}
}

package kingdeesvc_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

var update = flag.Bool("update", false, "write docs/kingdee-failures.md and docs/kingdee-forms.md anew")

const failuresDoc = "../docs/kingdee-failures.md"

// failure is one way in which Kingdee fails.
type failure struct {
	name, body string
	fault      behaviour.Fault
	// ending is what it comes to: retried here, logged in again, the caller's mistake, refused by the vendor, or a
	// matter of configuration.
	ending string
}

const (
	retried       = "retry here"
	loggedIn      = "re-login"
	callers       = "caller's mistake"
	refused       = "vendor refused"
	configuration = "configuration"
	// odd stands before what an answer that we do not know comes to, once a new session has heard it too.
	odd = "one login, then "
)

func coded(code int, text, ending string) failure {
	return failure{fmt.Sprintf("F1, MsgCode %d",
		code), text, behaviour.Fault{Shape: "F1", MsgCode: behaviour.MsgCode(code), Message: text}, ending}
}

func shaped(shape string, code behaviour.MsgCode, text, body, ending string) failure {
	return failure{shape, body, behaviour.Fault{Shape: shape, MsgCode: code, Message: text}, ending}
}

const sessionText = "会话信息已丢失，请重新登录"

var failures = []failure{
	coded(0, "默认错误", odd+refused),
	coded(1, sessionText, loggedIn),
	coded(2, "您没有该功能的操作权限", configuration),
	coded(3, "操作标识为空", refused),
	coded(4, "发生意外错误", odd+retried),
	coded(5, "业务对象标识为空", callers),
	coded(6, "数据库错误", retried),
	coded(7, "许可错误", configuration),
	coded(8, "参数错误", callers),
	coded(9, "元数据中标识为FNope的字段不存在", callers),
	{"F1, MsgCode 9", "业务对象不存在", behaviour.Fault{Shape: "F1", MsgCode: 9, Message: "业务对象不存在"}, callers},
	coded(10, "没有数据", refused),
	coded(11, "校验失败", refused),
	coded(12, "不可操作", refused),
	coded(13, "网控冲突", retried),
	coded(14, "调用限制", retried),
	coded(15, "禁止管理员登录", configuration),
	shaped("F2", 1, sessionText, "`[[{\"Result\":…}, null, …]]`, MsgCode 1", loggedIn),
	shaped("F3", 1, sessionText, "`[{\"Result\":…}]`, MsgCode 1", loggedIn),
	shaped("F4", 1, sessionText, "`{\"Result\":…}`, MsgCode 1", loggedIn),
	shaped("F5", 2, "您没有该功能的操作权限", "`{\"ResponseStatus\":…}`, MsgCode 2", configuration),
	shaped("F6", 0, sessionText, "`[{\"FieldName\":null,\"Message\":\""+sessionText+"\",\"DIndex\":0}]`", loggedIn),
	shaped("F7", 0, "对象引用未设置", "text `response_error:{\"Message\":\"对象引用未设置\"}`", odd+refused),
	shaped("F8", 0, "", "`[{\"actionname\":\"showConfirm\",…}]`", callers),
	shaped("F9", 0, "", "text `401 Forbidden ByRspRetStatusCode -- N001…`", odd+configuration),
	shaped("F10", 0, "", "an HTML page with 200", odd+configuration),
	{"F10", "HTTP 404 with a page", behaviour.Fault{Status: 404}, odd + configuration},
	{"F10", "HTTP 403 with a page", behaviour.Fault{Status: 403}, odd + configuration},
	shaped("F11", 0, "", "HTTP 519 `{\"errcode\":4006,…}`: our clock is wrong", configuration),
	shaped("F12", 0, "", "HTTP 502 with a page", retried),
	{"F12", "HTTP 500, 503, 504", behaviour.Fault{Status: 504}, retried},
	{"HTTP 429", "too many requests", behaviour.Fault{Status: 429}, retried},
	shaped("F13", 12, "不可操作", "F1 with MsgCode 12 once more as a JSON string", refused),
	shaped("F14", 0, "", "200 with an empty body", odd+retried),
	{"F14", "200 with a cut body", behaviour.Fault{Drop: behaviour.DropHalf}, retried},
	{"any other", "text `会话超时`, or whatever else is neither rows nor known", behaviour.Fault{Answer: "HTTP/1.1 200 " +
		"OK\nContent-Type: text/plain\n\n会话超时"}, odd + configuration},
	{"no connection", "cut before or after the work", behaviour.Fault{Drop: behaviour.DropBefore}, retried},
	{"cut", "half of the answer", behaviour.Fault{Drop: behaviour.DropInside}, retried},
	{"slow", "no answer within the caller's deadline", behaviour.Fault{DelayMillis: 60_000}, "deadline"},
}

// outcome is what a caller sees, and what it cost.
type outcome struct {
	err          error
	sent, logins int
}

func meet(t *testing.T, f failure, times int) outcome {
	t.Helper()
	b := setup(t, nil, nil)
	f.fault.Count = times
	before := b.vendor.Calls()
	require.NoError(t, b.vendor.AddFault(f.fault))
	limit := 30 * time.Second
	if f.fault.DelayMillis > 0 {
		limit = 3 * time.Second
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err := b.client.ExecuteBillQuery(ctx, &kingdeev1.ExecuteBillQueryRequest{
		FormId: "STK_AssembledApp", FieldKeys: []string{"FID"}, FilterString: "FID > 0",
	})
	after := b.vendor.Calls()
	return outcome{
		err, after["executebillquery"] - before["executebillquery"], after["loginbysign"] - before["loginbysign"],
	}
}

// checkEnding holds what a failure comes to against what was seen.
func checkEnding(t *testing.T, f failure, once, always outcome) {
	t.Helper()
	require.Error(t, always.err)
	info := apierr.Info(always.err, apierr.Kingdee)
	require.NotNil(t, info, "every error carries an ErrorInfo: %v", always.err)
	ending, isOdd := strings.CutPrefix(f.ending, odd)
	if isOdd {
		require.Equal(t, outcome{nil, 2, 1}, once, "as a lost session")
		require.Equal(t, 1, always.logins, "one login finds out, and no other follows")
		require.Equal(t, map[bool]int{true: 4, false: 2}[ending == retried], always.sent)
		return
	}
	switch ending {
	case retried:
		require.NoError(t, once.err)
		require.Equal(t, 2, once.sent)
		require.Equal(t, 3, always.sent)
	case loggedIn:
		require.NoError(t, once.err)
		require.Equal(t, outcome{nil, 2, 1}, once)
		require.Equal(t, []int{2, 1}, []int{always.sent, always.logins})
	case callers:
		require.Equal(t, codes.InvalidArgument, status.Code(always.err))
		require.Equal(t, 1, always.sent)
	case refused:
		require.Equal(t, "VENDOR_REFUSED", info.GetReason())
		require.Equal(t, 1, always.sent)
	default:
		require.Error(t, once.err)
		require.Equal(t, []int{1, 0}, []int{always.sent, always.logins}, "not looped on")
	}
}

func row(f failure, once, always outcome) string {
	first := "answered"
	if once.err != nil {
		first = "the same"
	}
	info := apierr.Info(always.err, apierr.Kingdee)
	keys := slices.Sorted(maps.Keys(info.GetMetadata()))
	for i, key := range keys {
		if key == "field" || key == "vendor_code" {
			keys[i] = key + "=" + info.GetMetadata()[key]
		}
	}
	after := ""
	if wait := apierr.RetryAfter(always.err); wait > 0 {
		after = (wait + time.Second - 1).Truncate(time.Second).String()
	}
	cost := fmt.Sprint(always.sent)
	if always.logins > 0 {
		cost += fmt.Sprintf(" + %d login", always.logins)
	}
	cells := []string{f.name, f.body, f.ending, first, cost, status.Code(always.err).String(), "`" + info.GetReason() +
		"`", strings.Join(keys, ", "), after}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

const failuresIntro = `# How Kingdee fails, and what a gRPC caller receives

Written by ` + "`go test ./kingdeesvc -run Fourteen -update`" + ` and held to the truth by the same test: each line
was played by the sandbox over HTTP and received over gRPC. F1 to F14 are the bodies that public clients and
integrators have met, most of them with HTTP 200. They are told apart in this order: HTTP status;
` + "`response_error:`" + `; HTML; JSON, one level of string encoding removed; object (F4, F5, F11); array whose
first element is an object (F3, F6, F8); whose first cell is an object (F1, F2); rows. MsgCode decides, and a text
only inside a recognised error object without a code that says something. Words inside ordinary data decide nothing.

What is neither rows nor one of the refusals below, said on a session that was answered before, may be how this
server says that the session has ended: "one login, then …" is one fresh login and the same question again. If that
is answered, the session was lost; if the new session hears the same, it is what stands behind "then", and no other
login is spent on such answers for 10 s, 20 s … 5 minutes.

"Once" is what the caller gets when it happens one time. "Requests" is what is sent when it happens every time; the
code, the reason and the rest are of that case. Pauses between requests have jitter and fit the caller's deadline.

| shape | body | ending | once | requests | code | reason | metadata | retry after |
|---|---|---|---|---|---|---|---|---|
`

const failuresOutro = `
What is remembered beyond a call:

- A login that Kingdee refused is not repeated before its settings change, or before a pause of 30 minutes, then 2
  hours, then 6: accounts lock. After words that nobody knows it is 1 minute, 2, 4 … 30; after a page in Kingdee's
  place 10 s, 20 s … 1 minute. Callers get the vendor's text meanwhile, health is NOT_SERVING.
- A session that is lost again right after its login makes the account ` + "`SESSION_CONTENDED`" + `: no login for
  10 s, 20 s … 5 minutes, or until a login holds. A loss that one login mends is no contention, however often it
  happens.
- MsgCode 14 and HTTP 429 hold back all callers: for the pause between the tries, then for 5 s, 10 s … 1 minute.
- After 5 calls in a row without an answer of the WebAPI (no connection, 5xx, HTML) a circuit opens for 5 s, 10 s …
  1 minute. Calls then fail at once with ` + "`VENDOR_UNREACHABLE`" + ` and ` + "`circuit`=`open`" + `; one is let
  through to see. It shows in health and as the metric ` + "`kingdee_circuit`" + `.
- ` + "`GetBill`" + ` alone turns MsgCode 10 into ` + "`BILL_NOT_FOUND`" + `: only View speaks about one bill.

Sources: github.com/kingdee-go/k3cloud (F1), github.com/luka-n8n-nodes/n8n-nodes-kingdee (F2, F3, F6),
github.com/deep-project/kingdee (F4, MsgCode table), github.com/takewiki/k3cloud_webapi_sdk (F7),
github.com/qiaolei227/opendeploy pull 8 (F9).
`

// The table of the fourteen shapes is made by playing each of them, once and always, over real HTTP and real gRPC.
func TestTheFourteenShapesAndWhatACallerReceives(t *testing.T) {
	rows := make([]string, len(failures))
	t.Run("play", func(t *testing.T) {
		for i, f := range failures {
			t.Run(f.name+" "+f.body, func(t *testing.T) {
				t.Parallel()
				once, always := meet(t, f, 1), meet(t, f, 100)
				checkEnding(t, f, once, always)
				rows[i] = row(f, once, always)
			})
		}
	})
	if t.Failed() {
		return
	}
	text := failuresIntro + strings.Join(rows, "") + failuresOutro
	if *update {
		require.NoError(t, os.WriteFile(failuresDoc, []byte(text), 0o644))
	}
	written, err := os.ReadFile(failuresDoc)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(written), text), "run go test ./kingdeesvc -run Fourteen -update")
}

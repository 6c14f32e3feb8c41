package wmssvc_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/settings"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// answerFile serves a file of testdata/answers as the body of every answer to a cancel.
func answerFile(t *testing.T, name string) http.HandlerFunc {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "answers", name))
	require.NoError(t, err)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write(body)
	}
}

// The failure: an order was taken for cancelled because a waybill, a refund, an audit, a line, goods, a warehouse or an
// interception was, or because the answer denied it.
func TestAWordInAFailureEndsNoOrder(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/answers/other-*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range append(files, "denied-not-in-that-state.xml") {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := start(t, configFor(newVendor(t, answerFile(t, name)).URL))
			result := cancelOne(t, client, order(1))
			require.Equal(t, rejected, result.GetDisposition(), result.GetVendorMessage())
			require.False(t, result.GetRecognised(), result.GetVendorMessage())
		})
	}
}

func TestThisOrderWasCancelledBefore(t *testing.T) {
	t.Parallel()
	_, client := start(t, configFor(newVendor(t, answerFile(t, "this-order-cancelled.xml")).URL))
	result := cancelOne(t, client, order(1))
	require.Equal(t, already, result.GetDisposition())
	require.True(t, result.GetRecognised())
}

// The failure: "interception under way" with the flag success ended an order that the warehouse went on picking.
func TestASuccessThatNobodyKnowsIsProvisional(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		disposition wmsv1.Disposition
		provisional bool
	}{
		"旺店通WMS返回：取消成功": {done, false}, "旺店通WMS返回：": {done, false}, "": {done, false}, "OK": {done, false},
		"操作成功": {done, false}, "成功": {done, false},
		"旺店通WMS返回：单据ZZCX000123取消成功": {done, false}, "旺店通WMS返回：拦截中": {inProgress, false}, "取消申请已提交": {inProgress, false},
		"旺店通WMS返回：已通知仓库": {inProgress, true}, "商品同步成功": {inProgress, true}, "运单取消成功": {inProgress, true},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, client := start(t, configFor(newVendor(t,
				always("<response><flag>success</flag><code>0</code><message>"+text+"</message></response>")).URL))
			result := cancelOne(t, client, order(1))
			require.Equal(t, want.disposition, result.GetDisposition())
			require.Equal(t, want.provisional, result.GetProvisional())
			require.Equal(t, text, result.GetVendorMessage(), "the words are kept")
		})
	}
}

// What says the same about two orders is one text to whoever groups answers.
func TestAnswersAreGroupedByTheirText(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile("<orderCode>(.*)</orderCode>")
	wms := newVendor(t, nil)
	wms.answer = func(w http.ResponseWriter, body string) {
		_, _ = io.WriteString(w, "<response><flag>failure</flag><message>单据["+code.FindStringSubmatch(body)[1]+
			"]于2026-11-29 10:00:00被锁定</message></response>")
	}
	_, client := start(t, configFor(wms.URL))
	for _, number := range []string{"ZZCX1", "zzcx-000022"} {
		require.Equal(t, "单据[#]于#被锁定", cancelOne(t, client, order(1, coded(number))).GetAnswerText())
	}
}

// The failure: byte order marks, a blank line or a NUL of the PHP server around a success made it unreadable.
func TestWhatPHPPutsAroundADocumentIsLeftOut(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/answers/php-*.xml")
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := start(t, configFor(newVendor(t, answerFile(t, name)).URL))
			result := cancelOne(t, client, order(1))
			require.Equal(t, done, result.GetDisposition(), result.GetDetail())
			require.Equal(t, "旺店通WMS返回：取消成功", result.GetVendorMessage())
		})
	}
}

// The failure: what the platform in front of Qimen says was no answer, so a wrong key was asked again and again as an
// unknown outcome.
func TestThePlatformInFrontIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]wmsv1.Disposition{
		"platform-signature.xml": auth, "platform-app-key.xml": auth, "platform-call-limit.xml": throttled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, client := start(t, configFor(newVendor(t, answerFile(t, name)).URL))
			result := cancelOne(t, client, order(1))
			require.Equal(t, want, result.GetDisposition(), result.GetDetail())
			require.True(t, result.GetRecognised())
			require.Contains(t, result.GetDetail(), "platform")
			if want == auth {
				require.NotEmpty(t, result.GetVendorMessage())
			}
		})
	}
}

// The failure: nobody could tell a proxy's answer from one that was lost.
func TestAProxysAnswerIsNoLostOne(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/outages/*.http")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			reply, err := os.ReadFile(file) //nolint:gosec // a file of the test
			require.NoError(t, err)
			_, client := start(t, configFor(talks(string(reply))(t)))
			result := cancelOne(t, client, order(1))
			requireUnknown(t, result)
			require.Equal(t, wmsv1.UnknownCause_UNKNOWN_CAUSE_PROXY, result.GetUnknownCause(), result.GetDetail())
		})
	}
	_, client := start(t, configFor(talks("")(t)))
	require.Equal(t, wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST, cancelOne(t, client, order(1)).GetUnknownCause())
}

// The failure: check could not name what the platform in front, or a JSON answer, was about.
func TestCheckNamesWhatThePlatformSays(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"platform-signature.xml": "account, key or signature is refused: 25 Invalid signature the platform in front " +
			"of the WMS answered; sub_code isv.invalid-signature",
		"platform-app-key.xml":    "account, key or signature is refused: 29 Invalid app Key",
		"platform-call-limit.xml": "reached, but refused for frequency: App Call Limited",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata", "answers", file))
			require.NoError(t, err)
			var out bytes.Buffer
			require.Error(t, wmssvc.Check(t.Context(), configFor(spoken(t, whole("200 OK", string(body)))), &out))
			require.Contains(t, out.String(), says)
		})
	}
	var out bytes.Buffer
	require.Error(t,
		wmssvc.Check(t.Context(), configFor(spoken(t, whole("200 OK", `{"flag":"failure","message":"x"}`))), &out))
	require.Contains(t, out.String(), "the answer is JSON")
	out.Reset()
	require.Error(t, wmssvc.Check(t.Context(), configFor(spoken(t,
		whole("200 OK", "<error_response><code>22</code><msg>Invalid method</msg></error_response>"))), &out))
	require.Contains(t, out.String(), "does not accept the form of the request: 22 Invalid method")
}

// The failure: a clock that was an hour off sent people to look for a wrong key.
func TestAClockFaultIsNoCredentialsFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		personality behaviour.Personality
		secret      string
		want        wmsv1.AccountFault
		says        string
	}{
		"a WMS an hour behind": {
			behaviour.Personality{ClockOffsetSeconds: -3600}, sandbox.DemoSecret,
			wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK, "behind ours",
		},
		"a WMS an hour ahead": {
			behaviour.Personality{ClockOffsetSeconds: 3600}, sandbox.DemoSecret,
			wmsv1.AccountFault_ACCOUNT_FAULT_CLOCK, "ahead of ours",
		},
		"a wrong secret": {
			behaviour.Personality{}, "another", wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS, "",
		},
		"a wrong secret as well": {
			behaviour.Personality{ClockOffsetSeconds: 30}, "another", wmsv1.AccountFault_ACCOUNT_FAULT_CREDENTIALS, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := sandboxConfig(newSandbox(t, c.personality).URL())
			cfg.Accounts[0].AppSecret = settings.Secret(c.secret)
			_, client := start(t, cfg)
			result := cancelOne(t, client, order(1))
			require.Equal(t, auth, result.GetDisposition())
			require.Equal(t, c.want, result.GetAccountFault())
			require.Contains(t, result.GetDetail(), c.says)
			checked, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
			require.NoError(t, err)
			require.Equal(t, c.want, checked.GetAccountFault())
			require.Contains(t, checked.GetDetail(), c.says)
		})
	}
}

package wmssvc_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
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

// The failure: an order was taken for cancelled because a waybill, a refund, an audit, a line, goods, a warehouse or an interception
// was, or because the answer denied it.
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
		"旺店通WMS返回：取消成功": {done, false}, "旺店通WMS返回：": {done, false}, "": {done, false}, "OK": {done, false}, "操作成功": {done, false}, "成功": {done, false},
		"旺店通WMS返回：单据ZZCX000123取消成功": {done, false}, "旺店通WMS返回：拦截中": {inProgress, false}, "取消申请已提交": {inProgress, false},
		"旺店通WMS返回：已通知仓库": {inProgress, true}, "商品同步成功": {inProgress, true}, "运单取消成功": {inProgress, true},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, client := start(t, configFor(newVendor(t, always("<response><flag>success</flag><code>0</code><message>"+text+"</message></response>")).URL))
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
		_, _ = io.WriteString(w, "<response><flag>failure</flag><message>单据["+code.FindStringSubmatch(body)[1]+"]于2026-11-29 10:00:00被锁定</message></response>")
	}
	_, client := start(t, configFor(wms.URL))
	for _, number := range []string{"ZZCX1", "zzcx-000022"} {
		require.Equal(t, "单据[#]于#被锁定", cancelOne(t, client, order(1, coded(number))).GetAnswerText())
	}
}

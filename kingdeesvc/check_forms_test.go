package kingdeesvc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

const returnsID = "PUR_MRAPP"

// frontWithReturns is a server in front of the sandbox that has 退料申请单 without bills, and without some keys.
func frontWithReturns(t *testing.T, vendor string, lacking ...string) string {
	t.Helper()
	behind, err := url.Parse(vendor)
	require.NoError(t, err)
	through := httputil.NewSingleHostReverseProxy(behind)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		if !strings.Contains(string(body), returnsID) {
			through.ServeHTTP(w, q)
			return
		}
		asked := strings.FieldsFunc(string(body), func(c rune) bool { return strings.ContainsRune(`"\, =>(`, c) })
		if at := slices.IndexFunc(lacking, func(key string) bool { return slices.Contains(asked, key) }); at >= 0 {
			fmt.Fprintf(w, `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{`+
				`"FieldName":null,"Message":"元数据中标识为%s的字段不存在","DIndex":0}],"MsgCode":9}}}]]`, lacking[at])
			return
		}
		fmt.Fprint(w, "[]")
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// asking is a service in front of a server that lacks keys of 退料申请单.
func asking(t *testing.T, lacking ...string) *bundle {
	t.Helper()
	vendor := setup(t, nil, nil).vendor
	return setup(t, map[string]string{"KINGDEE_BASE_URL": frontWithReturns(t, vendor.URL(), lacking...)}, nil)
}

func TestEachOpenKeyIsTriedAndWhatIsMissingIsNamed(t *testing.T) {
	lacking := []string{"FCancelStatus", "FDate", "F_TYPO.FNumber"}
	b := asking(t, lacking...)
	got := findingsOf(t, b, returnsID, &kingdeev1.CheckConnectionRequest{Forms: []*kingdeev1.CheckedForm{{
		FormId: returnsID, Keys: map[string]string{
			"FEntity.warehouse_number": "F_TYPO.FNumber", "close_status": "FCloseStatus",
		},
	}}})
	requireResults(t, got, map[string]kingdeev1.CheckResult{
		"second_login": skipped, "cancel_status": failed, "date": warning, "FEntity.warehouse_number": failed,
		"bills": warning, "dates": skipped, "view": skipped,
	})
	require.Contains(t, got["open_keys"].GetFoundEn(), "of 12 that no public source confirms, 9 exist")
	require.Contains(t, got["open_keys"].GetFoundEn(),
		"nobody knows a key for them: close_time, note, FEntity.unit_number")
	require.Equal(t, "PUR_MRAPP has no key FCancelStatus (our guess), which is cancel_status: the cancel status, "+
		"which says whether a bill is voided; no bill is read without it", got["cancel_status"].GetFoundEn())
	require.Contains(t, got["cancel_status"].GetAdviceEn(), "-form PUR_MRAPP -key cancel_status=KEY")
	require.Contains(t, got["cancel_status"].GetAdviceZh(), "kingdee: {keys: {cancel_status: 标识}}")
	require.Contains(t, got["date"].GetFoundZh(), "可以没有")
	require.Contains(t, got["FEntity.warehouse_number"].GetFoundEn(), "F_TYPO.FNumber (named by -key)")

	got = findingsOf(t, b, returnsID, &kingdeev1.CheckConnectionRequest{Forms: []*kingdeev1.CheckedForm{{
		FormId: returnsID, Keys: map[string]string{
			"FEntity.warehouse_number": "F_ABC_Stock.FNumber", "cancel_status": "F_ABC_Void", "date": "F_ABC_Date",
		},
	}}})
	requireResults(t, got, map[string]kingdeev1.CheckResult{
		"second_login": skipped, "bills": warning, "dates": skipped, "view": skipped,
	})
}

func TestAFormThatNobodyAskedAboutIsNoFailure(t *testing.T) {
	missing := findingsOf(t, asking(t, "FCancelStatus", "FMRAPPQTY"), returnsID, &kingdeev1.CheckConnectionRequest{})
	requireResults(t, missing, map[string]kingdeev1.CheckResult{
		"second_login": skipped, "fields": warning, "cancel_status": warning,
	})
}

func TestFormsAndColumnsThatAreNotThereAreRefusedByName(t *testing.T) {
	b := setup(t, nil, nil)
	for want, form := range map[string]*kingdeev1.CheckedForm{
		"there are STK_AssembledApp, PUR_MRAPP": {FormId: "PUR_PurchaseOrder"},
		"open are: document_status":             {FormId: returnsID, Keys: map[string]string{"org_number": "F_X"}},
	} {
		_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{
			Thorough: true, Forms: []*kingdeev1.CheckedForm{form},
		})
		requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_REQUEST_INVALID,
			"field", "forms")
		require.ErrorContains(t, err, want)
	}
}

func TestExamineLooksAtTheFormsThatItIsAskedAbout(t *testing.T) {
	vendor := setup(t, nil, nil).vendor
	cfg, err := load(environment(frontWithReturns(t, vendor.URL(), "FEntity_FEntryID")))
	require.NoError(t, err)
	var out bytes.Buffer
	examine := func(o kingdeesvc.ExamineOptions) error {
		out.Reset()
		o.Language = "zh"
		return kingdeesvc.Examine(context.WithoutCancel(t.Context()), cfg, o, &out)
	}
	require.NoError(t, examine(kingdeesvc.ExamineOptions{}))
	require.Contains(t, out.String(), "[注意] PUR_MRAPP 缺少字段：PUR_MRAPP 没有字段 FEntity_FEntryID（程序自带的猜测）")
	mine := kingdeesvc.ExamineForm{ID: returnsID}
	require.ErrorIs(t, examine(kingdeesvc.ExamineOptions{Forms: []kingdeesvc.ExamineForm{mine}}),
		kingdeesvc.ErrCheckFailed)
	require.NotContains(t, out.String(), "STK_AssembledApp")
	mine.Keys = map[string]string{"FEntity.id": "FMRAPPENTRY_FEntryID"}
	require.NoError(t, examine(kingdeesvc.ExamineOptions{Forms: []kingdeesvc.ExamineForm{mine}}))
}

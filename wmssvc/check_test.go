package wmssvc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// What `voidrelay check` shows people, asked without a running service.
func TestCheckAccountSaysInBothLanguagesWhatIsWrong(t *testing.T) {
	t.Parallel()
	cfg := configFor("http://wms.invalid/x")
	got, err := wmssvc.CheckAccount(t.Context(), cfg, "")
	require.NoError(t, err)
	byID := map[string]*wmsv1.CheckFinding{}
	for _, f := range got.GetFindings() {
		byID[f.GetId()] = f
	}
	require.Len(t, byID, 2)
	require.Equal(t, wmsv1.CheckResult_CHECK_RESULT_FAILED, byID["account"].GetResult())
	require.Contains(t, byID["account"].GetFoundZh(), "无法连接")
	require.Contains(t, byID["account"].GetAdviceEn(), "WMS_URL")
	require.Equal(t, wmsv1.CheckResult_CHECK_RESULT_WARNING, byID["tls"].GetResult())
	require.Contains(t, byID["tls"].GetFoundEn(), "plain HTTP")

	_, err = wmssvc.CheckAccount(t.Context(), cfg, "nobody")
	require.ErrorContains(t, err, "nobody")
}

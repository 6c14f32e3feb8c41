package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
)

// call posts a body, and answers the status and what came back.
func (s *stack) call(path string, body map[string]any) (int, string) {
	s.Helper()
	sent, err := json.Marshal(body)
	require.NoError(s, err)
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://"+s.orchestrator.HTTPAddr()+path,
		strings.NewReader(string(sent)))
	require.NoError(s, err)
	answer, err := apitest.Client(s).Do(request)
	require.NoError(s, err)
	defer func() { _ = answer.Body.Close() }()
	reply, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	return answer.StatusCode, string(reply)
}

// Rule 17 (docs/rules.md): over the wire, an apply that changes a code is refused with both ways out, and taken with
// either.
func TestAnApplyOfAnotherCodeSaysForWhichBills(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.run()
	next := strings.ReplaceAll(string(scheme.ShippedDocument()), "WH-HZ01", "WH-NEW1")
	apply := map[string]any{"document": next, "reason": "搬仓"}
	status, reply := s.call("/v1/schemes:apply", apply)
	require.Equal(t, 400, status)
	require.Contains(t, reply, "ORDERS_UNSAID")
	require.Contains(t, reply, "CK001 code WH-HZ01 → WH-NEW1")
	require.Contains(t, reply, "--orders corrected")
	require.Contains(t, reply, "--orders from-now")

	apply["orders"] = "ORDERS_CHOICE_FROM_NOW"
	status, reply = s.call("/v1/schemes:apply", apply)
	require.Equal(t, 200, status, reply)
	s.void("A1")
	s.run()
	require.Equal(t, 1, s.count(`
select count(*) from cancellation_now where order_code = 'A1' and warehouse_code = 'WH-HZ01'`))
}

// A warehouse that is taken out makes its orders fall outside, and is no fault of theirs.
func TestAWarehouseThatIsTakenOutIsNotFaulty(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK005")
	s.run()
	next := strings.ReplaceAll(string(scheme.ShippedDocument()),
		"CK005: {account: default, code: WH-TH01, name: 退货质检仓}", "CK006: {outside: true}")
	status, reply := s.call("/v1/schemes/assembly-void:diffBills", map[string]any{"document": next})
	require.Equal(t, 200, status, reply)
	var found struct {
		Differences                 []struct{ BillNo, Change, Fault string }
		OrdersRemoved, OrdersFaulty string
	}
	require.NoError(t, json.Unmarshal([]byte(reply), &found))
	require.Equal(t, []string{"1", "0"}, []string{found.OrdersRemoved, found.OrdersFaulty})
	require.Equal(t, "A1 MAPPING_CHANGE_REMOVED ", found.Differences[0].BillNo+" "+found.Differences[0].Change+" "+
		found.Differences[0].Fault)
}

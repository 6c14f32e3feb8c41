package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetricsTellWhatTheLedgerHolds(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.ops = "127.0.0.1:0" })
	s.audited("A1", "CK001")
	s.run()
	s.void("A1")
	s.settle()
	for _, line := range []string{
		"orchestrator_ledger_up 1\n",
		`orchestrator_cancellations{scheme="assembly-void",state="done"} 1` + "\n",
		`orchestrator_attempts_total{disposition="cancelled"} 1` + "\n",
		`orchestrator_work_items{scheme="assembly-void"} 0` + "\n",
		`orchestrator_runs_total{scheme="assembly-void"} `,
		`orchestrator_watermark_lag_seconds{scheme="assembly-void"} `,
	} {
		require.Contains(t, s.told("/metrics"), line)
	}
}

// told is what the orchestrator tells everybody.
func (s *stack) told(path string) string {
	s.Helper()
	where := "http://" + s.orchestrator.OpsAddr() + path
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, where, nil)
	require.NoError(s, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	return string(body)
}

// What stands still is told to everybody, and what was met word for word is not: it names bills, and what vendors said.
func TestProbesAndMetricsNameNoBillAndQuoteNoVendor(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.ops = "127.0.0.1:0" })
	const no = "ZZCX000154"
	s.audited(no, "CK001")
	s.run()
	addr := s.wms.Addr()
	require.NoError(t, s.wms.Stop(t.Context()))
	s.startWMSWith(addr, "another secret")
	s.void(no)
	s.until("the refusal is told", func() bool { return strings.Contains(s.told("/readyz"), "account_refused") })
	said := s.text(`select detail from condition where kind = 'account_refused'`)
	require.Contains(t, said, "sign", "what the WMS said is in the ledger")
	for _, path := range []string{"/readyz", "/metrics"} {
		body := s.told(path)
		require.Contains(t, body, "account_refused")
		for _, hidden := range []string{no, said, "Illegal request", "sign-check", "another secret", "云栖"} {
			require.NotContains(t, body, hidden, path)
		}
	}
}

// text is the one text that a statement finds.
func (s *stack) text(sql string) (text string) {
	s.Helper()
	require.NoError(s, s.pool.QueryRow(s.Context(), sql).Scan(&text))
	return text
}

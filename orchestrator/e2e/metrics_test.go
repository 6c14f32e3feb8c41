package e2e_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetricsTellWhatTheLedgerHolds(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.metrics = "127.0.0.1:0" })
	s.audited("A1", "CK001")
	s.run()
	s.void("A1")
	s.settle()
	scrape := func() string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+s.orchestrator.MetricsAddr()+"/metrics", nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return string(body)
	}
	for _, line := range []string{
		"orchestrator_ledger_up 1\n",
		`orchestrator_cancellations{scheme="assembly-void",state="done"} 1` + "\n",
		`orchestrator_attempts_total{disposition="cancelled"} 1` + "\n",
		`orchestrator_work_items{scheme="assembly-void"} 0` + "\n",
		`orchestrator_runs_total{scheme="assembly-void"} `,
		`orchestrator_watermark_lag_seconds{scheme="assembly-void"} `,
	} {
		require.Contains(t, scrape(), line)
	}
}

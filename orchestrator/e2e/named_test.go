package e2e_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
)

// written is what loggers wrote.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// has says whether one line holds all of these words.
func (w *written) has(words ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.text.String()) {
		missing := false
		for _, word := range words {
			missing = missing || !strings.Contains(line, word)
		}
		if !missing {
			return true
		}
	}
	return false
}

// A call's id ended at the queue: without traces nothing tied the lines of the adapters to what a person had asked for,
// nor to the job that made them.
func TestOneIDLeadsFromTheCallToTheAdapters(t *testing.T) {
	t.Parallel()
	log := &written{}
	s := start(t, func(s *stack) {
		s.log = log
		s.scheme = saying("    sandbox_only: true\n", "    sandbox_only: true\n    incremental_interval: 1h\n")
	})
	s.audited("NAMED-1", "CK001")
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void/runs", `{"kind": "RUN_KIND_INCREMENTAL"}`))
	s.until("the bill is known",
		func() bool { return s.count(`select count(*) from bill where bill_no = 'NAMED-1'`) == 1 })
	s.void("NAMED-1")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+s.orchestrator.HTTPAddr()+"/v1/schemes/assembly-void/runs",
		strings.NewReader(`{"kind": "RUN_KIND_INCREMENTAL", "requestId": "named"}`))
	require.NoError(t, err)
	request.Header.Set("X-Request-Id", "ticket-7")
	answer, err := apitest.Client(t).Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	s.until("cancelled",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'done'`) == 1 })
	const id = `"request_id":"ticket-7"`
	for _, words := range [][]string{
		{"/orchestrator.v1.RunService/StartRun", id}, {"/kingdee.v1.BillService/StreamBillStates", id},
		{"run complete", id},
	} {
		s.until("a line with "+words[0], func() bool { return log.has(words...) })
	}
}

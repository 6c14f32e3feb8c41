package e2e_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/visible"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
)

// raw is a REST reply as it came.
func (s *stack) raw(path string) string {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet,
		"http://"+s.orchestrator.HTTPAddr()+path, nil)
	require.NoError(s, err)
	answer, err := apitest.Client(s).Do(request)
	require.NoError(s, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	return string(body)
}

// A bill of Kingdee's whose number has what nobody sees is cancelled like any other; one with a control in it is a work
// item. Whoever reads the log or a reply of REST on a terminal sees what the number is, and no more.
func TestABillsNumberDoesNothingToWhoReadsOfIt(t *testing.T) {
	t.Parallel()
	const number, control = "A\u202e\u200b\u20661", "A\u009b31m\x7f2"
	log := &written{}
	s := start(t, func(s *stack) { s.log = log })
	s.audited(number, "CK001")
	s.audited(control, "CK001")
	s.void(number)
	s.until("the verdict", func() bool { return s.verdict(number) == "已取消" })
	s.until("an item",
		func() bool { return s.count(`select count(*) from work_item where kind = 'bill_undecodable'`) == 1 })
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void:pause", `{"reason": "A\u202e\u200bB"}`))
	require.Equal(t, http.StatusBadRequest, s.post("/v1/schemes/assembly-void:pause", `{"reason": "A\u001b[31m"}`))
	require.Equal(t, http.StatusBadRequest, s.post("/v1/schemes/assembly-void:pause", `{"reason": "A\u0000"}`))

	for _, path := range []string{
		"/v1/bills/" + url.PathEscape(number), "/v1/bills/" + url.PathEscape(number) + "nope", "/v1/cancellations",
		"/v1/workItems",
		"/v1/events", "/v1/status", "/v1/conditions", "/v1/operatorActions", "/readyz",
	} {
		text := s.raw(path)
		require.False(t, strings.ContainsFunc(text, visible.Hidden), "%s: %q", path, text)
	}
	require.Contains(t, s.raw("/v1/cancellations"), visible.Text(number))
	require.Contains(t, s.raw("/v1/workItems"), visible.Text(control))
	log.mu.Lock()
	defer log.mu.Unlock()
	lines := log.text.String()
	require.Contains(t, lines, visible.Text(number))
	require.Contains(t, lines, `A\u202e\u200bB`)
	require.False(t, strings.ContainsFunc(strings.ReplaceAll(lines, "\n", ""), visible.Hidden))
}

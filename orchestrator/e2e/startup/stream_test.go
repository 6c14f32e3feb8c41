package startup

import (
	"bufio"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
)

// streamREST opens a watch of events over REST, and waits for the first that it says.
func streamREST(t *testing.T, addr, accept, token string) *bufio.Reader {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/v1/events:watch", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", accept)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, 200, response.StatusCode)
	lines := bufio.NewReader(response.Body)
	_, err = lines.ReadString('\n')
	require.NoError(t, err)
	return lines
}

// A watch over REST ends as one over gRPC does: with its caller's right, and he is told; or with the service, without
// an error.
func TestAWatchOverRESTEndsWithItsCallersRightOrWithTheService(t *testing.T) {
	const viewer, operator = "0123456789abcdef", "fedcba9876543210"
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	each(t, func(t *testing.T, s service) {
		if s.name != "orchestrator" {
			return
		}
		li := accesstest.Caller{Name: "li", Role: "operator", Token: operator}
		path := accesstest.File(t, accesstest.Caller{Name: "wang", Role: "viewer", Token: viewer}, li)
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": path})
		events := streamREST(t, r.rest, "text/event-stream", viewer)
		lines := streamREST(t, r.rest, "application/x-ndjson", viewer)
		stays := streamREST(t, r.rest, "application/x-ndjson", operator)

		replace(t, path, accesstest.File(t, li))
		rest, err := io.ReadAll(events)
		require.NoError(t, err)
		require.Contains(t, string(rest), "event: error\ndata: {")
		require.Contains(t, string(rest), `"UNAUTHENTICATED"`)
		rest, err = io.ReadAll(lines)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^\{"error":\{.*"UNAUTHENTICATED".*\}\n\z`, string(rest))

		require.NoError(t, r.Stop(t.Context()))
		rest, err = io.ReadAll(stays)
		require.NoError(t, err, "it ends as it should")
		require.NotContains(t, string(rest), `{"error":`)
	})
}

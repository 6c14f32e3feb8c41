package kingdeesvc_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func TestMetricsTellCallsFailuresSessionsCircuitAndSkew(t *testing.T) {
	b := setup(t, map[string]string{"KINGDEESVC_OPS_ADDR": "127.0.0.1:0"}, nil)
	require.NoError(t, b.vendor.AddFault(behaviour.FailWith(13, 1)))
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	text := scrape(t, b)
	for _, want := range []string{
		`kingdee_requests_total{method="LoginBySign",outcome="ok"} 1`,
		`kingdee_requests_total{method="ExecuteBillQuery",outcome="busy"} 1`,
		`kingdee_request_duration_seconds_count{method="ExecuteBillQuery"}`,
		"kingdee_turn_wait_seconds_count", "kingdee_sessions 1\n", "kingdee_queue 0\n",
		"kingdee_circuit 0\n", "kingdee_clock_skew_seconds ",
	} {
		require.Contains(t, text, want)
	}

	require.NoError(t, b.vendor.AddFault(behaviour.Fault{Shape: "F10", Count: 6}))
	for range 5 { // the first of them also asks on a new session
		_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_ANSWER_UNREADABLE)
	}
	_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE, "circuit", "open")
	require.Contains(t, scrape(t, b), "kingdee_circuit 2\n")
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
}

func scrape(t *testing.T, b *bundle) string {
	t.Helper()
	response, err := http.Get("http://" + b.server.OpsAddr() + "/metrics")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

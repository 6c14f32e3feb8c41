package kingdeesvc_test

import (
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// A server that signed its own certificate, as many do, and that would rather speak HTTP/2, with which 502 was seen.
func TestAPrivateCertificateIsTrustedWhenNamedAndHTTP2IsNeverSpoken(t *testing.T) {
	var mu sync.Mutex
	spoken := map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		spoken[r.Proto]++
		mu.Unlock()
		if strings.Contains(r.URL.Path, "LoginBySign") {
			_, _ = io.WriteString(w, `{"LoginResultType":1,"KDSVCSessionId":"s"}`)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t,
		os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))

	b := setup(t, map[string]string{"KINGDEE_BASE_URL": server.URL, "KINGDEE_CA_FILE": file}, nil)
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)
	mu.Lock()
	require.NotZero(t, spoken["HTTP/1.1"])
	require.Len(t, spoken, 1)
	mu.Unlock()

	b = setup(t, map[string]string{"KINGDEE_BASE_URL": server.URL, noWait: "1"}, nil)
	_, err = b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.Unavailable, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_UNREACHABLE)
	require.ErrorContains(t, err, "certificate")

	settings := environment(server.URL)
	settings["KINGDEE_CA_FILE"] = tokensFile(t, "no certificate")
	_, err = load(settings)
	require.ErrorContains(t, err, "KINGDEE_CA_FILE")
}

// A server that takes requests and never answers: everybody's own deadline holds, whether the call was sent or waited
// for the one session, and nothing stays behind (TestMain looks for goroutines).
func TestASlowServerHoldsNobodyBeyondTheirDeadline(t *testing.T) {
	url, asked := hanging(t)
	b := setup(t, map[string]string{"KINGDEE_BASE_URL": url, "KINGDEESVC_OPS_ADDR": "127.0.0.1:0", noWait: "1"},
		nil)
	<-asked // the probe has the session, and waits
	ended := make(chan error, 20)
	for range cap(ended) {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			_, err := b.client.CheckConnection(ctx, &kingdeev1.CheckConnectionRequest{})
			ended <- err
		}()
	}
	for range cap(ended) {
		requireError(t, <-ended, codes.DeadlineExceeded, kingdeev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED)
	}
	require.Eventually(t, func() bool { return strings.Contains(scrape(t, b), "kingdee_queue 0\n") },
		10*time.Second, 10*time.Millisecond)
}

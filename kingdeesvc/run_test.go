package kingdeesvc_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// nowhere is an adapter's settings whose vendor refuses connections.
func nowhere(t *testing.T, more map[string]string) kingdeesvc.Config {
	t.Helper()
	settings := environment("http://127.0.0.1:1")
	for name, value := range more {
		settings[name] = value
	}
	cfg, err := load(settings)
	require.NoError(t, err)
	return cfg
}

// hanging is a vendor that logs in, tells of each query and never answers it.
func hanging(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	queries := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body) // from here on the server sees the client leave
		if strings.Contains(r.URL.Path, "LoginBySign") {
			_, _ = io.WriteString(w, `{"LoginResultType":1,"KDSVCSessionId":"s"}`)
			return
		}
		queries <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, queries
}

func TestStopCutsAWatchOfHealthAndACallThatHangs(t *testing.T) {
	url, asked := hanging(t)
	b := setup(t, map[string]string{"KINGDEE_BASE_URL": url, noWait: "1"}, nil)
	watch, err := grpc_health_v1.NewHealthClient(b.conn).Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.NoError(t, err)
	<-asked
	answered := make(chan error, 1)
	go func() {
		_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		answered <- err
	}()
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.server.Stop(expired))
	require.Error(t, <-answered)
	for err == nil {
		_, err = watch.Recv()
	}
	require.NoError(t, b.server.Wait())
}

func TestADeadlineIsTheCallersOwn(t *testing.T) {
	url, _ := hanging(t)
	b := setup(t, map[string]string{"KINGDEE_BASE_URL": url, noWait: "1"}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err := b.client.CheckConnection(ctx, &kingdeev1.CheckConnectionRequest{})
	requireError(t, err, codes.DeadlineExceeded, kingdeev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED)
}

func TestCheckServesNothing(t *testing.T) {
	vendor, err := sandbox.Start(t.Context(), sandbox.DefaultConfig())
	require.NoError(t, err)
	defer func() { require.NoError(t, vendor.Stop(context.Background())) }()
	cfg, err := load(environment(vendor.URL()))
	require.NoError(t, err)
	got, err := kingdeesvc.Check(t.Context(), cfg, &kingdeev1.CheckConnectionRequest{}, quiet())
	require.NoError(t, err)
	require.Equal(t, sandbox.DefaultAcctID, got.GetAccount().GetDataCenterId())
}

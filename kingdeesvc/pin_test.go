package kingdeesvc_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/health/grpc_health_v1"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// A private server is set up with what check prints: it shows the fingerprint, a person compares it, and from then on
// it is trusted.
func TestWhatCheckPrintsIsWhatTheSettingTakes(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "LoginBySign") {
			_, _ = io.WriteString(w, `{"LoginResultType":1,"KDSVCSessionId":"s"}`)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	examine := func(pin string) string {
		settings := environment(server.URL)
		settings["KINGDEE_CERT_SHA256"] = pin
		cfg, err := load(settings)
		require.NoError(t, err)
		var out bytes.Buffer
		_ = kingdeesvc.Examine(t.Context(), cfg, kingdeesvc.ExamineOptions{Language: "en"}, &out)
		return out.String()
	}
	report := examine("")
	require.Contains(t, report, "[FAILED] Encryption: certificate ")
	_, pin, printed := strings.Cut(report, "KINGDEE_CERT_SHA256=")
	require.True(t, printed, report)
	pin, _, _ = strings.Cut(pin, ",")
	report = examine(pin)
	require.Contains(t, report, "[OK] Encryption: certificate ")
	require.Contains(t, report, pin)
	require.Contains(t, report, "[OK] Login")
	require.Contains(t, examine(strings.Repeat("00", 32)), "somebody may pose as the server")

	b := setup(t, map[string]string{"KINGDEE_BASE_URL": server.URL, "KINGDEE_CERT_SHA256": pin}, nil)
	_, err := b.client.CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.NoError(t, err)

	settings := environment("http://127.0.0.1:1")
	settings["KINGDEE_CERT_SHA256"] = "12:34"
	_, err = load(settings)
	require.ErrorContains(t, err, "KINGDEE_CERT_SHA256: want the 64")
	require.ErrorContains(t, err, "KINGDEE_CERT_SHA256: KINGDEE_BASE_URL is http://")
}

func TestPlainHTTPBeyondThisMachineIsAWarning(t *testing.T) {
	for base, want := range map[string]string{
		"http://erp.invalid": "[WARNING] Encryption: plain HTTP",
		"http://127.0.0.1:1": "[OK] Encryption: none, on this machine",
	} {
		cfg, err := load(environment(base))
		require.NoError(t, err)
		var out bytes.Buffer
		require.ErrorIs(t, kingdeesvc.Examine(t.Context(), cfg, kingdeesvc.ExamineOptions{Language: "en"}, &out),
			kingdeesvc.ErrCheckFailed)
		require.Contains(t, out.String(), want)
	}
}

// The secret was wrong, and a person corrects its file. Accounts lock, so nothing else is tried for half an hour.
func TestAChangedSecretFileIsTriedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("wrong\n"), 0o600))
	b := setup(t, map[string]string{"KINGDEE_APP_SECRET": "", "KINGDEE_APP_SECRET_FILE": file, noWait: "1"},
		func(c *sandbox.Config) { c.Personality.LockAfterFailures = 2 })
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	require.NoError(t, os.WriteFile(file, []byte("sandbox-app-secret\n"), 0o600))
	awaitHealth(t, b.conn, grpc_health_v1.HealthCheckResponse_SERVING)
	require.Equal(t, 2, b.vendor.Calls()["loginbysign"])
}

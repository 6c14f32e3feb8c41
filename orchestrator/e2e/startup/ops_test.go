package startup

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
)

// A probe of Kubernetes got a TLS alert, and a Prometheus on another machine could not be served at all.
func TestProbesAndMetricsAskForNothingUnderMutualTLS(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		authority := issue(t, nil, "ca")
		own := issue(t, &authority, "server")
		r := s.run(t, map[string]string{
			"TLS_CERT_FILE": own.certFile, "TLS_KEY_FILE": own.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Caller{Name: "client", Role: "viewer"}),
			s.ops:               "0.0.0.0:0",
		})
		code, body := ask(t, http.MethodGet, r.ops, "/healthz")
		require.Equal(t, http.StatusOK, code)
		require.JSONEq(t, `{"status":"alive"}`, body)
		require.Contains(t, scrape(t, r.ops), "voidrelay_build_info{")
		// The vendors are away, and so are the adapters; wmssvc has not been asked for anything yet.
		if s.name == "wmssvc" {
			code, body = ask(t, http.MethodGet, r.ops, "/readyz")
			require.Equal(t, http.StatusOK, code)
			require.JSONEq(t, `{"status":"ready","conditions":[]}`, body)
		} else {
			require.Eventually(t, func() bool {
				code, body = ask(t, http.MethodGet, r.ops, "/readyz")
				return code == http.StatusServiceUnavailable
			}, time.Minute, 20*time.Millisecond)
			require.Contains(t, body, `"status":"not ready"`)
		}
		code, body = ask(t, http.MethodHead, r.ops, "/healthz")
		require.Equal(t, http.StatusOK, code)
		require.Empty(t, body)
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			code, _ = ask(t, http.MethodPost, r.ops, path)
			require.Equal(t, http.StatusMethodNotAllowed, code)
		}
		for _, path := range []string{"/", "/debug/pprof/", "/openapi.json", "/v1/schemes"} {
			code, _ = ask(t, http.MethodGet, r.ops, path)
			require.Equal(t, http.StatusNotFound, code, path)
		}
	})
}

// ask makes a request that shows nothing.
func ask(t *testing.T, method, addr, path string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, bytes.NewReader(nil))
	require.NoError(t, err)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// toldLabels are the labels that a scrape may have. Whoever adds one looks at what stands in it: anybody may read it.
var toldLabels = []string{
	"account", "cause", "code", "data_center", "disposition", "error_type", "go_version", "host", "kind", "le",
	"method",
	"outcome", "quantile", "queue", "reason", "revision", "rpc_method", "rpc_response_status_code", "rpc_system_name",
	"scheme", "server_address", "server_port", "service", "setting", "state", "status", "trigger", "version",
}

// Anybody may read what stands there; a caller must not be able to write it, nor a secret get there.
func TestWhatAnybodyMayReadHasNoSecretAndNothingThatCallersWrote(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": accesstest.File(t, lines...)})
		for _, token := range []string{"", "orchestrator-orc", "ZZCX000154-wrong"} {
			conn := dial(t, r.addr, serve.DialOptions{Token: settings.Secret(token)})
			_ = s.call(t.Context(), conn)
			_ = s.broken(t.Context(), conn)
			ctx := metadata.AppendToOutgoingContext(t.Context(), serve.RequestIDKey, "ZZCX000154")
			err := conn.Invoke(ctx, "/"+s.names[0]+"/ZZCX000154", &emptypb.Empty{}, &emptypb.Empty{})
			require.Equal(t, codes.Unimplemented, status.Code(err))
		}
		var text string
		// A call is counted when it is over for the server, a moment after its answer came.
		require.Eventually(t, func() bool {
			text = scrape(t, r.ops)
			return strings.Contains(text, `rpc_response_status_code="UNAUTHENTICATED"`) &&
				strings.Contains(text, `rpc_response_status_code="INVALID_ARGUMENT"`)
		}, time.Minute, 20*time.Millisecond)
		_, standing := ask(t, http.MethodGet, r.ops, "/readyz")
		for _, hidden := range []string{
			"ZZCX000154", "hush-hush", "viewer-viewer-vi", "orchestrator-orc", "wang", "zhao", "sha256",
		} {
			require.NotContains(t, text, hidden)
			require.NotContains(t, standing, hidden)
		}
		for _, labels := range regexp.MustCompile(`(?m)^\w+\{(.*)\} `).FindAllStringSubmatch(text, -1) {
			for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(labels[1], -1) {
				require.True(t, slices.Contains(toldLabels, label[1]), "%s in %s", label[1], labels[0])
			}
		}
	})
}

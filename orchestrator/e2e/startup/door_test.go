package startup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/proto/apierr"
)

// refusedFor is how many logins a service says it refused for a cause.
func refusedFor(t *testing.T, r running, cause string) int {
	t.Helper()
	found := regexp.MustCompile(`voidrelay_logins_refused_total\{cause="` + cause + `"\} (\d+)`).FindStringSubmatch(
		scrape(t, r.ops))
	require.NotNil(t, found)
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return n
}

// always is a client that shows this certificate whoever is asked for; Go's own shows none that would not be taken.
func always(own tls.Certificate, roots *x509.CertPool) *tls.Config {
	return &tls.Config{
		RootCAs: roots, MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil },
	}
}

// A certificate that no authority of ours signed left no trace but a line of a library.
func TestForeignCertificatesAreCountedOverREST(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		if len(s.addrs) == 1 {
			return // it has no REST
		}
		authority := issue(t, nil, "ca")
		own, stranger := issue(t, &authority, "server"), issue(t, nil, "client")
		log := &safeBuffer{}
		r := s.runLogging(t, map[string]string{
			"TLS_CERT_FILE": own.certFile, "TLS_KEY_FILE": own.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Caller{Name: "client", Role: "viewer"}),
		}, telemetry.NewLogger(log, slog.LevelInfo))
		roots := x509.NewCertPool()
		roots.AddCert(authority.certificate)
		for cause, config := range map[string]*tls.Config{
			"foreign_certificate": always(stranger.pair, roots),
			"nothing_shown":       {RootCAs: roots, MinVersion: tls.VersionTLS12},
		} {
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
			_, err := client.Get("https://" + r.rest + "/v1/schemes") //nolint:bodyclose // there is no answer
			require.Error(t, err)
			require.Eventually(t, func() bool { return refusedFor(t, r, cause) == 1 }, time.Minute, 10*time.Millisecond)
			require.Contains(t, log.String(), `"method":"TLS handshake","cause":"`+cause+`"`)
		}
	})
}

func TestATokenIsWantedOfEveryCallButHealth(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops)})
		conn := dial(t, r.addr, serve.DialOptions{})
		for header, known := range map[string]bool{
			"": false, "Bearer 0123456789abcdeX": false, "0123456789abcdef": false, "Basic 0123456789abcdef": false,
			"Bearer 0123456789abcdef": true, "bearer  0123456789abcdef": true,
		} {
			ctx := t.Context()
			if header != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", header)
			}
			err := s.call(ctx, conn)
			require.Equal(t, known, err == nil, "%q: %v", header, err)
			if known {
				continue
			}
			require.Equal(t, codes.Unauthenticated, status.Code(err))
			require.Equal(t, "UNAUTHENTICATED", apierr.Info(err, s.domain).GetReason())
			if stream, err := s.stream(ctx, conn); stream != nil {
				require.NoError(t, err)
				_ = stream.CloseSend()
				require.Equal(t, codes.Unauthenticated, status.Code(stream.RecvMsg(&healthv1.HealthCheckResponse{})))
			}
		}
		reflection, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
		require.NoError(t, err)
		_, err = reflection.Recv()
		require.Equal(t, codes.Unauthenticated, status.Code(err), "reflection too")
		_, err = healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
		require.NoError(t, err, "health is open")
	})
}

// Two thousand wrong tokens were one line that did not say whose machine they came from.
func TestAWrongTokenIsOneLineWithWhereItCameFrom(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		log := &safeBuffer{}
		r, err := s.start(t.Context(),
			s.getenv(s.ready(t, map[string]string{"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops)})),
			telemetry.NewLogger(log, slog.LevelInfo))
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Stop(context.Background())) }()
		conn := dial(t, r.addr, serve.DialOptions{Token: "fedcba9876543210"})
		for range 20 {
			require.Error(t, s.call(t.Context(), conn))
		}
		var told []string
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, `"msg":"a login was refused"`) || strings.Contains(line, `Unauthenticated`) {
				told = append(told, line)
			}
		}
		require.Len(t, told, 1)
		require.Contains(t, told[0], `"from":"127.0.0.1"`)
		require.Contains(t, told[0], `"cause":"wrong_token"`)
		require.NotContains(t, log.String(), "fedcba")
		require.Contains(t, scrape(t, r.ops), `voidrelay_logins_refused_total{cause="wrong_token"} 20`)
		// The rest is told together, by the end at the latest.
		require.NoError(t, r.Stop(t.Context()))
		require.Contains(t, log.String(), `"count":19`)
	})
}

// safeBuffer is what a logger wrote.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestReflectionNamesOurServices(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		reflection, err := reflectionv1.NewServerReflectionClient(dial(t, s.run(t, nil).addr,
			serve.DialOptions{})).ServerReflectionInfo(t.Context())
		require.NoError(t, err)
		require.NoError(t, reflection.Send(&reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
		}))
		answer, err := reflection.Recv()
		require.NoError(t, err)
		var names []string
		for _, found := range answer.GetListServicesResponse().GetService() {
			names = append(names, found.GetName())
		}
		require.Subset(t, names, s.names)
		require.NoError(t, reflection.CloseSend())
	})
}

func TestClientCertificatesAreWanted(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		authority := issue(t, nil, "ca")
		ours, theirs, strangers := issue(t, &authority, "server"), issue(t, &authority, "client"), issue(t,
			nil, "stranger")
		changes := map[string]string{
			"TLS_CERT_FILE": ours.certFile, "TLS_KEY_FILE": ours.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile,
		}
		require.ErrorContains(t, s.load(s.getenv(changes)), "TLS_CLIENT_CA_FILE: set AUTH_CALLERS_FILE")
		changes["AUTH_CALLERS_FILE"] = accesstest.File(t, accesstest.Caller{Name: "client", Role: "viewer"})
		r := s.run(t, changes)
		roots := x509.NewCertPool()
		roots.AddCert(authority.certificate)
		with := func(own ...tls.Certificate) credentials.TransportCredentials {
			return credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: own, MinVersion: tls.VersionTLS12})
		}
		require.NoError(t, s.call(t.Context(), dial(t, r.addr, serve.DialOptions{TLS: with(theirs.pair)})))
		for name, how := range map[string]credentials.TransportCredentials{
			"a stranger": credentials.NewTLS(always(strangers.pair, roots)), "nobody": with(), "plain text": nil,
		} {
			require.Equal(t, codes.Unavailable,
				status.Code(s.call(t.Context(), dial(t, r.addr, serve.DialOptions{TLS: how}))), name)
		}
		// Whoever knocked in vain is counted, a moment after he was refused.
		for _, cause := range []string{"foreign_certificate", "nothing_shown"} {
			counted := func() bool { return refusedFor(t, r, cause) > 0 }
			require.Eventually(t, counted, time.Minute, 10*time.Millisecond, cause)
		}
	})
}

// Not every service had ids of calls, and none took one for streams.
func TestACallHasAnID(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		conn := dial(t, s.run(t, nil).addr, serve.DialOptions{})
		for given, kept := range map[string]bool{
			"ticket-7": true, "": false, strings.Repeat("x", 101): false, "two words": false,
		} {
			ctx := t.Context()
			if given != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, serve.RequestIDKey, given)
			}
			var header metadata.MD
			require.NoError(t, s.call(ctx, conn, grpc.Header(&header)))
			requireID(t, header, given, kept)
			if stream, _ := s.stream(ctx, conn); stream != nil {
				header, err := stream.Header()
				require.NoError(t, err)
				requireID(t, header, given, kept)
				require.NoError(t, stream.CloseSend())
				for err == nil {
					err = stream.RecvMsg(&healthv1.HealthCheckResponse{})
				}
			}
		}
	})
}

func requireID(t *testing.T, header metadata.MD, given string, kept bool) {
	t.Helper()
	got := header.Get(serve.RequestIDKey)
	require.Len(t, got, 1)
	require.NotEmpty(t, got[0])
	require.Equal(t, kept, got[0] == given)
}

func TestARequestThatBreaksARuleIsRefusedWithItsField(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		err := s.broken(t.Context(), dial(t, s.run(t, nil).addr, serve.DialOptions{}))
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
		require.Equal(t, "REQUEST_INVALID", apierr.Info(err, s.domain).GetReason())
		require.Equal(t, s.field, apierr.Info(err, s.domain).GetMetadata()["field"])
	})
}

func TestMetricsTellCallsAndTheProgram(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		r := s.run(t, nil)
		require.NoError(t, s.call(t.Context(), dial(t, r.addr, serve.DialOptions{})))
		for _, want := range []string{
			`voidrelay_build_info{`, `service="` + s.name +
				`"`, "rpc_server_call_duration_seconds_count{", `rpc_method="` +
				s.names[0][:strings.LastIndex(s.names[0], ".")],
			"go_goroutines ", "process_open_fds ",
		} {
			// A call is counted when it is over for the server, a moment after its answer came.
			require.Eventually(t, func() bool { return strings.Contains(scrape(t, r.ops), want) }, time.Minute,
				10*time.Millisecond, want)
		}
	})
}

func scrape(t *testing.T, addr string) string {
	t.Helper()
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + addr + "/metrics")
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	return string(text)
}

package startup

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// within is how long a change may take until a test gives up.
const within = 30 * time.Second

// replace puts another file's content in the place of one, in one step.
func replace(t *testing.T, path, with string) {
	t.Helper()
	content, err := os.ReadFile(with)
	require.NoError(t, err)
	require.NoError(t, os.Rename(file(t, string(content)), path))
}

// told are the kinds and settings that a service tells of its files with its health.
func told(t *testing.T, conn *grpc.ClientConn) []string {
	t.Helper()
	var header metadata.MD
	_, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	require.NoError(t, err)
	var said []struct{ Kind, Reason string }
	for _, text := range header.Get(serve.HealthDetailKey) {
		require.NoError(t, json.Unmarshal([]byte(text), &said))
	}
	var all []string
	for _, one := range said {
		if one.Kind == "file_broken" || one.Kind == "certificate_ending" {
			all = append(all, one.Kind+" "+one.Reason)
		}
	}
	return all
}

// shown is the certificate that a server shows.
func shown(t *testing.T, addr string, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// A certificate counted from one start to the next, and one that was written half way ended the service at the start.
func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		authority := issue(t, nil, "ca")
		first, second := issue(t, &authority, "server"), issueUntil(t, &authority, "server", time.Now().Add(time.Hour))
		r := s.run(t, map[string]string{
			"TLS_CERT_FILE": first.certFile, "TLS_KEY_FILE": first.keyFile,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops),
		})
		roots := x509.NewCertPool()
		roots.AddCert(authority.certificate)
		conn := dial(t, r.addr, serve.DialOptions{
			Token: "0123456789abcdef",
			TLS:   credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}),
		})
		require.NoError(t, s.call(t.Context(), conn))
		isShown := func(addr string, which issued) bool { return shown(t, addr, roots).Equal(which.certificate) }
		require.True(t, isShown(r.addr, first))

		replace(t, first.certFile, second.certFile) // its key is not here yet
		require.Eventually(t, func() bool {
			require.True(t, isShown(r.addr, first), "a certificate is never shown without its key")
			return strings.Contains(scrape(t, r.ops), `voidrelay_file_broken{setting="TLS_CERT_FILE"} 1`)
		}, within, 50*time.Millisecond)
		require.Eventually(t, func() bool {
			return strings.Contains(strings.Join(told(t, conn), ","), "file_broken TLS_CERT_FILE")
		}, within, 50*time.Millisecond)
		require.NoError(t, s.call(t.Context(), conn))

		replace(t, first.keyFile, second.keyFile)
		require.Eventually(t, func() bool { return isShown(r.addr, second) }, within, 50*time.Millisecond)
		if r.rest != "" {
			require.True(t, isShown(r.rest, second), "over REST as well")
		}
		require.NoError(t, s.call(t.Context(), conn), "a connection that is there goes on")
		require.Eventually(t, func() bool {
			return strings.Contains(scrape(t, r.ops), `voidrelay_file_broken{setting="TLS_CERT_FILE"} 0`)
		}, within, 50*time.Millisecond)
		require.Eventually(t, func() bool {
			return strings.Join(told(t, conn), ",") == "certificate_ending TLS_CERT_FILE"
		}, within, 50*time.Millisecond, "it ends within the hour")
		require.Contains(t, scrape(t, r.ops), `voidrelay_certificate_end_timestamp_seconds{setting="TLS_`)
	})
}

// Whom an authority vouched for was let in until a restart, also after the authority was taken out of the file.
func TestAnAuthorityThatIsTakenOutOfTheFileVouchesForNobody(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		ours, lost := issue(t, nil, "ours"), issue(t, nil, "lost")
		server := issue(t, &ours, "server")
		kept, gone := issue(t, &ours, "kept"), issue(t, &lost, "gone")
		both, err := os.ReadFile(ours.certFile)
		require.NoError(t, err)
		more, err := os.ReadFile(lost.certFile)
		require.NoError(t, err)
		authorities := file(t, string(both)+string(more))
		r := s.run(t, map[string]string{
			"TLS_CERT_FILE": server.certFile, "TLS_KEY_FILE": server.keyFile, "TLS_CLIENT_CA_FILE": authorities,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Caller{Name: "kept", Role: "viewer"},
				accesstest.Caller{Name: "gone", Role: "viewer"}),
		})
		roots := x509.NewCertPool()
		roots.AddCert(ours.certificate)
		with := func(one issued) *grpc.ClientConn {
			return dial(t, r.addr, serve.DialOptions{TLS: credentials.NewTLS(&tls.Config{
				RootCAs: roots, Certificates: []tls.Certificate{one.pair}, MinVersion: tls.VersionTLS12,
			})})
		}
		staying, leaving := with(kept), with(gone)
		require.NoError(t, s.call(t.Context(), staying))
		require.NoError(t, s.call(t.Context(), leaving))
		replace(t, authorities, ours.certFile)
		require.Eventually(t, func() bool {
			return status.Code(s.call(t.Context(), leaving)) == codes.Unauthenticated
		}, within, 50*time.Millisecond, "on the connection that it has")
		require.Equal(t, codes.Unavailable, status.Code(s.call(t.Context(), with(gone))), "no handshake")
		require.NoError(t, s.call(t.Context(), staying))
		require.NoError(t, s.call(t.Context(), with(kept)))
	})
}

// A secret that cannot be read any more ended nothing and was told by nobody.
func TestASecretThatIsGoneIsToldUntilItIsBack(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		secret := file(t, "hush-hush\n")
		changes := map[string]string{s.secret: "", s.secret + "_FILE": secret}
		log := &safeBuffer{}
		r := s.runLogging(t, changes, telemetry.NewLogger(log, slog.LevelInfo))
		conn := dial(t, r.addr, serve.DialOptions{})
		require.NoError(t, os.Rename(secret, secret+".away"))
		want := "file_broken " + s.secret + "_FILE"
		require.Eventually(t, func() bool { return strings.Join(told(t, conn), ",") == want }, within,
			50*time.Millisecond)
		require.NoError(t, os.Rename(secret+".away", secret))
		require.Eventually(t, func() bool { return len(told(t, conn)) == 0 }, within, 50*time.Millisecond)
		require.NotContains(t, log.String(), "hush-hush")
		require.Contains(t, log.String(), "a file cannot be used")
		require.Contains(t, log.String(), "a file was read anew")
	})
}

func TestTheLogTellsWhoWasAddedAndWhoWasTakenOut(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		li := accesstest.Caller{Name: "li", Role: "viewer", Token: "0123456789abcdefl"}
		wang := accesstest.Caller{Name: "wang", Role: "operator", Token: "fedcba9876543210"}
		path := accesstest.File(t, accesstest.Ops, li)
		log := &safeBuffer{}
		s.runLogging(t, map[string]string{"AUTH_CALLERS_FILE": path}, telemetry.NewLogger(log, slog.LevelInfo))
		replace(t, path, accesstest.File(t, wang, accesstest.Ops))
		require.Eventually(t, func() bool {
			return strings.Contains(log.String(),
				`"a caller was added to AUTH_CALLERS_FILE","caller":"wang","line":"wang operator `) &&
				strings.Contains(log.String(),
					`"a caller was taken out of AUTH_CALLERS_FILE","caller":"li","line":"li viewer `)
		}, within, 20*time.Millisecond)
		require.Equal(t, 2, strings.Count(log.String(), "AUTH_CALLERS_FILE\",\"caller"), "who stayed is not told of")
		require.NotContains(t, log.String(), wang.Token)
	})
}

package startup

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"os"
	"path/filepath"
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
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// printed are the settings that `voidrelay init certs` prints for each service.
func printed(t *testing.T, out string) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	name := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if of, found := strings.CutPrefix(line, "# "); found {
			name = of
			all[name] = map[string]string{}
		} else if setting, value, found := strings.Cut(line, "="); found && name != "" {
			all[name][setting] = value
		}
	}
	require.Len(t, all, 3)
	return all
}

// process starts a program that is one of the services and answers where it listens.
func process(t *testing.T, s service, env map[string]string) (addr string) {
	t.Helper()
	cmd := program(t, s.name, env)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := &log{lines: bufio.NewScanner(stderr)}
	lines.until(t, s.name+" listens")
	addr = firstAddr(t, lines)
	var rest sync.WaitGroup
	rest.Go(func() { _, _ = io.Copy(io.Discard, stderr) }) // it must not stand still because nobody reads
	t.Cleanup(func() {                                     // the end of the test's context has killed it
		rest.Wait()
		_ = cmd.Wait()
	})
	return addr
}

// Three processes that know one another by certificates of `init certs` as it printed their settings; renewing them
// while they run ends no call, and the new ones are shown within seconds.
func TestCertificatesOfInitCertsServeAllThreeAndAreRenewedWhileTheyRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "certs")
	code, out, complaint := run(t,
		program(t, "voidrelay", nil, "init", "certs", "--dir", dir, "--host", "wms.internal"))
	require.Zero(t, code, complaint)
	settings := printed(t, out)
	for _, name := range []string{"authority.key", "kingdeesvc.key", "wmssvc.key", "orchestrator.key", "callers"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	code, _, complaint = run(t, program(t, "voidrelay", nil, "init", "certs", "--dir", dir))
	require.Equal(t, 1, code)
	require.Contains(t, complaint, "nothing is overwritten")

	targets := map[string]string{}
	for _, s := range services {
		env := s.ready(t, settings[s.name])
		if s.name == "orchestrator" {
			delete(env, "ADAPTER_TOKEN")
			maps.Copy(env, map[string]string{
				"KINGDEESVC_TARGET": targets["kingdeesvc"], "WMSSVC_TARGET": targets["wmssvc"],
			})
		}
		targets[s.name] = process(t, s, env)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "authority.crt"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	as := func(name string) credentials.TransportCredentials {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
		require.NoError(t, err)
		return credentials.NewTLS(&tls.Config{
			RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		})
	}
	conn := dial(t, targets["kingdeesvc"], serve.DialOptions{TLS: as("orchestrator")})
	call := func() error {
		_, err := kingdeev1.NewBillServiceClient(conn).CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
		return answered(err, "kingdee")
	}
	require.NoError(t, call())
	asked := dial(t, targets["orchestrator"], serve.DialOptions{TLS: as("orchestrator")})
	conditions := func() string {
		var header metadata.MD
		_, err := healthv1.NewHealthClient(asked).Check(t.Context(), &healthv1.HealthCheckRequest{},
			grpc.Header(&header))
		require.NoError(t, err)
		return strings.Join(header.Get(serve.HealthDetailKey), "")
	}
	require.Eventually(t, func() bool { return strings.Contains(conditions(), "kingdee_away") }, 2*time.Minute,
		100*time.Millisecond, "the orchestrator asks kingdeesvc, whose vendor is not there in this test")
	require.NotContains(t, conditions(), "adapter_away")
	other := dial(t, targets["kingdeesvc"], serve.DialOptions{TLS: as("wmssvc")})
	_, err = kingdeev1.NewBillServiceClient(other).CheckConnection(t.Context(), &kingdeev1.CheckConnectionRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "the authority alone lets nobody in")

	before := shownWith(t, targets["wmssvc"], roots, filepath.Join(dir, "orchestrator"))
	require.Equal(t, "wmssvc", before.DNSNames[0])
	require.Contains(t, before.DNSNames, "wms.internal")
	code, out, complaint = run(t, program(t, "voidrelay", nil, "cert", "renew", "--dir", dir))
	require.Zero(t, code, complaint)
	require.Contains(t, out, time.Now().AddDate(1, 0, 0).Format("2006"))
	require.Eventually(t, func() bool {
		require.NoError(t, call(), "calls go on")
		after := shownWith(t, targets["wmssvc"], roots, filepath.Join(dir, "orchestrator"))
		return !after.Equal(before) && after.DNSNames[0] == "wmssvc"
	}, within, 100*time.Millisecond)
	require.NotContains(t, conditions(), "adapter_away")
	fresh := dial(t, targets["kingdeesvc"], serve.DialOptions{TLS: as("orchestrator")})
	_, err = healthv1.NewHealthClient(fresh).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	code, _, complaint = run(t, program(t, "voidrelay", nil, "cert", "renew", "--dir", dir, "--authority"))
	require.Zero(t, code, complaint)
	require.NoError(t, call())
	shownWith(t, targets["wmssvc"], roots, filepath.Join(dir, "orchestrator")) // by the authority of before
}

// shownWith is the certificate that a server shows who shows it this one.
func shownWith(t *testing.T, addr string, roots *x509.CertPool, own string) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(own+".crt", own+".key")
	require.NoError(t, err)
	dialer := tls.Dialer{Config: &tls.Config{
		RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{pair},
	}}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

package kingdeesvc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
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
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

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

func TestStopMayBeCalledByManyAndAgain(t *testing.T) {
	for range 5 {
		server, err := kingdeesvc.Start(t.Context(), nowhere(t, nil), quiet())
		require.NoError(t, err)
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() { server.Stop(context.Background()) })
		}
		callers.Wait()
		server.Stop(context.Background())
		require.NoError(t, server.Wait())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- kingdeesvc.Run(ctx, nowhere(t, nil), quiet()) }()
	cancel()
	require.NoError(t, <-ended)
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	_, err = kingdeesvc.Start(t.Context(), nowhere(t, map[string]string{"KINGDEESVC_ADDR": taken.Addr().String()}), quiet())
	require.ErrorContains(t, err, "listen")
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
	b.server.Stop(expired)
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
	got, err := kingdeesvc.Check(t.Context(), cfg, quiet())
	require.NoError(t, err)
	require.Equal(t, sandbox.DefaultAcctID, got.GetAccount().GetDataCenterId())
}

func TestReflectionListsTheService(t *testing.T) {
	b := setup(t, nil, nil)
	stream, err := grpc_reflection_v1.NewServerReflectionClient(b.conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
	}))
	got, err := stream.Recv()
	require.NoError(t, err)
	var names []string
	for _, service := range got.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	require.Contains(t, names, "kingdee.v1.BillService")
	require.NoError(t, stream.CloseSend())
}

func TestTokensAreWantedOfEveryCallButHealth(t *testing.T) {
	b := setup(t, map[string]string{"AUTH_TOKENS_FILE": tokensFile(t, "# for tests\norchestrator: 0123456789abcdef\n")}, nil)
	for header, ok := range map[string]bool{
		"": false, "Bearer 0123456789abcdef": true, "bearer 0123456789abcdef": true, "Bearer 0123456789abcdeX": false, "0123456789abcdef": false, "Basic 0123456789abcdef": false,
	} {
		ctx := t.Context()
		if header != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", header)
		}
		_, err := b.client.CheckConnection(ctx, &kingdeev1.CheckConnectionRequest{})
		if ok {
			require.NoError(t, err)
		} else {
			requireError(t, err, codes.Unauthenticated, kingdeev1.ErrorReason_ERROR_REASON_UNAUTHENTICATED)
		}
	}
	_, err := grpc_reflection_v1.NewServerReflectionClient(b.conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err, "a stream opens before it is refused")
	_, err = grpc_health_v1.NewHealthClient(b.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	require.NoError(t, err)
}

func TestClientCertificatesAreWanted(t *testing.T) {
	authority := issue(t, nil, "ca")
	ours, theirs, strangers := issue(t, &authority, "server"), issue(t, &authority, "client"), issue(t, nil, "stranger")
	server, err := kingdeesvc.Start(t.Context(), nowhere(t, map[string]string{
		"TLS_CERT_FILE": ours.certFile, "TLS_KEY_FILE": ours.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile, "KINGDEESVC_ADDR": "0.0.0.0:0",
	}), quiet())
	require.NoError(t, err)
	defer server.Stop(context.Background())
	_, port, err := net.SplitHostPort(server.Addr())
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(authority.certificate)
	for name, c := range map[string]struct {
		how  credentials.TransportCredentials
		want codes.Code
	}{
		"known":    {credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{theirs.pair}, MinVersion: tls.VersionTLS12}), codes.OK},
		"stranger": {credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{strangers.pair}, MinVersion: tls.VersionTLS12}), codes.Unavailable},
		"none":     {credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}), codes.Unavailable},
		"plain":    {insecure.NewCredentials(), codes.Unavailable},
	} {
		conn, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(c.how))
		require.NoError(t, err)
		_, err = grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		require.Equal(t, c.want, status.Code(err), "%s: %v", name, err)
		require.NoError(t, conn.Close())
	}
}

type issued struct {
	certificate       *x509.Certificate
	key               *ecdsa.PrivateKey
	pair              tls.Certificate
	certFile, keyFile string
}

// issue makes a certificate, signed by an authority or by itself.
func issue(t *testing.T, by *issued, name string) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: by == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	out := issued{key: key, certFile: filepath.Join(t.TempDir(), "cert.pem"), keyFile: filepath.Join(t.TempDir(), "key.pem")}
	out.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	require.NoError(t, os.WriteFile(out.certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(out.keyFile, keyPEM, 0o600))
	out.pair, err = tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	return out
}

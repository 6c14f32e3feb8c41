package wmssvc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

func TestTokensAreWantedOnUnaryCallsAndStreams(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	cfg := configFor(wms.URL)
	cfg.TokensFile = file(t, "orchestrator:0123456789abcdef\n")
	server, client := start(t, cfg)
	require.NotNil(t, server)

	refused := func(ctx context.Context) {
		_, err := client.CancelOrder(ctx, &wmsv1.CancelOrderRequest{Order: order(1)})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.True(t, apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED))
		stream, err := client.CancelOrders(ctx)
		require.NoError(t, err)
		_, err = stream.Recv()
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	}
	refused(t.Context())
	refused(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer 0123456789abcdeF"))
	refused(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Basic 0123456789abcdef"))
	require.Empty(t, wms.seen())

	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer 0123456789abcdef")
	_, err := client.CancelOrder(ctx, &wmsv1.CancelOrderRequest{Order: order(1)})
	require.NoError(t, err)
	open(t, ctx, client)
}

func TestHealthAndReflection(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	server, _ := start(t, configFor(wms.URL))
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	for _, service := range []string{"", "wms.v1.OrderService"} {
		response, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{Service: service})
		require.NoError(t, err)
		require.Equal(t, healthv1.HealthCheckResponse_SERVING, response.GetStatus())
	}
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	}))
	response, err := stream.Recv()
	require.NoError(t, err)
	var names []string
	for _, service := range response.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	require.Contains(t, names, "wms.v1.OrderService")
	require.NoError(t, stream.CloseSend())
}

// Whoever watches our health would otherwise hold up every stop for as long as it may take.
func TestAHealthWatchDoesNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	server, _ := start(t, configFor(wms.URL))
	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	watch, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	status, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, status.GetStatus())

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, server.Stop(ctx))
	require.NoError(t, ctx.Err())
	status, err = watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, status.GetStatus())
}

func TestCallersWithoutACertificateAreTurnedAway(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pair := certificate(t)
	wms := newVendor(t, always(answerDone))
	cfg := configFor(wms.URL)
	cfg.CertFile, cfg.KeyFile, cfg.ClientCAFile = certFile, keyFile, certFile
	server, _ := start(t, cfg)

	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	call := func(credentials credentials.TransportCredentials) error {
		conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(credentials))
		require.NoError(t, err)
		defer conn.Close()
		_, err = wmsv1.NewOrderServiceClient(conn).CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: order(1)})
		return err
	}
	require.Error(t, call(insecure.NewCredentials()))
	require.Error(t, call(credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})))
	require.Empty(t, wms.seen())
	require.NoError(t, call(credentials.NewTLS(&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})))
}

// certificate makes one that signs itself, for 127.0.0.1, for servers and clients alike.
func certificate(t *testing.T) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	pair, err = tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(t, err)
	pair.Leaf, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return file(t, string(certPEM)), file(t, string(keyPEM)), pair
}

// bundleOf writes a file with these certificates.
func bundleOf(t *testing.T, pairs ...tls.Certificate) string {
	t.Helper()
	var bundle []byte
	for _, pair := range pairs {
		bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Leaf.Raw})...)
	}
	return file(t, string(bundle))
}

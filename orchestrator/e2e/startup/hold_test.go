package startup

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/serve"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// streams opens what a service keeps open for as long as its caller wants, and answers how each one ends.
func streams(t *testing.T, s service, conn *grpc.ClientConn) map[string]func() error {
	t.Helper()
	reflection, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, reflection.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	}))
	_, err = reflection.Recv()
	require.NoError(t, err)
	health, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	ends := map[string]func() error{
		"reflection": func() error { _, err := reflection.Recv(); return err },
		"health":     func() error { return endOf(health) },
	}
	switch s.name {
	case "wmssvc":
		orders, err := wmsv1.NewOrderServiceClient(conn).CancelOrders(t.Context())
		require.NoError(t, err)
		_, err = orders.Recv()
		require.NoError(t, err)
		ends["orders"] = func() error { _, err := orders.Recv(); return err }
	case "orchestrator":
		events, err := orchestratorv1.NewEventServiceClient(conn).WatchEvents(t.Context(),
			&orchestratorv1.WatchEventsRequest{})
		require.NoError(t, err)
		_, err = events.Header()
		require.NoError(t, err)
		ends["events"] = func() error {
			for {
				if _, err := events.Recv(); err != nil {
					return err
				}
			}
		}
	}
	return ends
}

// endOf is how a watch of health ends.
func endOf(stream healthv1.Health_WatchClient) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
}

// A stream that was open when its token was revoked went on until its caller ended it.
func TestAnOpenStreamEndsWhenItsCallerIsRevoked(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		const token = "0123456789abcdef"
		path := accesstest.File(t, accesstest.Caller{Name: "orchestrator", Role: "viewer", Token: token})
		r := s.run(t, map[string]string{"AUTH_CALLERS_FILE": path})
		conn := dial(t, r.addr, serve.DialOptions{Token: token})
		ends := streams(t, s, conn)
		nobodys, err := healthv1.NewHealthClient(dial(t, r.addr, serve.DialOptions{})).Watch(t.Context(),
			&healthv1.HealthCheckRequest{})
		require.NoError(t, err)
		_, err = nobodys.Recv()
		require.NoError(t, err)
		replace(t, path, accesstest.File(t, accesstest.Caller{Name: "li", Role: "viewer", Token: "fedcba9876543210"}))
		for name, end := range ends {
			require.Equal(t, codes.Unauthenticated, status.Code(end()), name)
		}
		require.NoError(t, r.Stop(t.Context()))
		require.NotEqual(t, codes.Unauthenticated, status.Code(endOf(nobodys)), "it ends with the service")
	})
}

func TestAnOpenStreamEndsWithItsCertificate(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		authority := issue(t, nil, "ca")
		server := issue(t, &authority, "server")
		r := s.run(t, map[string]string{
			"TLS_CERT_FILE": server.certFile, "TLS_KEY_FILE": server.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Caller{Name: "orchestrator", Role: "viewer"}),
		})
		roots := x509.NewCertPool()
		roots.AddCert(authority.certificate)
		caller := issueUntil(t, &authority, "orchestrator", time.Now().Add(10*time.Second))
		conn := dial(t, r.addr, serve.DialOptions{TLS: credentials.NewTLS(&tls.Config{
			RootCAs: roots, Certificates: []tls.Certificate{caller.pair}, MinVersion: tls.VersionTLS12,
		})})
		for name, end := range streams(t, s, conn) {
			require.Equal(t, codes.Unauthenticated, status.Code(end()), name)
		}
	})
}

// The certificate that a caller had shown came to its end, and a renewed one lay ready: its connection stayed for up to
// an hour, and each call on it was refused.
func TestARenewedCertificateIsShownOnceTheFormerOneHasEnded(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		authority := issue(t, nil, "ca")
		server := issue(t, &authority, "server")
		r := s.run(t, map[string]string{
			"TLS_CERT_FILE": server.certFile, "TLS_KEY_FILE": server.keyFile, "TLS_CLIENT_CA_FILE": authority.certFile,
			"AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Caller{Name: "orchestrator", Role: "viewer"}),
		})
		roots := x509.NewCertPool()
		roots.AddCert(authority.certificate)
		former := issueUntil(t, &authority, "orchestrator", time.Now().Add(10*time.Second))
		renewed := issue(t, &authority, "orchestrator")
		var shown atomic.Pointer[tls.Certificate]
		shown.Store(&former.pair)
		conn := dial(t, r.addr, serve.DialOptions{TLS: credentials.NewTLS(&tls.Config{
			RootCAs: roots, MinVersion: tls.VersionTLS12,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return shown.Load(), nil
			},
		})})
		ask := func() codes.Code {
			stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
			require.NoError(t, err)
			require.NoError(t, stream.CloseSend())
			_, err = stream.Recv()
			if errors.Is(err, io.EOF) {
				return codes.OK
			}
			return status.Code(err)
		}
		require.Equal(t, codes.OK, ask())
		shown.Store(&renewed.pair)
		require.Eventually(t, func() bool { return ask() == codes.Unauthenticated }, time.Minute, 50*time.Millisecond,
			"the former one is at its end")
		require.Eventually(t, func() bool { return ask() == codes.OK }, time.Minute, 50*time.Millisecond,
			"the renewed one is shown")
	})
}

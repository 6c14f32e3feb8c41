package wmssvc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// secured answers the address of a WMS with a certificate that signs itself, and the file of that certificate.
func secured(t *testing.T) (address, caFile string) {
	t.Helper()
	certFile, _, pair := certificate(t)
	server := httptest.NewUnstartedServer(always(answerDone))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/x", certFile
}

// The failure: a private installation signs its own certificate, and the only way out would be plain HTTP.
func TestCertificatesOfPrivateInstallations(t *testing.T) {
	t.Parallel()
	address, caFile := secured(t)
	_, client := start(t, configFor(address))
	result := cancelOne(t, client, order(1))
	requireNotSent(t, result)
	require.Contains(t, result.GetDetail(), "certificate")

	cfg, err := wmssvc.LoadConfig(
		env(with(map[string]string{"WMS_URL": address, "WMS_CA_FILE": caFile, "WMSSVC_ADDR": "127.0.0.1:0"})),
	)
	require.NoError(t, err)
	_, client = start(t, cfg)
	require.Equal(t, done, cancelOne(t, client, order(1)).GetDisposition())

	content, err := os.ReadFile(caFile)
	require.NoError(t, err)
	accounts := accountsIn(t, "accounts:\n  - {name: default, url: '"+address+
		"', sid: s, app_key_file: k, app_secret_file: k, ca_file: ca.pem}\n",
		map[string]string{"k": "k", "ca.pem": string(content)})
	cfg, err = wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": accounts, "WMSSVC_ADDR": "127.0.0.1:0"}))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(filepath.Dir(accounts), "ca.pem"), cfg.Accounts[0].CAFile)
	_, client = start(t, cfg)
	require.Equal(t, done, cancelOne(t, client, order(1)).GetDisposition())
}

// A certificate may be named by its SHA-256, in the environment and in the accounts file; check prints it.
func TestACertificateNamedByItsSHA256(t *testing.T) {
	t.Parallel()
	certFile, _, pair := certificate(t)
	server := httptest.NewUnstartedServer(always(answerDone))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	sum := sha256.Sum256(pair.Leaf.Raw)
	pin, address := hex.EncodeToString(sum[:]), strings.Replace(server.URL, "127.0.0.1", "localhost", 1)+"/x"

	settings := func(pin string) map[string]string {
		return with(map[string]string{"WMS_URL": address, "WMS_CERT_SHA256": pin, "WMSSVC_ADDR": "127.0.0.1:0"})
	}
	cfg, err := wmssvc.LoadConfig(env(settings(strings.ToUpper(pin))))
	require.NoError(t, err)
	_, client := start(t, cfg)
	require.Equal(t, done, cancelOne(t, client, order(1)).GetDisposition(), "although it does not hold this name")
	var out bytes.Buffer
	require.NoError(t, wmssvc.Check(t.Context(), cfg, &out))
	require.Contains(t, out.String(), "SHA-256 "+pin)

	other := strings.Repeat("ab", 32)
	cfg, err = wmssvc.LoadConfig(env(settings(other)))
	require.NoError(t, err)
	_, client = start(t, cfg)
	result := cancelOne(t, client, order(1))
	requireNotSent(t, result)
	require.Contains(t, result.GetDetail(), pin)
	out.Reset()
	require.Error(t, wmssvc.Check(t.Context(), cfg, &out))
	require.Contains(t, out.String(), "certificate not accepted 证书不被接受\n          SHA-256 "+pin)

	accounts := accountsIn(t, "accounts:\n  - {name: default, url: '"+address+
		"', sid: s, app_key_file: k, app_secret_file: k, cert_sha256: '"+other+","+pin+"'}\n",
		map[string]string{"k": "k"})
	cfg, err = wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": accounts, "WMSSVC_ADDR": "127.0.0.1:0"}))
	require.NoError(t, err)
	_, client = start(t, cfg)
	require.Equal(t, done, cancelOne(t, client, order(1)).GetDisposition())

	for says, c := range map[string]map[string]string{
		`WMS_CERT_SHA256: "12" is not the SHA-256 of a certificate`: settings("12"),
		"WMS_CERT_SHA256: the address is not an https one": with(map[string]string{
			"WMS_URL": "http://wms.example", "WMS_CERT_SHA256": pin,
		}),
		"WMS_CERT_SHA256: WMS_CA_FILE names whom to trust already": with(map[string]string{
			"WMS_URL": address, "WMS_CERT_SHA256": pin, "WMS_CA_FILE": certFile,
		}),
	} {
		_, err := wmssvc.LoadConfig(env(c))
		require.ErrorContains(t, err, says)
	}
}

// Plain HTTP to another machine is a warning, to this one it is none.
func TestPlainHTTPBeyondThisMachineIsAWarning(t *testing.T) {
	t.Parallel()
	for url, warned := range map[string]bool{
		"http://wms.invalid/x": true, "http://127.0.0.1:1/x": false,
		"http://localhost:1/x": false, "https://wms.invalid/x": false,
	} {
		cfg := configFor(url)
		log := &lockedBuffer{}
		server, err := wmssvc.Start(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)))
		require.NoError(t, err)
		require.NoError(t, server.Stop(context.Background()))
		require.Equal(t, warned, strings.Contains(log.String(), "level=WARN msg=\"plain HTTP"), url)
		var out bytes.Buffer
		require.Error(t, wmssvc.Check(t.Context(), cfg, &out))
		require.Equal(t, warned, strings.Contains(out.String(), "warning: orders, key"), url)
	}
}

func TestCAFileProblems(t *testing.T) {
	t.Parallel()
	_, caFile := secured(t)
	for name, c := range map[string]struct{ url, caFile, says string }{
		"not there": {"https://wms.example", "/nowhere/at/all", "WMS_CA_FILE: open"},
		"no certificate in it": {
			"https://wms.example", file(t, "-----BEGIN NOTHING-----"), "holds no certificate",
		},
		"an address that is not TLS": {"http://wms.example", caFile, "WMS_CA_FILE: the address is not an https one"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wmssvc.LoadConfig(env(with(map[string]string{"WMS_URL": c.url, "WMS_CA_FILE": c.caFile})))
			require.ErrorContains(t, err, c.says)
		})
	}
	for _, port := range []string{"0", "65536", "99999999999999999999", ""} {
		_, err := wmssvc.LoadConfig(env(with(map[string]string{"WMS_URL": "https://wms.example:" + port + "/x"})))
		require.ErrorContains(t, err, "is not between 1 and 65535")
	}
}

// The failures: connections grow with the number of warehouses, or outlive the service.
func TestConnectionsUnderManyWarehousesAndAfterTheStop(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	states := map[net.Conn]http.ConnState{}
	var inFlight, most atomic.Int64
	wms := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := inFlight.Add(1)
		defer inFlight.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, answerDone)
	}))
	wms.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		states[conn] = state
	}
	wms.Start()
	t.Cleanup(wms.Close)
	cfg := configFor(wms.URL + "/x")
	unlimited, five := 0.0, 5
	cfg.Accounts[0].Rate, cfg.Accounts[0].Concurrency = &unlimited, &five
	server, client := start(t, cfg)

	var callers sync.WaitGroup
	var refused atomic.Int64
	for worker := range 40 {
		callers.Go(func() {
			for i := range 25 {
				response, err := client.CancelOrder(t.Context(),
					&wmsv1.CancelOrderRequest{Order: order(int64(worker*25+i+1), func(o *wmsv1.Order) {
						o.WarehouseCode = fmt.Sprintf("CK%03d", worker*25+i)
					})})
				if err != nil || response.GetResult().GetDisposition() != done {
					refused.Add(1)
				}
			}
		})
	}
	callers.Wait()
	require.Zero(t, refused.Load())
	require.LessOrEqual(t, most.Load(), int64(five))
	mu.Lock()
	opened := len(states)
	mu.Unlock()
	require.LessOrEqual(t, opened, five, "a thousand warehouses share the account's connections")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, server.Stop(ctx))
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, state := range states {
			if state != http.StateClosed {
				return false
			}
		}
		return true
	}, 10*time.Second, 5*time.Millisecond, "connections that outlive the service")
}

// The failure: an order so long that the WMS answers before it is read, and the answer is taken as "nothing left".
func TestRefusedInTheMiddleIsNotNotSent(t *testing.T) {
	t.Parallel()
	wms := newRude(t, known(func(conn *net.TCPConn) {
		_, _ = io.CopyN(io.Discard, conn, 100)
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		reset(conn)
	}))
	_, client := start(t, configFor("http://"+wms.host()+"/x"))
	requireUnknown(t, cancelOne(t, client, order(1, func(o *wmsv1.Order) {
		o.ExtendProps = map[string]string{"k": strings.Repeat("x", 900_000)}
	})))
}

package wmssvc_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

const (
	answerDone = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" +
		"<response><flag>success</flag><code>0</code><message>旺店通WMS返回：取消成功</message></response>\r\n"
	answerNotFound = "<response><flag>failure</flag><code>1</code><message>旺店通WMS返回：单据不存在</message></response>"
)

// vendor is a WMS that answers as the test says and remembers what it was asked.
type vendor struct {
	*httptest.Server
	// answer is what a test sets instead of a handler where the answer depends on the request's body.
	answer   func(w http.ResponseWriter, body string)
	mu       sync.Mutex
	requests []seen
}

type seen struct {
	header http.Header
	query  map[string][]string
	body   string
}

func (v *vendor) seen() []seen {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]seen(nil), v.requests...)
}

// newVendor starts a WMS. The harmless check call is answered by itself, as not found and by a sandbox, and
// not counted.
func newVendor(t *testing.T, answer http.HandlerFunc) *vendor {
	t.Helper()
	v := &vendor{}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Voidrelay-Sandbox", "test")
		if isProbe(string(body)) {
			_, _ = io.WriteString(w, answerNotFound)
			return
		}
		v.mu.Lock()
		v.requests = append(v.requests, seen{header: r.Header, query: r.URL.Query(), body: string(body)})
		v.mu.Unlock()
		if v.answer != nil {
			v.answer(w, string(body))
			return
		}
		answer(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func isProbe(body string) bool {
	return strings.Contains(body, "VOIDRELAY-CHECK-0")
}

func always(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func configFor(url string) wmssvc.Config {
	return wmssvc.Config{
		Addr: "127.0.0.1:0",
		Accounts: []wmssvc.Account{{
			Name: wmssvc.DefaultAccount, URL: url, SID: "testsid", AppKey: "testappkey", AppSecret: "testsecret",
			Timeout: 10 * time.Second,
		}},
	}
}

// start runs a server to the end of the test and answers it with a client.
func start(t *testing.T, cfg wmssvc.Config) (*wmssvc.Server, wmsv1.OrderServiceClient) {
	t.Helper()
	server, err := wmssvc.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
		require.NoError(t, server.Wait())
	})
	return server, dial(t, server.Addr())
}

func dial(t *testing.T, addr string) wmsv1.OrderServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return wmsv1.NewOrderServiceClient(conn)
}

// order is a valid item; the changes say what the test is about.
func order(id int64, changes ...func(*wmsv1.Order)) *wmsv1.Order {
	o := &wmsv1.Order{
		WarehouseCode: "CK001", OrderCode: "ZZCX000123", OrderType: "QTRK", CancelReason: "金蝶作废",
		CancellationId: id, Attempt: 1, SendBefore: timestamppb.New(time.Now().Add(time.Minute)),
	}
	for _, change := range changes {
		change(o)
	}
	return o
}

func cancelOne(t *testing.T, client wmsv1.OrderServiceClient, o *wmsv1.Order) *wmsv1.CancelResult {
	t.Helper()
	response, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: o})
	require.NoError(t, err)
	return response.GetResult()
}

// newRealVendor answers like a server that is none of our sandboxes.
func newRealVendor(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(always(answerNotFound))
	t.Cleanup(server.Close)
	return server.URL
}

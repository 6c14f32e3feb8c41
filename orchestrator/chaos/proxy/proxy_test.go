package proxy_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/chaos/proxy"
)

// behind starts a proxy before a vendor that says "yes", ends "/drop" without an answer and "/cut" in the middle.
func behind(t *testing.T) (p *proxy.Proxy, reached *atomic.Int64) {
	t.Helper()
	reached = new(atomic.Int64)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path == "/drop" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Vendor", "it")
		if r.URL.Path == "/cut" {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			_ = conn.(*net.TCPConn).Close() //nolint:forcetypeassert // a plain server has no other
			return
		}
		_, _ = io.WriteString(w, "yes "+string(body))
	}))
	t.Cleanup(vendor.Close)
	p, err := proxy.Start(t.Context(), vendor.URL+"/ignored")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p, reached
}

func post(t *testing.T, p *proxy.Proxy, path string) (status int, body string, header http.Header, err error) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.Address()+path,
		strings.NewReader("please"))
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), response.Header, err
}

func TestItPassesOnWhatTheVendorDoes(t *testing.T) {
	p, reached := behind(t)
	status, body, header, err := post(t, p, "/cancel")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "yes please", body)
	require.Equal(t, "it", header.Get("X-Vendor"))

	_, _, _, err = post(t, p, "/drop")
	require.Error(t, err, "no answer is no answer, and not a 502")
	status, body, _, err = post(t, p, "/cut")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "half", body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualValues(t, 3, reached.Load())
	require.Zero(t, p.Answered())
}

func TestNothingReachesTheVendorWhileItAnswers(t *testing.T) {
	p, reached := behind(t)
	for answer, want := range map[proxy.Answer]int{
		proxy.BadGateway: http.StatusBadGateway, proxy.Page: http.StatusOK, proxy.Redirect: http.StatusFound,
	} {
		p.AnswerFor(answer)
		status, _, header, err := post(t, p, "/cancel")
		require.NoError(t, err)
		require.Equal(t, want, status)
		require.Empty(t, header.Get("X-Vendor"))
		require.Equal(t, want == http.StatusFound, header.Get("Location") != "")
	}
	require.Zero(t, reached.Load())
	require.Equal(t, 3, p.Answered())
	p.StepAside()
	_, body, _, err := post(t, p, "/cancel")
	require.NoError(t, err)
	require.Equal(t, "yes please", body)
}

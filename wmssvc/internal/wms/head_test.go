package wms

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainHeads(t *testing.T) {
	t.Parallel()
	const usual = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nDate:  Mon, 06 May 2024 07:08:09 GMT \r\n" +
		"X-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\n"
	for raw, plain := range map[string]bool{
		usual + "hello":                        true,
		usual:                                  true, // the body may come later
		usual[:len(usual)-1]:                   false,
		"HTTP/1.1 200 OK\r\n\r\n":              false,
		"HTTP/1.1 200 OK\r\nServer: a\r\n\r\n": false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n":             false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n":    false,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n":             false,
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n":                                 false,
		"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n":                            false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nPragma: no-cache\r\n\r\n":              false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX:\r\n folded\r\n\r\n":                 false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: a\nY: b\r\n\r\n":                    false,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nno colon\r\n\r\n":                      false,
		"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n":                                 false,
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n":                                  false,
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n":                           false,
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n": false,
	} {
		require.Equal(t, plain, agrees(t, raw), raw)
	}
}

func FuzzPlainHead(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\nx: 2\r\n\r\nhello")
	f.Add("HTTP/1.1 200 OK\r\nServer: nginx\r\nKeep-Alive: timeout=5\r\nContent-Length: 05\r\n\r\nhello")
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) { agrees(t, raw) })
}

// agrees says whether the head is plain, and requires that net/http then reads the same.
func agrees(t *testing.T, raw string) bool {
	t.Helper()
	reader := bufio.NewReader(strings.NewReader(raw))
	_, _ = reader.Peek(1)
	before := reader.Buffered()
	got, ok := plainHead(reader)
	if !ok {
		require.Equal(t, before, reader.Buffered(), "it takes nothing")
		return false
	}
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), posted)
	require.NoError(t, err)
	defer want.Body.Close()
	require.Equal(t, want.StatusCode, got.status)
	require.Equal(t, want.Header, got.header)
	require.Equal(t, want.ContentLength, got.length)
	require.Equal(t, want.Close, got.last)
	require.Empty(t, want.TransferEncoding)
	wanted, wantErr := io.ReadAll(want.Body)
	body, err := readBounded(got)
	require.Equal(t, string(wanted), string(body))
	require.Equal(t, wantErr, err)
	return true
}

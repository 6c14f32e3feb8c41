package wmssvc_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// rude is a server below HTTP: each connection is handed to the test.
type rude struct {
	listener *net.TCPListener
	group    sync.WaitGroup
	mu       sync.Mutex
	open     []net.Conn
}

func newRude(t *testing.T, serve func(conn *net.TCPConn)) *rude {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	r := &rude{listener: listener}
	r.group.Go(func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.open = append(r.open, conn)
			r.mu.Unlock()
			r.group.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.mu.Lock()
		for _, conn := range r.open {
			_ = conn.Close()
		}
		r.mu.Unlock()
		r.group.Wait()
	})
	return r
}

func (r *rude) host() string { return r.listener.Addr().String() }

// reset closes the connection with a RST, as a crashed peer's kernel would.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// known is a server that answers the harmless call on its first connection, as a WMS does, so that it is known, and
// then serves as it likes.
func known(serve func(conn *net.TCPConn)) func(conn *net.TCPConn) {
	var asked atomic.Bool
	return func(conn *net.TCPConn) {
		if asked.Swap(true) {
			serve(conn)
			return
		}
		if _, err := readRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, whole("200 OK\r\nConnection: close", answerNotFound))
		}
	}
}

// readRequest reads one whole request and answers its body.
func readRequest(reader *bufio.Reader) (string, error) {
	request, err := http.ReadRequest(reader)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(request.Body)
	return string(body), err
}

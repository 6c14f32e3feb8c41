package wms

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// maxHead bounds the head of a reply in bytes.
const maxHead = 64 << 10

// conn is one kept connection; one exchange at a time owns it.
type conn struct {
	// stream is what requests are written to: TLS or the plain connection itself.
	stream net.Conn
	wire   *countedConn
	peeker syscall.RawConn
	secure *tls.ConnectionState

	reader *bufio.Reader
	// out is the room in which requests are put together, used again and again.
	out []byte
	// budget is how many bytes of the present reply may still be read.
	budget    int
	idleSince time.Time
}

// countedConn counts what the kernel took. It sits below TLS, so that it sees what the network sees.
type countedConn struct {
	net.Conn
	written int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written += int64(n)
	return n, err
}

// connect dials, and shakes hands where the address asks for TLS. Nothing of a request has left when it fails.
func (p *pool) connect(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	c := &conn{wire: &countedConn{Conn: plain}}
	c.stream = c.wire
	if p.tls != nil {
		secure := tls.Client(c.wire, p.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, err
		}
		state := secure.ConnectionState()
		c.stream, c.secure = secure, &state
	}
	if raw, ok := plain.(syscall.Conn); ok {
		c.peeker, _ = raw.SyscallConn()
	}
	c.reader = bufio.NewReader(budgeted{c})
	return c, nil
}

// budgeted reads from the connection within the budget.
type budgeted struct{ c *conn }

func (b budgeted) Read(p []byte) (int, error) {
	if b.c.budget <= 0 {
		return 0, ErrAnswerTooLarge
	}
	n, err := b.c.stream.Read(p[:min(len(p), b.c.budget)])
	b.c.budget -= n
	return n, err
}

// write sends the request in one go and says whether a byte of it left: the kernel takes none of what it refuses.
func (c *conn) write(request []byte) (left bool, err error) {
	before := c.wire.written
	_, err = c.stream.Write(request)
	return c.wire.written > before, err
}

// posted is what http.ReadResponse wants to know of the request.
var posted = &http.Request{Method: http.MethodPost}

// maxInterim bounds the 1xx replies before the one that counts.
const maxInterim = 5

var errInterim = errors.New("nothing but interim replies")

// read reads the reply's head; its body is still to be read.
func (c *conn) read() (*http.Response, error) {
	c.budget = maxHead + MaxAnswer + 1
	for range maxInterim {
		response, err := http.ReadResponse(c.reader, posted)
		if err != nil || response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
	return nil, errInterim
}

// usable says whether the connection may carry another request: the reply left nothing behind and does not end it.
func (c *conn) usable(response *http.Response) bool {
	return !response.Close && c.reader.Buffered() == 0
}

// alive looks whether the server has closed the connection, or broken the protocol, while it was idle. Without the look,
// the next request would be written into the void and its outcome be unknown.
func (c *conn) alive() bool {
	if c.peeker == nil {
		return true
	}
	waiting, open := peek(c.peeker)
	// A TLS server may send session tickets whenever it likes; nobody may send plain bytes unasked.
	return open && (!waiting || c.secure != nil)
}

func (c *conn) close() { _ = c.wire.Close() }

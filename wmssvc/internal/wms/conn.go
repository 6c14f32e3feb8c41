package wms

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
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
	peer   Peer

	reader *bufio.Reader
	// outlived keeps the end of the pool's life from what the connection carries; nil where it has none.
	outlived func() bool
	// out is the room in which requests are put together, used again and again.
	out []byte
	// budget is how many bytes of the present reply may still be read.
	budget    int
	idleSince time.Time
	// idleUntil is when the server may close it for being idle.
	idleUntil time.Time
}

// countedConn counts what the kernel took. It sits below TLS, so that it sees what the network sees.
type countedConn struct {
	net.Conn
	written int64
	// late is asked once, when the next bytes are about to leave, and its error keeps them; nil asks nobody.
	late func() error
}

func (c *countedConn) Write(p []byte) (int, error) {
	if late := c.late; late != nil {
		c.late = nil
		if err := late(); err != nil {
			return 0, err
		}
	}
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
	c := &conn{wire: &countedConn{Conn: plain}, peer: Peer{Address: plain.RemoteAddr().String()}}
	c.stream = c.wire
	if p.tls != nil {
		secure := tls.Client(c.wire, p.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, err
		}
		state := secure.ConnectionState()
		c.stream, c.secure = secure, &state
		c.peer.Certificate = FingerprintOf(state.PeerCertificates[0])
	}
	if raw, ok := plain.(syscall.Conn); ok {
		c.peeker, _ = raw.SyscallConn()
	}
	c.reader = bufio.NewReader(budgeted{c})
	if p.life != nil {
		c.outlived = context.AfterFunc(p.life, c.cut)
	}
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
// Whether it is too late is asked below TLS, so that nothing but the call of the kernel lies between the answer and the
// first byte. After "late" a TLS connection is of no use any more.
func (c *conn) write(request []byte, late func() error) (left bool, err error) {
	before := c.wire.written
	c.wire.late = late
	_, err = c.stream.Write(request)
	return c.wire.written > before, err
}

// posted is what http.ReadResponse wants to know of the request.
var posted = &http.Request{Method: http.MethodPost}

// maxInterim bounds the 1xx replies before the one that counts.
const maxInterim = 5

var errInterim = errors.New("nothing but interim replies")

// ErrNotHTTP reports a reply that came and is not HTTP, as opposed to one that did not come.
var ErrNotHTTP = errors.New("the answer is not HTTP")

// notHTTP tells a reply that does not begin like one (net/http has no type for it, only these words) from one
// that broke off.
func notHTTP(err error) error {
	if !strings.HasPrefix(err.Error(), "malformed HTTP ") {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotHTTP, err)
}

// read reads the reply's head, interim ones included within one bound; its body is still to be read.
func (c *conn) read() (head, error) {
	c.budget = maxHead
	if _, err := c.reader.Peek(1); err != nil {
		return head{}, broken(err)
	}
	if h, ok := plainHead(c.reader); ok {
		c.budget += MaxAnswer + 1
		return h, nil
	}
	for range maxInterim {
		response, err := http.ReadResponse(c.reader, posted) //nolint:bodyclose // the connection is what is closed
		if err != nil {
			return head{}, notHTTP(err)
		}
		if response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
			c.budget += MaxAnswer + 1
			return head{
				status: response.StatusCode, header: response.Header,
				length: response.ContentLength, body: response.Body,
				last: response.Close || response.StatusCode == http.StatusSwitchingProtocols,
			}, nil
		}
	}
	return head{}, errInterim
}

// broken is what the end of a reply is called before its own end.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// usable says whether the connection may carry another request: the reply left nothing behind, does not end it, and it
// still speaks HTTP.
func (c *conn) usable(h head) bool { return !h.last && c.reader.Buffered() == 0 }

// alive looks whether the server has closed the connection, or said something unasked, while it was idle; what is read
// or written from now on ends by the deadline. Without the look the next request would be written into the void and its
// outcome be unknown, or worse: a late second answer to the request before would be taken for its own. A TLS server may
// send session tickets unasked; a connection lost to that costs a handshake.
func (c *conn) alive(deadline time.Time) bool {
	if c.secure != nil && !c.drained(past) || c.wire.SetDeadline(deadline) != nil {
		return false
	}
	if c.peeker == nil {
		return true
	}
	waiting, open := peek(c.peeker)
	return open && !waiting
}

// drained says that nothing has come that was not asked for, until the deadline, the news that the server is closing
// included. A deadline that has passed looks only at what the TLS layer has read from the network already.
func (c *conn) drained(until time.Time) bool {
	if c.wire.SetReadDeadline(until) != nil {
		return false
	}
	var one [1]byte
	n, err := c.stream.Read(one[:])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// idleLimit is how long the connection may wait for its next request: idleTimeout, or a second less than the server
// announces (Keep-Alive: timeout=5, RFC 2068, section 19.7.1.1).
func idleLimit(header http.Header) time.Duration {
	if header.Get("Keep-Alive") == "" {
		return idleTimeout
	}
	for hint := range strings.SplitSeq(header.Get("Keep-Alive"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(hint), "=")
		if seconds, err := strconv.Atoi(value); err == nil && strings.EqualFold(name, "timeout") {
			return min(idleTimeout, max(0, time.Duration(min(seconds, 60)-1)*time.Second))
		}
	}
	return idleTimeout
}

// cut ends what the connection is carrying.
func (c *conn) cut() { _ = c.wire.SetDeadline(past) }

func (c *conn) close() {
	if c.outlived != nil {
		c.outlived()
	}
	_ = c.wire.Close()
}

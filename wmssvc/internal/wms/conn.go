package wms

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// errTooLate is what writing a request's first byte fails with once its time is over.
var errTooLate = errors.New("the time for starting the request has passed")

var errSealed = errors.New("the request was given up before its first byte")

// What a connection knows about the request it carries.
const (
	stateOpen   = iota // no request yet (TLS handshake) or its first byte has left
	stateArmed         // a request owns the connection; none of its bytes has left
	stateSealed        // given up in that state: none ever will
)

// watchedConn knows for certain whether a byte of the present request has left this process. It sits below TLS, so what it
// sees is what the network sees; httptrace alone cannot tell, since its WroteHeaders comes before the flush.
type watchedConn struct {
	net.Conn
	now func() time.Time

	state atomic.Int32
	// notAfter and leftAt are Unix nanoseconds.
	notAfter atomic.Int64
	leftAt   atomic.Int64
}

// watched finds the watchedConn under a connection that the transport handed out.
func watched(conn net.Conn) *watchedConn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	w, _ := conn.(*watchedConn)
	return w
}

// arm is called when a request gets the connection, before it can write.
func (c *watchedConn) arm(notAfter time.Time) {
	c.notAfter.Store(notAfter.UnixNano())
	c.leftAt.Store(0)
	c.state.Store(stateArmed)
}

// Write lets the first byte of a request pass only while there is time for it.
func (c *watchedConn) Write(p []byte) (int, error) {
	if c.state.Load() == stateOpen {
		return c.Conn.Write(p)
	}
	now := c.now().UnixNano()
	if now > c.notAfter.Load() {
		return 0, errTooLate
	}
	if !c.state.CompareAndSwap(stateArmed, stateOpen) {
		return 0, errSealed
	}
	c.leftAt.Store(now)
	n, err := c.Conn.Write(p)
	if n == 0 && err != nil {
		// The kernel took nothing, so nothing left.
		c.leftAt.Store(0)
		c.state.Store(stateArmed)
	}
	return n, err
}

// seal ends a failed request: afterwards either none of its bytes has left and none will, or left is true.
func (c *watchedConn) seal() (left bool) {
	return !c.state.CompareAndSwap(stateArmed, stateSealed) && c.state.Load() != stateSealed
}

// left answers when the request's first byte went out.
func (c *watchedConn) left() time.Time {
	if at := c.leftAt.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

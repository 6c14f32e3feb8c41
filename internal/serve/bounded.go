package serve

import (
	"net"
	"sync"
	"sync/atomic"
)

// mostConnections is how many an address of ours bears at once.
const mostConnections = 1024

// Bounded is a listener that bears so many connections at once: one more is closed as soon as it has come, so that its
// caller knows, and those that are there go on.
func Bounded(listener net.Listener, most int) net.Listener {
	return &bounded{Listener: listener, most: int64(most)}
}

type bounded struct {
	net.Listener

	most int64
	open atomic.Int64
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.open.Add(1) <= b.most {
			return &counted{Conn: conn, gone: sync.OnceFunc(func() { b.open.Add(-1) })}, nil
		}
		b.open.Add(-1)
		_ = conn.Close()
	}
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn

	gone func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.gone()
	return c.Conn.Close()
}

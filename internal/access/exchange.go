package access

import (
	"context"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
)

// Exchangeable are a client's credentials of which the next connection takes the newest. Connections that are there
// go on.
type Exchangeable struct {
	now *atomic.Pointer[credentials.TransportCredentials]
}

// NewExchangeable begins with these.
func NewExchangeable(first credentials.TransportCredentials) Exchangeable {
	e := Exchangeable{new(atomic.Pointer[credentials.TransportCredentials])}
	e.Exchange(first)
	return e
}

// Exchange sets other ones.
func (e Exchangeable) Exchange(next credentials.TransportCredentials) { e.now.Store(&next) }

func (e Exchangeable) current() credentials.TransportCredentials { return *e.now.Load() }

// ClientHandshake implements credentials.TransportCredentials.
func (e Exchangeable) ClientHandshake(
	ctx context.Context, authority string, conn net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	return e.current().ClientHandshake(ctx, authority, conn)
}

// ServerHandshake implements credentials.TransportCredentials.
func (e Exchangeable) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return e.current().ServerHandshake(conn)
}

// Info implements credentials.TransportCredentials.
func (e Exchangeable) Info() credentials.ProtocolInfo { return e.current().Info() }

// Clone implements credentials.TransportCredentials: what is exchanged counts for the copy, too.
func (e Exchangeable) Clone() credentials.TransportCredentials { return e }

// OverrideServerName implements credentials.TransportCredentials.
func (e Exchangeable) OverrideServerName(name string) error {
	return e.current().OverrideServerName(name) //nolint:staticcheck // the interface has it
}

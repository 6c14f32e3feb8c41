package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
)

// OwnWay leads from one face of a process to its gRPC server and never leaves the process: no port, no file. What comes
// on it may say for whom it acts.
type OwnWay struct{ listener *bufconn.Listener }

// ownBuffer is how much may be under way on one connection, each way.
const ownBuffer = 1 << 18

// NewOwnWay makes one. Its listener is served beside the server's others.
func NewOwnWay() *OwnWay { return &OwnWay{bufconn.Listen(ownBuffer)} }

// Listener is the end that the gRPC server serves.
func (w *OwnWay) Listener() net.Listener { return ownListener{w.listener} }

// Dial makes the way in; it takes the options of whoever dials, whose credentials it sets.
func (w *OwnWay) Dial(options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///own", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return w.listener.DialContext(ctx)
		}))...)
}

type ownListener struct{ net.Listener }

// Accept marks what comes here.
func (l ownListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return ownConn{conn}, nil
}

type ownConn struct{ net.Conn }

// ownAuth is what a call on our own way shows.
type ownAuth struct{ credentials.CommonAuthInfo }

// AuthType implements credentials.AuthInfo.
func (ownAuth) AuthType() string { return "own" }

// IsOwn says that a call came on an OwnWay.
func IsOwn(info credentials.AuthInfo) bool {
	_, ok := info.(ownAuth)
	return ok
}

// ServerCredentials are a gRPC server's: TLS, or plain text where config is nil, for whoever comes from outside, and
// nothing at all on our own way. refusals hear of certificates that are refused.
func ServerCredentials(config *tls.Config, refusals *Refusals) credentials.TransportCredentials {
	if config == nil {
		return serverCredentials{insecure.NewCredentials(), refusals}
	}
	return serverCredentials{credentials.NewTLS(config), refusals}
}

type serverCredentials struct {
	credentials.TransportCredentials

	refusals *Refusals
}

// ServerHandshake implements credentials.TransportCredentials.
func (s serverCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if own, ok := conn.(ownConn); ok {
		return own, ownAuth{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
	}
	secured, info, err := s.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		s.refusals.Handshake(conn.RemoteAddr(), err)
		return secured, info, err
	}
	if shown, ok := info.(credentials.TLSInfo); ok && len(shown.State.PeerCertificates) > 0 {
		secured = endWith(secured, shown.State.PeerCertificates[0])
	}
	return secured, info, nil
}

// afterEnd is how long a connection outlives the certificate that its caller showed: streams are told that it has ended
// before it goes.
const afterEnd = 3 * time.Second

// endWith is a connection that ends with a certificate: its caller shows the renewed one on the next, and is not
// refused for as long as a connection lives.
func endWith(conn net.Conn, shown *x509.Certificate) net.Conn {
	ends := time.AfterFunc(time.Until(shown.NotAfter)+afterEnd, func() { _ = conn.Close() })
	return &endingConn{Conn: conn, ends: ends}
}

type endingConn struct {
	net.Conn

	ends *time.Timer
}

// Close implements net.Conn.
func (c *endingConn) Close() error {
	c.ends.Stop()
	return c.Conn.Close()
}

// Clone implements credentials.TransportCredentials.
func (s serverCredentials) Clone() credentials.TransportCredentials {
	return serverCredentials{s.TransportCredentials.Clone(), s.refusals}
}

// handedKey is the metadata under which one face of a process tells another for whom it acts.
const handedKey = "voidrelay-acts-for-bin"

type askerKey struct{}

// asker is who makes a request of another face, and the host it comes from.
type asker struct {
	Identity

	from string
}

// Asker is the name of who makes a request of another face, whom EnterHTTP put into the context; else Nobody.
func Asker(ctx context.Context) string {
	if who, ok := ctx.Value(askerKey{}).(asker); ok {
		return who.Name
	}
	return Nobody
}

// HandOver is the metadata by which a face of this process tells its gRPC door, on an OwnWay, who asks: whom EnterHTTP
// put into the context, and nobody else. It is the one way to act for somebody else.
func HandOver(ctx context.Context) metadata.MD {
	who, ok := ctx.Value(askerKey{}).(asker)
	if !ok {
		return nil
	}
	return metadata.Pairs(handedKey, strconv.Itoa(int(who.Role)), handedKey, who.Name, handedKey, who.from)
}

// takeOver reads what HandOver wrote.
func takeOver(handed []string) (who Identity, from string, err error) {
	if len(handed) != 3 {
		return Identity{}, "", errForged
	}
	role, err := strconv.Atoi(handed[0])
	if err != nil || role < int(Viewer) || role > int(Admin) {
		return Identity{}, "", errForged
	}
	return Identity{Name: handed[1], Role: Role(role)}, handed[2], nil
}

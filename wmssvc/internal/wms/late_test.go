package wms

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wmssvc was frozen (SIGSTOP, a machine without CPU) after it had looked at the clock for the last time and before the
// first byte left: the request left when it woke, hours late. The last check is now below TLS, with nothing but the
// kernel's call behind it.
func TestAProcessThatWasFrozenSendsNothingLate(t *testing.T) {
	t.Parallel()
	serverTLS, roots := certificate(t)
	for name, secure := range map[string]*tls.Config{"plain": nil, "TLS": serverTLS} {
		t.Run(name, func(t *testing.T) {
			var got atomic.Int64
			over := make(chan struct{})
			address := dialogue(t, secure, func(conn net.Conn) {
				n, _ := io.Copy(io.Discard, conn)
				got.Add(n)
				close(over)
			})
			began := time.Now()
			var checks atomic.Int64
			frozen := func() time.Time {
				// an hour has gone by when everything is ready and the bytes are about to leave
				if checks.Add(1) > 2 {
					return began.Add(time.Hour)
				}
				return began
			}
			scheme := "http"
			if secure != nil {
				scheme = "https"
			}
			c := testClient(t, scheme+"://"+address+"/x", frozen)
			if secure != nil {
				c.pool.tls.RootCAs = roots
			}
			exchange := c.Send(t.Context(), prepared(t, c), began.Add(time.Minute))
			require.True(t, exchange.TooLate(), "%v", exchange.Err)
			require.False(t, exchange.Left)
			require.True(t, exchange.LeftAt.IsZero())
			<-over
			require.Zero(t, got.Load(), "bytes of the request that arrived")
		})
	}
}

package e2e_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A caller that sends its request slowly keeps REST draining; the work in flight must end in order all the same.
func TestASlowCallerDoesNotUseUpTheTimeToStop(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", s.orchestrator.HTTPAddr())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = fmt.Fprintf(conn, "POST /v1/schemes/assembly-void:resume HTTP/1.1\r\nHost: orchestrator\r\n"+
		"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	// The server asks for the body once its handler reads it: from then on the request is under way.
	_, err = conn.Read(make([]byte, len("HTTP/1.1 100 Continue\r\n")))
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	require.NoError(t, s.orchestrator.Stop(ctx), "the jobs were left no time")
}

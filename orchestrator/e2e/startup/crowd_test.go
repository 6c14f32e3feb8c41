package startup

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// A connection over the bound was closed without a line or a figure, so that nobody learned why callers got none.
func TestConnectionsThatAreTooManyAreToldAndCounted(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		log := &safeBuffer{}
		r := s.runLogging(t, nil, telemetry.NewLogger(log, slog.LevelInfo))
		for range 1030 {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.addr)
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
		}
		setting := s.addrs[0]
		require.Eventually(t, func() bool {
			return strings.Contains(scrape(t, r.ops), `voidrelay_connections_refused_total{setting="`+setting+`"} 6`)
		}, time.Minute, 50*time.Millisecond)
		require.Equal(t, 1, strings.Count(log.String(), "a connection was closed at once"))
		require.Contains(t, log.String(), `"setting":"`+setting+`","most":1024,"from":"127.0.0.1"`)
	})
}

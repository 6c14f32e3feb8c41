package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// HTTP bounds what a caller can take of us: each step of a request has its limit, and headers their size. What the
// server itself complains of goes to the log.
func HTTP(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ErrorLog: telemetry.HTTPErrors(logger),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
}

// Metrics answers GET /metrics for whoever scrapes. Losing it costs figures and nothing else.
type Metrics struct {
	listener net.Listener
	server   *http.Server
}

// ListenMetrics takes the address, to serve what the registry holds there; an empty address serves nothing. A fault
// names the setting that it comes from.
func ListenMetrics(
	ctx context.Context, setting, addr string, registry *prometheus.Registry, logger *slog.Logger,
) (*Metrics, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	m := &Metrics{server: HTTP(mux, logger)}
	if addr == "" {
		return m, nil
	}
	var err error
	m.listener, err = Listen(ctx, setting, addr)
	return m, err
}

// Addr is where it listens, with the port that was chosen for port 0; empty where metrics are not wanted.
func (m *Metrics) Addr() string {
	if m == nil || m.listener == nil {
		return ""
	}
	return m.listener.Addr().String()
}

// Serve answers until Close.
func (m *Metrics) Serve() error {
	if m.listener == nil {
		return nil
	}
	if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// Close ends it at once.
func (m *Metrics) Close() {
	if m != nil && m.listener != nil {
		_ = m.server.Close()
		_ = m.listener.Close()
	}
}

package serve

import (
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

// HTTP bounds what a caller can take of us: each step of a request has its limit, and headers their size. What the server itself
// complains of goes to the log.
func HTTP(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ErrorLog: telemetry.HTTPErrors(logger),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
}

// Metrics answers GET /metrics for whoever scrapes. Losing it costs figures and nothing else.
type Metrics struct {
	listener net.Listener
	server   *http.Server
}

// NewMetrics serves what the registry holds on the listener; a nil listener serves nothing.
func NewMetrics(listener net.Listener, registry *prometheus.Registry, logger *slog.Logger) *Metrics {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return &Metrics{listener: listener, server: HTTP(mux, logger)}
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

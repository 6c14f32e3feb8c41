package orchestrator

import (
	"context"
	"io"
	"net"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/metrics"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

// counted is the ledger with what requests came to counted.
type counted struct {
	*store.Store
	metrics *metrics.Metrics
}

// StoreResults counts what could be written.
func (c counted) StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error {
	err := c.Store.StoreResults(ctx, results, bad)
	if err == nil {
		c.metrics.Stored(results)
	}
	return err
}

// listenMetrics takes the port where the settings say so; nil where nobody wants metrics.
func (s *Server) listenMetrics(ctx context.Context, cfg Config) (net.Listener, error) {
	if cfg.MetricsAddr == "" {
		return nil, nil
	}
	listener, err := listen(ctx, "ORCHESTRATOR_METRICS_ADDR", cfg.MetricsAddr)
	if err != nil {
		return nil, err
	}
	s.metricsAddr = listener.Addr().String()
	s.closers = append([]io.Closer{listener}, s.closers...)
	return listener, nil
}

// serveMetrics answers scrapes until the server stops. One that ends by itself costs figures and nothing else.
func (s *Server) serveMetrics(listener net.Listener, m *metrics.Metrics) {
	if listener == nil {
		return
	}
	server := m.Server()
	s.loops.Go(func() { _ = server.Serve(listener) })
	s.loops.Go(func() {
		<-s.stopping
		_ = server.Close()
	})
}

// MetricsAddr is where GET /metrics is answered, with the port that was chosen for port 0; empty without metrics.
func (s *Server) MetricsAddr() string { return s.metricsAddr }

package kingdeesvc

import (
	"context"
	"fmt"
	"net"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/metrics"
)

// figures are the metrics and where they are served; nil where nobody wants them.
type figures struct {
	metrics  *metrics.Metrics
	listener net.Listener
}

func newFigures(ctx context.Context, addr string, stats func() kingdee.Stats) (*figures, error) {
	if addr == "" {
		return nil, nil
	}
	m, err := metrics.New(stats)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("KINGDEESVC_METRICS_ADDR: %w", err)
	}
	return &figures{metrics: m, listener: listener}, nil
}

func (f *figures) observer() kingdee.Observer {
	if f == nil {
		return nil
	}
	return f.metrics
}

// serve answers scrapes until life ends. A server that stops by itself costs figures and no bills.
func (f *figures) serve(life context.Context) {
	if f == nil {
		return
	}
	server := f.metrics.Server()
	defer context.AfterFunc(life, func() { _ = server.Close() })()
	_ = server.Serve(f.listener)
	<-life.Done()
}

func (f *figures) close() {
	if f != nil {
		_ = f.listener.Close()
	}
}

// MetricsAddr is where GET /metrics is answered, with the port that was chosen for port 0; empty without metrics.
func (s *Server) MetricsAddr() string {
	if s.figures == nil {
		return ""
	}
	return s.figures.listener.Addr().String()
}

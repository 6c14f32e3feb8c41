package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// mostConnections is how many an address of ours bears at once.
const mostConnections = 1024

// ListenOn takes a TCP address and bears 1,024 connections there at once. Each one more is counted, and a line in the
// log tells of them at most once a minute. A fault names the setting that the address comes from.
func (g *GRPC) ListenOn(ctx context.Context, setting, addr string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	var closed prometheus.Counter
	if g.crowd != nil {
		closed = g.crowd.WithLabelValues(setting)
	}
	return Bounded(listener, mostConnections, func(from net.Addr) {
		if closed != nil {
			closed.Inc()
		}
		host, _ := netip.ParseAddrPort(from.String())
		// Not as a text, which would make a line for each.
		g.logger.LogAttrs(g.closing, slog.LevelWarn, "a connection was closed at once, because there are as many as "+
			"an address of ours bears", slog.String("setting", setting), slog.Int("most", mostConnections),
			slog.Any("from", host.Addr()))
	}), nil
}

// countCrowd counts the connections that were one too many.
func countCrowd(t *telemetry.Telemetry) *prometheus.CounterVec {
	if t == nil {
		return nil
	}
	crowd := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "voidrelay_connections_refused_total",
		Help: "Connections that were closed at once because an address bears no more, by the setting of the address.",
	}, []string{"setting"})
	t.Registry.MustRegister(crowd)
	return crowd
}

// Bounded is a listener that bears so many connections at once: one more is closed as soon as it has come, so that its
// caller knows, and those that are there go on. turnedAway hears from where each of those came; nil hears nothing.
func Bounded(listener net.Listener, most int, turnedAway func(from net.Addr)) net.Listener {
	return &bounded{Listener: listener, most: int64(most), turnedAway: turnedAway}
}

type bounded struct {
	net.Listener

	most       int64
	open       atomic.Int64
	turnedAway func(from net.Addr)
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
		if b.turnedAway != nil {
			b.turnedAway(conn.RemoteAddr())
		}
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

package wms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"sync"
	"time"
)

// connectTimeout bounds dialling and the TLS handshake together.
const connectTimeout = 5 * time.Second

// idleTimeout is below the 5 s after which common servers (Apache's default) close an idle connection, so that a
// request seldom meets a connection which the server is just closing.
const idleTimeout = 4 * time.Second

// pool keeps the idle connections to one server, the most recently used on top.
type pool struct {
	address string // host:port
	tls     *tls.Config
	most    int
	// life ends the connections, whatever they carry; nil where nothing does.
	life context.Context

	mu      sync.Mutex
	idle    []*conn
	closed  bool
	cleaner *time.Timer
}

// newPool trusts the certificates that roots lead to (nil = the system's), or, where there are pins, those alone.
func newPool(endpoint *url.URL, roots *x509.CertPool, most int, pins ...Fingerprint) *pool {
	port := endpoint.Port()
	p := &pool{most: most}
	if endpoint.Scheme == "https" {
		// http/1.1 alone is offered, so nothing else can be chosen.
		p.tls = &tls.Config{
			MinVersion: tls.VersionTLS12, ServerName: endpoint.Hostname(),
			RootCAs: roots, NextProtos: []string{"http/1.1"},
		}
		if len(pins) > 0 {
			pinned(p.tls, pins)
		}
	}
	if port == "" && p.tls != nil {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	p.address = net.JoinHostPort(endpoint.Hostname(), port)
	return p
}

// get answers an idle connection that is still open, or a new one. What is read or written ends by the deadline.
func (p *pool) get(ctx context.Context, deadline time.Time) (*conn, error) {
	for {
		c := p.take()
		if c == nil {
			break
		}
		if time.Now().Before(c.idleUntil) && c.alive(deadline) {
			return c, nil
		}
		c.close()
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.wire.SetDeadline(deadline); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c
}

// put keeps a connection for the next request, for that long.
func (p *pool) put(c *conn, idle time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.most {
		c.close()
		return
	}
	c.idleSince = time.Now()
	c.idleUntil = c.idleSince.Add(idle)
	p.idle = append(p.idle, c)
	if p.cleaner == nil {
		p.cleaner = time.AfterFunc(idleTimeout, p.closeIdle)
	}
}

// closeIdle closes what has been idle too long; the oldest are at the bottom.
func (p *pool) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	stale := 0
	for stale < len(p.idle) && time.Since(p.idle[stale].idleSince) >= idleTimeout {
		p.idle[stale].close()
		stale++
	}
	p.idle = append(p.idle[:0], p.idle[stale:]...)
	p.cleaner = nil
	if len(p.idle) > 0 {
		p.cleaner = time.AfterFunc(idleTimeout-time.Since(p.idle[0].idleSince), p.closeIdle)
	}
}

// close closes the idle connections, and those in use once they are given back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
	if p.cleaner != nil {
		p.cleaner.Stop()
	}
}

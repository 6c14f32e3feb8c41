// Package proxy is a reverse proxy before a vendor, as merchants have them, that can be told to answer for a vendor
// that is away.
//
// It promises to pass requests and answers on as they are: a connection that the vendor ends without an answer, or in
// the middle of one, ends for the client in the same way. While it answers itself nothing reaches the vendor.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Answer is what a proxy says in the vendor's stead.
type Answer string

// The answers. None of them says that it comes from a sandbox: a proxy does not know.
const (
	BadGateway Answer = "502"
	Page       Answer = "page"     // a page with status 200
	Redirect   Answer = "redirect" // to a page of the proxy's own
)

// Answers are all of them.
func Answers() []Answer { return []Answer{BadGateway, Page, Redirect} }

// Proxy is one that runs. Safe for concurrent use.
type Proxy struct {
	address  string
	server   *http.Server
	forward  *httputil.ReverseProxy
	answer   atomic.Pointer[Answer]
	answered atomic.Int64
	serving  sync.WaitGroup
}

// Start listens on a free port of 127.0.0.1 and passes everything on to target, a URL of which scheme and host count.
// ctx bounds the start only.
func Start(ctx context.Context, target string) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Proxy{address: listener.Addr().String()}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		FlushInterval: -1,
		// The client sees what we saw: a connection that ends.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: time.Minute}
	p.serving.Go(func() { _ = p.server.Serve(listener) })
	return p, nil
}

// Address is its host:port.
func (p *Proxy) Address() string { return p.address }

// AnswerFor lets it answer every request itself from now on; requests that were passed on before get the vendor's
// answer.
func (p *Proxy) AnswerFor(a Answer) { p.answer.Store(&a) }

// StepAside ends that.
func (p *Proxy) StepAside() { p.answer.Store(nil) }

// Answered is how many requests it has answered itself.
func (p *Proxy) Answered() int { return int(p.answered.Load()) }

// Stop ends it and all its connections.
func (p *Proxy) Stop() error {
	err := p.server.Close()
	p.serving.Wait()
	p.forward.Transport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // made so in Start
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	answer := p.answer.Load()
	if answer == nil {
		p.forward.ServeHTTP(w, r)
		return
	}
	p.answered.Add(1)
	status, body := http.StatusOK, "<html><body>系统维护中，请稍后再试</body></html>"
	switch *answer {
	case BadGateway:
		status, body = http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head></html>"
	case Redirect:
		w.Header().Set("Location", "/maintenance.html")
		status, body = http.StatusFound, ""
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Server", "nginx")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

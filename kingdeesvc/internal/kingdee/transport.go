package kingdee

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxBody bounds one answer; 10,000 rows of 40 columns are about 5 MB.
	maxBody = 64 << 20
	// requestTimeout bounds one request whatever the caller's deadline; public clients use 30 to 300 s, and servers
	// that take two minutes for a page are met.
	requestTimeout = 180 * time.Second

	sessionHeader = "kdservice-sessionid"
	// sandboxHeader is how a voidrelay sandbox says that it is none of the vendor's servers.
	sandboxHeader = "X-Voidrelay-Sandbox"
)

// Meta is what the HTTP answer says beside its body.
type Meta struct {
	// Left is our clock just before the request left.
	Left time.Time
	// Date is the server's clock from the Date header; zero where DateNote says why.
	Date     time.Time
	DateNote string
	// Arrived is our clock when the answer's head was here.
	Arrived time.Time
	// Certificate is the server's; nil without TLS.
	Certificate *x509.Certificate
	// Sandbox is set when the answer came from a voidrelay sandbox.
	Sandbox bool
}

// transport posts JSON to one server. HTTP/1.1 only: with HTTP/2 negotiated, 502 was seen (WaHaiLong/KingdeeMCP).
// Redirects are not followed: they lead to a login page.
type transport struct {
	base *url.URL
	http atomic.Pointer[http.Client]
	now  func() time.Time
}

func newTransport(base *url.URL, tls *tls.Config, now func() time.Time) *transport {
	t := &transport{base: base, now: now}
	t.trust(tls)
	return t
}

// trust makes connections by these rules from now on; what is under way goes on.
func (t *transport) trust(tls *tls.Config) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	before := t.http.Swap(&http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment,
			DialContext: (&net.Dialer{
				Timeout: 10 * time.Second, KeepAlive: 30 * time.Second,
			}).DialContext,
			TLSClientConfig:        tls,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  requestTimeout,
			IdleConnTimeout:        60 * time.Second,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 1 << 20,
			Protocols:              protocols,
		},
	})
	if before != nil {
		before.CloseIdleConnections()
	}
}

// ParseBaseURL reads the address of a server, with or without /K3Cloud and with or without a slash at the end.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("not a URL") // the parser's own text repeats its input, which may hold a password
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, errors.New("want http://host/ or https://host/")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("want no user, query or fragment")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if !strings.EqualFold(path.Base(base.Path), "K3Cloud") {
		base.Path += "/K3Cloud"
	}
	base.RawPath = ""
	return base, nil
}

func (t *transport) target(service string) *url.URL {
	return t.base.JoinPath(service + ".common.kdsvc")
}

// path is what a signed request signs.
func (t *transport) path(service string) string { return t.target(service).EscapedPath() }

// post sends one request and reads its answer to the end, rows as they arrive. Its only errors are Faults of class
// Unreachable or Unreadable and the context's own. cookies go with the request and take those of the answer.
func (t *transport) post(
	ctx context.Context, service string, header http.Header, cookies *jar, payload any,
) (int, received, Meta, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return 0, received{}, Meta{}, fmt.Errorf("encode %s: %w", service, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.target(service).String(), bytes.NewReader(body))
	if err != nil {
		return 0, received{}, Meta{}, fmt.Errorf("prepare %s: %w", service, err)
	}
	if header != nil {
		request.Header = header
	}
	cookies.give(request.Header)
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Accept", "application/json")
	meta := Meta{Left: t.now()}
	response, err := t.http.Load().Do(request)
	if err != nil {
		return 0, received{}, meta, unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	meta.Arrived = t.now()
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		meta.Certificate = response.TLS.PeerCertificates[0]
	}
	cookies.take(response.Header, meta.Arrived)
	meta.Sandbox = response.Header.Get(sandboxHeader) != ""
	meta.Date, meta.DateNote = serverClock(response.Header)
	answer, err := receive(response.StatusCode, response.Body)
	if err != nil {
		return 0, received{}, meta, unreachable(ctx, err)
	}
	return response.StatusCode, answer, meta, nil
}

func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("kingdee: no answer yet: %w", context.Cause(ctx))
	}
	return &Fault{Class: Unreachable, Code: NoCode, Message: "no answer", Err: err}
}

// serverClock reads Date unless a cache wrote the answer.
func serverClock(header http.Header) (time.Time, string) {
	if header.Get("Age") != "" {
		return time.Time{}, "the answer has an Age header: a cache wrote it"
	}
	text := header.Get("Date")
	if text == "" {
		return time.Time{}, "the answer has no Date header"
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}, "the answer's Date header cannot be read"
	}
	return date, ""
}

func (t *transport) close() { t.http.Load().CloseIdleConnections() }

package wms

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"time"
)

// MaxAnswer bounds a reply in bytes; a larger one is not read to its end.
const MaxAnswer = 1 << 20

// SandboxHeader is the response header by which our sandboxes say what they are.
const SandboxHeader = "X-Voidrelay-Sandbox"

const connectTimeout = 5 * time.Second

// ErrAnswerTooLarge reports a reply beyond MaxAnswer.
var ErrAnswerTooLarge = fmt.Errorf("the answer is larger than %d bytes", MaxAnswer)

// OrderTypeError reports an order type that the dialect's cancel does not document.
type OrderTypeError struct{ OrderType, Dialect string }

func (e *OrderTypeError) Error() string {
	return fmt.Sprintf("order type %s is not in the list of dialect %s", e.OrderType, e.Dialect)
}

// UnsupportedError reports a field that the dialect cannot carry. Leaving it out silently might cancel another order.
type UnsupportedError struct{ Field, Dialect string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("dialect %s has no field %s", e.Dialect, e.Field)
}

// Params say which WMS account a Client speaks for.
type Params struct {
	// Endpoint is the address without query.
	Endpoint *url.URL
	Dialect  Dialect
	// SignMethod is one of the dialect's; empty = its default.
	SignMethod string
	// Partner is the tenant: sid, or customerId in Qimen.
	Partner        string
	AppKey, Secret string
	// ExtraOrderTypes are accepted beside the dialect's own.
	ExtraOrderTypes []string
	// Timeout bounds one exchange from looking for a connection to the reply's last byte.
	Timeout time.Duration
	// IdleConns is how many connections are kept for reuse: as many as requests may be in flight.
	IdleConns int
	Now       func() time.Time
}

// Client sends requests for one account. It is safe for concurrent use.
type Client struct {
	endpoint   url.URL
	dialect    Dialect
	signer     signer
	orderTypes []string
	timeout    time.Duration
	transport  *http.Transport
	now        func() time.Time
	header     http.Header
}

// NewClient prepares a client; it makes no connection yet.
func NewClient(p Params) *Client {
	method := p.SignMethod
	if method == "" {
		method = p.Dialect.signMethods[0]
	}
	c := &Client{
		endpoint: *p.Endpoint, dialect: p.Dialect, timeout: p.Timeout, now: p.Now,
		signer:     newSigner(p.Dialect, method, p.Partner, p.AppKey, p.Secret),
		orderTypes: slices.Concat(p.Dialect.orderTypes, p.ExtraOrderTypes),
		header:     http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "User-Agent": {"voidrelay-wmssvc"}},
	}
	dialer := &net.Dialer{Timeout: connectTimeout}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	c.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &watchedConn{Conn: conn, now: p.Now}, nil
		},
		Protocols:           protocols,
		TLSHandshakeTimeout: connectTimeout,
		DisableCompression:  true,
		MaxIdleConns:        p.IdleConns,
		MaxIdleConnsPerHost: p.IdleConns,
		// Below the 5 s after which common servers (Apache's default) close an idle connection, so that our next request
		// seldom meets a connection which the server is just closing.
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return c
}

// Close drops idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Host answers where requests go.
func (c *Client) Host() string { return c.endpoint.Host }

// Request is a checked document, ready to be signed and sent.
type Request struct {
	body []byte
	// ReasonCut says that the cancel reason was shortened to MaxReason characters.
	ReasonCut bool
}

// Prepare checks and writes the document. Its errors are *CharacterError, *NameError, *OrderTypeError and
// *UnsupportedError; nothing is sent.
func (c *Client) Prepare(o Order) (Request, error) {
	if !slices.Contains(c.orderTypes, o.OrderType) {
		return Request{}, &OrderTypeError{OrderType: o.OrderType, Dialect: c.dialect.Name}
	}
	if !c.dialect.owner {
		if o.OwnerCode != "" {
			return Request{}, &UnsupportedError{Field: "ownerCode", Dialect: c.dialect.Name}
		}
		if o.OrderID != "" {
			return Request{}, &UnsupportedError{Field: "orderId", Dialect: c.dialect.Name}
		}
	}
	size := 256 + len(o.OrderCode) + len(o.WarehouseCode) + len(o.CancelReason)
	body, cut, err := appendBody(make([]byte, 0, size), c.dialect, o)
	if err != nil {
		return Request{}, err
	}
	return Request{body: body, ReasonCut: cut}, nil
}

// Exchange is what happened to one request.
type Exchange struct {
	// Left says that at least one byte of the request may have left this process. When false, none did.
	Left bool
	// LeftAt and RepliedAt are zero where the request did not leave, or the reply did not come whole.
	LeftAt, RepliedAt time.Time
	// Request is the query with key and signature masked, a blank line, and the body.
	Request []byte
	// Reply is what was read of the reply's body, decoded by nobody.
	Reply  []byte
	Status int
	// Header is the reply's; nil without one. TLS is nil without a reply or on plain HTTP.
	Header http.Header
	TLS    *tls.ConnectionState
	// Err is nil when a reply was read whole, whatever it says.
	Err error
}

// Answer parses the reply.
func (e *Exchange) Answer() (Answer, error) {
	return ParseAnswer(e.Reply, e.Header.Get("Content-Type"))
}

// Sandbox says that the answering server declared itself one of our sandboxes.
func (e *Exchange) Sandbox() bool { return e.Header.Get(SandboxHeader) != "" }

// TooLate says that the request was not started because its time had passed.
func (e *Exchange) TooLate() bool { return errors.Is(e.Err, errTooLate) }

// Send signs the request and sends it once, if its first byte can leave before notAfter. Redirects are not followed and
// nothing is ever sent again: the transport repeats a POST only if it can rewind its body, and ours cannot be.
func (c *Client) Send(ctx context.Context, r Request, notAfter time.Time) Exchange {
	now := c.now()
	if now.After(notAfter) {
		return Exchange{Err: errTooLate}
	}
	query, masked := c.signer.queries(now, r.body)
	out := Exchange{Request: evidence(masked, r.body)}

	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var conn *watchedConn
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if conn = watched(info.Conn); conn != nil {
			conn.arm(notAfter)
		}
	}})
	target := c.endpoint
	target.RawQuery = query
	request := (&http.Request{
		Method: http.MethodPost, URL: &target, Host: c.endpoint.Host, Header: c.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		// No GetBody on purpose, see above.
		Body: io.NopCloser(bytes.NewReader(r.body)), ContentLength: int64(len(r.body)),
	}).WithContext(ctx)

	response, err := c.transport.RoundTrip(request)
	if err != nil {
		out.Err = describe(err)
		if conn != nil {
			out.Left = conn.seal()
			out.LeftAt = conn.left()
		}
		return out
	}
	defer response.Body.Close()
	out.Left, out.LeftAt = true, conn.left()
	out.Status, out.Header, out.TLS = response.StatusCode, response.Header, response.TLS
	if out.Reply, err = readBounded(response); err != nil {
		out.Err = describe(err)
		return out
	}
	out.RepliedAt = c.now()
	return out
}

// evidence joins the masked query and the body.
func evidence(masked string, body []byte) []byte {
	out := make([]byte, 0, len(masked)+2+len(body))
	out = append(out, masked...)
	out = append(out, "\n\n"...)
	return append(out, body...)
}

// readBounded reads the reply's body; on a fault it answers what came before it.
func readBounded(response *http.Response) ([]byte, error) {
	if n := response.ContentLength; n >= 0 && n <= MaxAnswer {
		body := make([]byte, n)
		read, err := io.ReadFull(response.Body, body)
		return body[:read], err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	if err == nil && len(body) > MaxAnswer {
		return body[:MaxAnswer], ErrAnswerTooLarge
	}
	return body, err
}

// describe gives a time-out its name; the transport's own errors carry no address with secrets in it.
func describe(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no complete answer in time: %w", err)
	}
	return fmt.Errorf("exchange with the WMS: %w", err)
}

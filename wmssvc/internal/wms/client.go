package wms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxAnswer bounds a reply in bytes; a larger one is not read to its end.
const MaxAnswer = 1 << 20

// SandboxHeader is the response header by which our sandboxes say what they are.
const SandboxHeader = "X-Voidrelay-Sandbox"

var errTooLate = errors.New("the time for starting the request has passed")

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
	// Roots are trusted to vouch for the server; nil = the system's.
	Roots *x509.CertPool
	// Pins are the only certificates that are trusted, by themselves; none = whoever Roots vouch for.
	Pins []Fingerprint
	// IdleConns is how many connections are kept for reuse: as many as requests may be in flight.
	IdleConns int
	Now       func() time.Time
	// Life is that of the connections: its end cuts off what they carry. nil = they have no end of their own.
	Life context.Context
}

// Client sends requests for one account. It is safe for concurrent use.
type Client struct {
	endpoint   url.URL
	dialect    Dialect
	signer     signer
	orderTypes []string
	timeout    time.Duration
	pool       *pool
	now        func() time.Time
	// head is the request's first bytes up to the query, fields those between the query and the body's length.
	head, fields string
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
		pool:       newPool(p.Endpoint, p.Roots, p.IdleConns, p.Pins...),
		head:       "POST " + p.Endpoint.EscapedPath() + "?",
		// Without Accept-Encoding a server may compress as it likes (RFC 9110, section 12.5.3).
		fields: " HTTP/1.1\r\nHost: " + hostField(p.Endpoint) +
			"\r\nUser-Agent: voidrelay-wmssvc\r\nAccept-Encoding: identity\r\n" +
			"Content-Type: text/xml; charset=utf-8\r\nContent-Length: ",
	}
	c.pool.life = p.Life
	return c
}

// hostField is the address's host without the zone of an IPv6 address, which means something on this machine only
// (RFC 6874, section 4).
func hostField(endpoint *url.URL) string {
	address, zone, zoned := strings.Cut(endpoint.Host, "%")
	if !zoned {
		return address
	}
	_, port, _ := strings.Cut(zone, "]")
	return address + "]" + port
}

// Close drops idle connections, and those in use as soon as their exchange is over.
func (c *Client) Close() { c.pool.close() }

// Host answers where requests go.
func (c *Client) Host() string { return c.endpoint.Host }

// Request is a checked document, ready to be signed and sent.
type Request struct {
	body  []byte
	order Order
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
	body, cut, err := appendBody(make([]byte, 0, size), o)
	if err != nil {
		return Request{}, err
	}
	return Request{body: body, order: o, ReasonCut: cut}, nil
}

// Order is what the document asks for.
func (r Request) Order() Order { return r.order }

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
	if coding := e.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return Answer{}, fmt.Errorf("%w: %q", ErrEncoding, coding)
	}
	return ParseAnswer(e.Reply, e.Header.Get("Content-Type"))
}

// Sandbox says that the answering server declared itself one of our sandboxes.
func (e *Exchange) Sandbox() bool { return e.Header.Get(SandboxHeader) != "" }

// TooLate says that the request was not started because its time had passed.
func (e *Exchange) TooLate() bool { return errors.Is(e.Err, errTooLate) }

// Untrusted says that there was no connection because the server's certificate could not be verified.
func (e *Exchange) Untrusted() bool {
	var refused *tls.CertificateVerificationError
	var other *PinError
	return errors.As(e.Err, &refused) || errors.As(e.Err, &other)
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// appendDocument appends the whole request as it goes over the wire, so that it can leave in one write.
func (c *Client) appendDocument(out []byte, query string, body []byte) []byte {
	out = append(out, c.head...)
	out = append(out, query...)
	out = append(out, c.fields...)
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, "\r\n\r\n"...)
	return append(out, body...)
}

// evidence joins the masked query and the body.
func evidence(masked string, body []byte) []byte {
	out := make([]byte, 0, len(masked)+2+len(body))
	out = append(out, masked...)
	out = append(out, "\n\n"...)
	return append(out, body...)
}

// describe gives a time-out its name; these errors carry no query, so no secrets.
func describe(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no complete answer in time: %w", err)
	}
	return fmt.Errorf("exchange with the WMS: %w", err)
}

package wms

import (
	"context"
	"errors"
	"io"
	"time"
)

// Peer is who is at the other end of a connection: an address and, with TLS, the certificate that was shown.
type Peer struct {
	Address string
	// Certificate is zero on plain HTTP.
	Certificate Fingerprint
}

// Line is a connection that one caller has for some requests, one after the other. Its user must Release it.
type Line struct {
	client *Client
	conn   *conn
	idle   time.Duration
	// open says that the connection can carry another request; used, that it carried one.
	open, used bool
}

// Connect answers a line to the server, on an idle connection or a new one. Nothing has left when it fails. Its error
// is one for people.
func (c *Client) Connect(ctx context.Context) (*Line, error) {
	conn, err := c.pool.get(ctx, c.deadline(ctx))
	if err != nil {
		return nil, describe(err)
	}
	return &Line{client: c, conn: conn, idle: idleTimeout, open: true}, nil
}

// Peer answers who is at the other end.
func (l *Line) Peer() Peer { return l.conn.peer }

// Open says whether the line can carry another request.
func (l *Line) Open() bool { return l.open }

// closeWait is how long AwaitClose waits.
const closeWait = 20 * time.Millisecond

// AwaitClose gives the server a moment to end the connection behind its answer, as many do without having said so. A
// request that follows at once would be written into the void, and its outcome be unknown.
func (l *Line) AwaitClose() {
	l.open = l.open && l.conn.drained(time.Now().Add(closeWait))
}

// End keeps the line from carrying another request: Release then closes the connection.
func (l *Line) End() { l.open = false }

// Release gives the connection back, for others to use if it can be.
func (l *Line) Release() {
	if l.open {
		l.client.pool.put(l.conn, l.idle)
		return
	}
	l.conn.close()
}

// Unsent is the exchange of a request that did not leave for this reason.
func (c *Client) Unsent(r Request, reason error) Exchange {
	_, masked := c.signer.queries(c.now(), r.body)
	return Exchange{Request: evidence(masked, r.body), Err: reason}
}

// Send signs the request and sends it once, if its first byte can leave before notAfter. It is HTTP/1.1 written and
// read here rather than by net/http's Transport: that one may send a request again on another connection, learns only
// from hooks what has left, and moves each request through two more goroutines. Redirects are not followed. The end of
// ctx cuts the exchange off.
func (c *Client) Send(ctx context.Context, r Request, notAfter time.Time) Exchange {
	if c.now().After(notAfter) {
		return Exchange{Err: errTooLate}
	}
	line, err := c.Connect(ctx)
	if err != nil {
		return c.Unsent(r, err)
	}
	defer line.Release()
	return line.Send(ctx, r, notAfter, nil)
}

// Send is Client.Send on this line. bar is asked in the last moment before the first byte leaves; where it answers an
// error, none does.
func (l *Line) Send(ctx context.Context, r Request, notAfter time.Time, bar func() error) Exchange {
	c, now := l.client, l.client.now()
	query, masked := c.signer.queries(now, r.body)
	out := Exchange{Request: evidence(masked, r.body)}
	// Connecting may have taken too long; found out here, the connection can be kept.
	if now.After(notAfter) {
		out.Err = errTooLate
		return out
	}
	// In this order: a life that ends behind the second check cuts off what goes by the first one's deadline.
	if err := errors.Join(l.begin(ctx), ctx.Err()); err != nil {
		out.Err = describe(err)
		return out
	}
	l.open = false
	if ctx != c.pool.life {
		stop := context.AfterFunc(ctx, l.conn.cut)
		defer func() { l.open = stop() && l.open }()
	}

	l.conn.out = c.appendDocument(l.conn.out[:0], query, r.body)
	// The last check, in the last moment: this process may have been frozen until now, and then no byte shall
	// leave any more.
	var err error
	out.Left, err = l.conn.write(l.conn.out, func() error {
		if now = c.now(); now.After(notAfter) {
			return &keptError{errTooLate}
		}
		if bar != nil {
			if err := bar(); err != nil {
				return &keptError{err}
			}
		}
		return nil
	})
	if out.Left {
		out.LeftAt = now
	}
	if err == nil {
		err = l.receive(&out)
	}
	var kept *keptError
	switch {
	case errors.As(err, &kept):
		out.Err = kept.reason
	case err != nil:
		out.Err = describe(err)
	}
	return out
}

// keptError is why a request was kept back in the last moment.
type keptError struct{ reason error }

func (e *keptError) Error() string { return e.reason.Error() }

// begin gives a line that was used before the time for another exchange.
func (l *Line) begin(ctx context.Context) error {
	if !l.used {
		l.used = true
		return nil
	}
	return l.conn.wire.SetDeadline(l.client.deadline(ctx))
}

// deadline is when an exchange that begins now must be over.
func (c *Client) deadline(ctx context.Context) time.Time {
	deadline := time.Now().Add(c.timeout)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(deadline) {
		return earlier
	}
	return deadline
}

// receive reads the reply to its end.
func (l *Line) receive(out *Exchange) error {
	h, err := l.conn.read()
	if err != nil {
		return err
	}
	out.Status, out.Header, out.TLS = h.status, h.header, l.conn.secure
	if out.Reply, err = readBounded(h); err != nil {
		return err
	}
	out.RepliedAt = l.client.now()
	l.open, l.idle = l.conn.usable(h), idleLimit(h.header)
	return nil
}

// readBounded reads the reply's body; on a fault it answers what came before it.
func readBounded(h head) ([]byte, error) {
	if n := h.length; n >= 0 && n <= MaxAnswer {
		body := make([]byte, n)
		read, err := io.ReadFull(h.body, body)
		return body[:read], broken(err)
	}
	body, err := io.ReadAll(io.LimitReader(h.body, MaxAnswer+1))
	if err == nil && len(body) > MaxAnswer {
		return body[:MaxAnswer], ErrAnswerTooLarge
	}
	return body, err
}

package gateway

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// Listener is a listener of plain HTTP behind which every refusal has one form: what net/http refuses by itself,
// because it is no HTTP that it could read (an address with %zz, a header without a name), becomes an answer like
// ours, with an X-Request-Id that stands in the log. A connection that net/http must know to be TLS cannot be wrapped.
func Listener(listener net.Listener, logger *slog.Logger) net.Listener {
	return &plainListener{listener, logger}
}

type plainListener struct {
	net.Listener

	logger *slog.Logger
}

// Accept implements net.Listener.
func (l *plainListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http looks at it
	}
	return &plainConn{conn, l.logger}, nil
}

type plainConn struct {
	net.Conn

	logger *slog.Logger
}

// bare is what net/http writes behind the status line of what it refuses before there is a request. An answer to a
// request has a date.
const bare = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write implements net.Conn.
func (c *plainConn) Write(text []byte) (int, error) {
	line, _, found := bytes.Cut(text, []byte(bare))
	proto, rest, _ := bytes.Cut(line, []byte(" "))
	if !found || !bytes.HasPrefix(proto, []byte("HTTP/1.")) || len(rest) < 3 {
		return c.Conn.Write(text)
	}
	code, err := strconv.Atoi(string(rest[:3]))
	if err != nil || code < http.StatusBadRequest {
		return c.Conn.Write(text)
	}
	if _, err := c.Conn.Write(c.refusal(code)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// refusal is the whole answer.
func (c *plainConn) refusal(code int) []byte {
	id := serve.NewRequestID()
	sent := apierr.Error{
		Code: codes.InvalidArgument, Domain: apierr.Orchestrator, Metadata: map[string]string{"field": "request"},
		Message: "this is no HTTP request that could be read: look at the escapes of its address, and at its headers",
		Reason:  orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID,
	}
	body, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(sent.Status().Proto())
	if err != nil {
		body = []byte("{}")
	}
	c.logger.LogAttrs(telemetry.WithRequestID(context.Background(), id), slog.LevelInfo, "request",
		slog.String("from", c.RemoteAddr().String()), slog.Int("status", code))
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"+
		"%s: %s\r\nDate: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		code, http.StatusText(code), requestID, id, time.Now().UTC().Format(http.TimeFormat), len(body), body)
}

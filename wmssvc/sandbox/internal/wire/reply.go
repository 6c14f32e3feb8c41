package wire

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

type wire int

const (
	wireWhole wire = iota
	wireDrop       // close without a byte
	wireCut        // announce all, send half, close
)

// reply is a finished answer on its way out.
type reply struct {
	status      int
	contentType string
	encoding    string
	body        []byte
	target      string // the request's own URI
	location    string
	wire        wire
	reset       bool
}

func (r *reply) send(w http.ResponseWriter) error {
	if r.wire != wireWhole {
		return r.breakOff(w)
	}
	h := w.Header()
	h.Set("Content-Type", r.contentType)
	if r.encoding != "" {
		h.Set("Content-Encoding", r.encoding)
	}
	if r.location != "" {
		h.Set("Location", r.location)
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	_, err := w.Write(r.body)
	return err
}

// breakOff takes the connection from the server and closes it, with half of the answer or none.
func (r *reply) breakOff(w http.ResponseWriter) error {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take the connection: %w", err)
	}
	if r.wire == wireCut {
		var half bytes.Buffer
		fmt.Fprintf(&half, "HTTP/1.1 %d %s\r\n", r.status, http.StatusText(r.status))
		h := w.Header()
		h.Set("Content-Type", r.contentType)
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
		_ = h.Write(&half) // a bytes.Buffer takes everything
		half.WriteString("\r\n")
		half.Write(r.body[:len(r.body)/2])
		if _, err := conn.Write(half.Bytes()); err != nil {
			_ = conn.Close()
			return fmt.Errorf("send half an answer: %w", err)
		}
	}
	if tcp, ok := conn.(*net.TCPConn); ok && r.reset {
		_ = tcp.SetLinger(0) // if refused, it is an ordinary close
	}
	return conn.Close()
}

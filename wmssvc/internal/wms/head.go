package wms

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// head is what is known of a reply before its body is read.
type head struct {
	status int
	header http.Header
	// length is that of the body, -1 where only its end tells.
	length int64
	body   io.Reader
	// last says that the connection carries no other exchange.
	last bool
}

// plainHead reads the form that nearly every head has: 200, a Content-Length, and no word about the connection. It says
// false for anything else, valid or not, or not here as a whole, and takes nothing; net/http then reads it. Where it
// says true the two agree (see FuzzPlainHead). Read like this a cancel allocates seven objects less.
func plainHead(reader *bufio.Reader) (head, bool) {
	buffered, err := reader.Peek(reader.Buffered())
	if err != nil || !bytes.HasPrefix(buffered, plainStatus) {
		return head{}, false
	}
	end := bytes.Index(buffered, endOfHead)
	if end < len(plainStatus) {
		return head{}, false
	}
	// One copy, of which names and values are parts.
	fields := string(buffered[len(plainStatus) : end+len(endOfLine)])
	many := strings.Count(fields, endOfLine)
	h := head{status: http.StatusOK, header: make(http.Header, many), length: -1, body: reader}
	room := make([]string, many)
	for i := range room {
		var field string
		field, fields, _ = strings.Cut(fields, endOfLine)
		name, value, ok := plainField(field)
		if !ok || !h.takes(name, value) {
			return head{}, false
		}
		if known := h.header[name]; known != nil {
			h.header[name] = append(known, value)
			continue
		}
		room[i] = value
		h.header[name] = room[i : i+1 : i+1]
	}
	if h.length < 0 {
		return head{}, false
	}
	_, err = reader.Discard(end + len(endOfHead))
	return h, err == nil
}

const endOfLine = "\r\n"

var (
	plainStatus = []byte("HTTP/1.1 200 OK\r\n")
	endOfHead   = []byte("\r\n\r\n")
)

// takes notes the body's length, and says whether the field tells of nothing else but itself.
func (h *head) takes(name, value string) bool {
	switch name {
	case "Connection", "Transfer-Encoding", "Trailer", "Pragma":
		return false
	case "Content-Length":
		length, err := strconv.ParseUint(value, 10, 63)
		if err != nil || length > MaxAnswer || h.length >= 0 {
			return false
		}
		h.length = int64(length)
	}
	return true
}

// plainField reads a field whose name and value hold nothing out of the way.
func plainField(field string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(field, ":")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return "", "", false
		}
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' {
			return "", "", false
		}
	}
	return textproto.CanonicalMIMEHeaderKey(name), strings.Trim(value, " "), true
}

package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// body is the body of a request. It remembers what was read of it, by which a caller's own spelling of a field is
// found again, and whether it was too large.
type body struct {
	io.ReadCloser

	read  bytes.Buffer
	large bool
}

// Read implements io.Reader.
func (b *body) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	b.read.Write(into[:n])
	b.large = b.large || tooLarge(err)
	return n, err
}

// spelled is the path of a field as the caller wrote it: bill_no and billNo are the same. What he left out is spelled
// as the replies are, billNo.
func spelled(r *http.Request, field string) string {
	path := strings.Split(field, ".")
	for key := range r.URL.Query() {
		given := strings.Split(key, ".")
		if len(given) <= len(path) && sameNames(given, path[:len(given)]) {
			last := len(given) - 1
			given[last] += path[last][len(nameOf(path[last])):]
			return strings.Join(append(given, camels(path[last+1:])...), ".")
		}
	}
	if body, ok := r.Body.(*body); ok {
		return spelledIn(body.read.Bytes(), path)
	}
	return strings.Join(camels(path), ".")
}

// nameOf is a segment of a path without the place in a list: states of states[0].
func nameOf(segment string) string {
	name, _, _ := strings.Cut(segment, "[")
	return name
}

// spelledIn follows a path into the JSON of a body as far as that has it.
func spelledIn(raw []byte, path []string) string {
	written := camels(path)
	for i, segment := range path {
		name := nameOf(segment)
		place := segment[len(name):]
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			break
		}
		raw = nil
		for key, value := range object {
			if camel(key) == camel(name) {
				written[i], raw = key+place, value
			}
		}
		if place != "" {
			break // the names within lists are few, and their fields spelled as the replies are
		}
	}
	return strings.Join(written, ".")
}

func sameNames(a, b []string) bool {
	for i := range a {
		if camel(a[i]) != camel(nameOf(b[i])) {
			return false
		}
	}
	return true
}

func camels(path []string) []string {
	written := make([]string, len(path))
	for i, segment := range path {
		written[i] = camel(segment)
	}
	return written
}

// camel is the name of a field in JSON.
func camel(name string) string {
	var out strings.Builder
	up := false
	for _, c := range []byte(name) {
		switch {
		case c == '_':
			up = true
			continue
		case up && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		up = false
		out.WriteByte(c)
	}
	return out.String()
}

package control

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/wire"
)

// errRequest is a control call that makes no sense.
var errRequest = errors.New("bad request")

// Handler is the JSON API by which people and tests play with the sandbox. It
// answers callers on this machine only, unless the configuration says otherwise,
// and never a page of another site that somebody has open in a browser: neither
// one that says so, nor one that gave its own name this machine's address.
func (s *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, call := range s.calls() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := call(r)
			reply(w, answer, err)
		})
	}
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := *r
		asked.Method = http.MethodPost // a page of another site may not look either
		if err := origins.Check(&asked); err != nil {
			writeJSON(w, http.StatusForbidden,
				map[string]string{"error": "the control API answers no page of another site"})
			return
		}
		if !s.Open && !(fromLoopback(r.RemoteAddr) && namesLoopback(r.Host)) {
			writeJSON(w, http.StatusForbidden, map[string]string{"error": "the control API answers this machine only"})
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			writeJSON(w, http.StatusNotFound, map[string]string{
				"error": "no such control call: " + r.Method + " " + r.URL.Path + "; GET /control/ lists them",
			})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type call func(r *http.Request) (any, error)

func (s *API) calls() map[string]call {
	return map[string]call{
		"GET /control/{$}":                   s.help,
		"GET /control/bills":                 s.list,
		"POST /control/bills":                s.create,
		"GET /control/bills/{ref}":           s.get,
		"POST /control/bills/{ref}/{action}": s.action,
		"POST /control/bulk":                 s.bulk,
		"POST /control/bulk/void":            s.bulkVoid,
		"GET /control/truth":                 s.truth,
		"GET /control/truth/{bill_no}":       s.history,
		"GET /control/orders":                s.orders,
		"GET /control/personality":           s.personality,
		"PUT /control/personality":           s.setPersonality,
		"GET /control/faults":                s.faults,
		"POST /control/faults":               s.addFault,
		"DELETE /control/faults":             s.clearFaults,
		"POST /control/damage":               s.damage,
		"GET /control/sessions":              s.sessions,
		"POST /control/sessions/expire":      s.expire,
		"GET /control/sample-day":            s.sampleDay,
		"POST /control/sample-day/{step}":    s.play,
		"POST /control/copy":                 s.copy,
		"POST /control/copy/restore":         s.goBack,
		"POST /control/reset":                s.reset,
	}
}

// namesLoopback says whether a call's Host is this machine by address or by the one name that is always its own.
func namesLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

func fromLoopback(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// decode reads the body as JSON into v, refusing keys that v does not have; an
// empty body leaves v as it is.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return errors.Join(errRequest, err)
	}
	return nil
}

func reply(w http.ResponseWriter, answer any, err error) {
	if err == nil {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	var flow *books.FlowError
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, books.ErrNotFound), errors.Is(err, books.ErrNoCopy):
		status = http.StatusNotFound
	case errors.As(err, &flow), errors.Is(err, books.ErrNumberTaken):
		status = http.StatusConflict
	case errors.Is(err, books.ErrInvalid), errors.Is(err, errRequest):
		status = http.StatusBadRequest
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", wire.TypeJSON)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
}

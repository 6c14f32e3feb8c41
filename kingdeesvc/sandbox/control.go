package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// errRequest is a control call that makes no sense.
var errRequest = errors.New("bad request")

// handler is the JSON API by which people and tests play with the sandbox. It
// answers callers on this machine only, unless the configuration says otherwise,
// and never a page of another site that somebody has open in a browser: neither
// one that says so, nor one that gave its own name this machine's address.
func (s *API) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, call := range s.controlCalls() {
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
			writeJSON(w, http.StatusForbidden, map[string]string{"error": "the control API answers no page of another site"})
			return
		}
		if !s.Open && !(fromLoopback(r.RemoteAddr) && namesLoopback(r.Host)) {
			writeJSON(w, http.StatusForbidden, map[string]string{"error": "the control API answers this machine only"})
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			writeJSON(w, http.StatusNotFound, map[string]string{"error": "no such control call: " + r.Method + " " + r.URL.Path + "; GET /control/ lists them"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type controlCall func(r *http.Request) (any, error)

func (s *API) controlCalls() map[string]controlCall {
	return map[string]controlCall{
		"GET /control/{$}":                   s.controlHelp,
		"GET /control/bills":                 s.controlList,
		"POST /control/bills":                s.controlCreate,
		"GET /control/bills/{ref}":           s.controlGet,
		"POST /control/bills/{ref}/{action}": s.controlAction,
		"POST /control/bulk":                 s.controlBulk,
		"POST /control/bulk/void":            s.controlBulkVoid,
		"GET /control/truth":                 s.controlTruth,
		"GET /control/truth/{bill_no}":       s.controlHistory,
		"GET /control/orders":                s.controlOrders,
		"GET /control/personality":           s.controlPersonality,
		"PUT /control/personality":           s.controlSetPersonality,
		"GET /control/faults":                s.controlFaults,
		"POST /control/faults":               s.controlAddFault,
		"DELETE /control/faults":             s.controlClearFaults,
		"POST /control/damage":               s.controlDamage,
		"GET /control/sessions":              s.controlSessions,
		"POST /control/sessions/expire":      s.controlExpire,
		"GET /control/sample-day":            s.controlSampleDay,
		"POST /control/sample-day/{step}":    s.controlPlay,
		"POST /control/copy":                 s.controlCopy,
		"POST /control/copy/restore":         s.controlGoBack,
		"POST /control/reset":                s.controlReset,
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
	var flow *FlowError
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrNoCopy):
		status = http.StatusNotFound
	case errors.As(err, &flow), errors.Is(err, ErrNumberTaken):
		status = http.StatusConflict
	case errors.Is(err, ErrInvalid), errors.Is(err, errRequest):
		status = http.StatusBadRequest
	}
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
}

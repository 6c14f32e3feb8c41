// Package control is the JSON API under /control/, by which those who run a test work the sandbox over HTTP. It does
// nothing that the sandbox's own methods do not.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/internal/wire"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// API is what the control calls work on. All of it must be given.
type API struct {
	// Anywhere opens the calls to other machines, and to any name of this one.
	Anywhere bool
	Clerk    *warehouse.Clerk
	Conduct  *behaviour.Conduct
	Face     *wire.Face
	// Status sums up the sandbox, Reset forgets everything.
	Status func() any
	Reset  func() error
}

// maxControlBody holds some 300,000 orders.
const maxControlBody = 64 << 20

// Handler is the JSON API of those who run the test, for this machine only and not for web pages opened on it.
func (s *API) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
			value, err := serve(r)
			writeJSON(w, value, err)
		})
	}
	handle("GET /control/status", func(*http.Request) (any, error) { return s.Status(), nil })
	handle("GET /control/orders", s.orders)
	handle("POST /control/orders", s.create)
	handle("POST /control/orders/bulk", s.bulk)
	handle("POST /control/orders/state", s.state)
	handle("GET /control/truth", s.truth)
	handle("GET /control/rejections", s.rejections)
	handle("GET /control/personality", func(*http.Request) (any, error) { return s.Conduct.Personality(), nil })
	handle("PUT /control/personality",
		func(r *http.Request) (any, error) { return s.personality(r, behaviour.Personality{}) })
	handle("PATCH /control/personality",
		func(r *http.Request) (any, error) { return s.personality(r, s.Conduct.Personality()) })
	handle("GET /control/faults", func(*http.Request) (any, error) { return s.faults(), nil })
	handle("POST /control/faults", s.addFault)
	handle("DELETE /control/faults",
		func(*http.Request) (any, error) { s.Conduct.ClearFaults(); return s.faults(), nil })
	handle("POST /control/reset", func(*http.Request) (any, error) { return struct{}{}, s.Reset() })
	return s.closed(http.NewCrossOriginProtection().Handler(mux))
}

// closed keeps out pages of other sites, whatever they ask for, and, unless told otherwise, other machines and other
// names of this one: a page whose name was made to lead to this machine (DNS rebinding) calls it by that name.
func (s *API) closed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case site != "" && site != "same-origin" && site != "none", foreignOrigin(r):
			http.Error(w, "the control API is not for pages of other sites", http.StatusForbidden)
		case !s.Anywhere && (!isLoopback(r.RemoteAddr) || !isLoopback(r.Host)):
			http.Error(w, "the control API is for this machine only, by the name localhost or a loopback address",
				http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// foreignOrigin says that a page of another origin sent the request.
func foreignOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	from, err := url.Parse(origin)
	return err != nil || from.Host != r.Host
}

// isLoopback reads host:port, or a host alone.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func writeJSON(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		value = map[string]string{"error": err.Error()}
		switch {
		case errors.Is(err, behaviour.ErrInvalid):
			status = http.StatusBadRequest
		case errors.Is(err, warehouse.ErrNotFound):
			status = http.StatusNotFound
		case errors.Is(err, warehouse.ErrConflict):
			status = http.StatusConflict
		default:
			status = http.StatusInternalServerError
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // the client has gone; there is nobody to tell
}

// readJSON reads exactly one value, with no field that is not known.
func readJSON(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: body: %w", behaviour.ErrInvalid, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: body: more than one value", behaviour.ErrInvalid)
	}
	return nil
}

func (s *API) create(r *http.Request) (any, error) {
	var o warehouse.Order
	if err := readJSON(r, &o); err != nil {
		return nil, err
	}
	return s.Clerk.CreateOrder(o)
}

func (s *API) bulk(r *http.Request) (any, error) {
	var many struct {
		Orders []warehouse.Order `json:"orders"`
	}
	if err := readJSON(r, &many); err != nil {
		return nil, err
	}
	return s.Clerk.CreateOrders(many.Orders), nil
}

func (s *API) state(r *http.Request) (any, error) {
	var m warehouse.Move
	if err := readJSON(r, &m); err != nil {
		return nil, err
	}
	return s.Clerk.SetState(m)
}

func (s *API) orders(r *http.Request) (any, error) {
	f, err := readFilter(r)
	if err != nil {
		return nil, err
	}
	return s.Clerk.Orders(f)
}

func (s *API) truth(r *http.Request) (any, error) {
	f, err := readFilter(r)
	if err != nil {
		return nil, err
	}
	return s.Clerk.Truths(f)
}

func (s *API) rejections(*http.Request) (any, error) {
	kept, count := s.Face.Rejections()
	return struct {
		Count      int64                 `json:"count"`
		Rejections []warehouse.Rejection `json:"rejections"`
	}{count, kept}, nil
}

func (s *API) personality(r *http.Request, p behaviour.Personality) (any, error) {
	if err := readJSON(r, &p); err != nil {
		return nil, err
	}
	if err := s.Conduct.SetPersonality(p); err != nil {
		return nil, err
	}
	return s.Conduct.Personality(), nil
}

func (s *API) faults() any {
	return struct {
		Faults []behaviour.Fault     `json:"faults"`
		Known  []behaviour.FaultKind `json:"known"`
	}{s.Conduct.Faults(), behaviour.FaultKinds()}
}

func (s *API) addFault(r *http.Request) (any, error) {
	var f behaviour.Fault
	if err := readJSON(r, &f); err != nil {
		return nil, err
	}
	if err := s.Conduct.AddFaults(f); err != nil {
		return nil, err
	}
	return s.faults(), nil
}

// readFilter reads the query; a parameter that is not known is an error rather than a wider list.
func readFilter(r *http.Request) (warehouse.Filter, error) {
	var f warehouse.Filter
	texts := map[string]*string{
		"sid": &f.SID, "warehouse_code": &f.WarehouseCode, "order_code": &f.OrderCode, "order_type": &f.OrderType,
		"page_token": &f.PageToken,
	}
	flags := map[string]*bool{"requested": &f.Requested, "effective": &f.Effective, "unknown": &f.Unknown}
	for name, values := range r.URL.Query() {
		var err error
		value := values[0]
		switch {
		case texts[name] != nil:
			*texts[name] = value
		case flags[name] != nil:
			*flags[name], err = strconv.ParseBool(value)
		case name == "state":
			err = f.State.UnmarshalText([]byte(value))
		case name == "page_size":
			f.PageSize, err = strconv.Atoi(value)
		default:
			err = errors.New("not a known parameter")
		}
		if err != nil {
			return f, fmt.Errorf("%w: %s: %w", behaviour.ErrInvalid, name, err)
		}
	}
	return f, nil
}

package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway/viewer"
	"github.com/voidrelay/voidrelay/proto"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// front answers what is not an RPC, and refuses what the generated handlers would let pass or choke on. It is no
// http.ServeMux: that one redirects a path with two slashes, and a bill number may have them.
type front struct {
	mux *runtime.ServeMux
	// zipped is mux with replies compressed, document the OpenAPI document, and viewer the page that shows it.
	zipped, document, viewer http.Handler

	ready http.HandlerFunc
	door  *access.Door
	guard guard
	pacer *pacer
	// events bears the watches, on a connection of their own.
	events orchestratorv1.EventServiceClient
}

// open says of a path that everybody may see it, as often as he likes: probes, and the page that asks for the document.
func open(path string) bool { return path == "/healthz" || path == "/readyz" || viewer.Has(path) }

// pages are the paths that are no RPC.
var pages = map[string]func(*front, http.ResponseWriter, *http.Request){
	"/healthz":      func(_ *front, w http.ResponseWriter, _ *http.Request) { serve.Alive(w) },
	"/readyz":       func(f *front, w http.ResponseWriter, r *http.Request) { f.ready(w, r) },
	"/openapi.json": func(f *front, w http.ResponseWriter, r *http.Request) { f.document.ServeHTTP(w, r) },
}

func pageAt(path string) (page func(*front, http.ResponseWriter, *http.Request), ok bool) {
	if viewer.Has(path) {
		return func(f *front, w http.ResponseWriter, r *http.Request) { f.viewer.ServeHTTP(w, r) }, true
	}
	page, ok = pages[path]
	return page, ok
}

// ServeHTTP answers one request.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = &body{ReadCloser: r.Body}
	if cause, ok := f.guard.check(r); !ok {
		f.fail(w, r, cause)
		return
	}
	if !open(r.URL.Path) {
		// Who is not known learns that, and not what there is, what is wrong with his request, or that it is too long.
		asked, err := f.door.EnterHTTP(r)
		if err != nil {
			f.unknown(w, r, err)
			return
		}
		r = asked
		noteCaller(r.Context())
		if wait := f.pacer.wait(access.Asker(r.Context()), time.Now()); wait > 0 {
			f.slow(w, r, wait)
			return
		}
	}
	if page, ok := pageAt(r.URL.Path); ok {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			f.refuse(w, r, http.StatusMethodNotAllowed)
			return
		}
		page(f, w, r)
		return
	}
	if cause, ok := readable(r); !ok {
		f.fail(w, r, cause)
		return
	}
	if r.ContentLength > maxBody {
		f.tooLarge(w, r)
		return
	}
	if r.URL.Path == streamPath {
		if r.Method == http.MethodHead {
			heading(w, r)
			return
		}
		f.mux.ServeHTTP(w, r) // nothing may keep what it writes
		return
	}
	asked, cause, ok := withKey(r.WithContext(withMatch(r)))
	if !ok {
		f.fail(w, r, cause)
		return
	}
	if r.Method == http.MethodHead {
		// What would be answered to GET; the server leaves the body out.
		asked.Method = http.MethodGet
	}
	f.zipped.ServeHTTP(w, asked)
}

// readable says what of a request's address cannot be read.
func readable(r *http.Request) (fault, bool) {
	if !utf8.ValidString(r.URL.Path) {
		return fault{"path", "is not UTF-8"}, false
	}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if _, err := url.ParseQuery(pair); err != nil {
			name, _, _ := strings.Cut(pair, "=")
			return fault{strings.ToValidUTF8(clip(name), "\uFFFD"), "is not escaped as it should be"}, false
		}
	}
	if r.Method == http.MethodPost && r.URL.RawQuery != "" {
		return fault{first(r), "a POST takes no query parameters; put it into the body"}, false
	}
	return fault{}, true
}

// first is the first query parameter by name.
func first(r *http.Request) string {
	var names []string
	for name := range r.URL.Query() {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "query"
	}
	return slices.Min(names)
}

func (f *front) marshaler(r *http.Request) runtime.Marshaler {
	_, marshaler := runtime.MarshalerForRequest(f.mux, r)
	return marshaler
}

func (f *front) fail(w http.ResponseWriter, r *http.Request, cause fault) {
	writeError(r.Context(), f.mux, f.marshaler(r), w, r, status.Error(codes.InvalidArgument, cause.Error()))
}

// unknown answers as the gRPC server does whom it does not know, or does not look at.
func (f *front) unknown(w http.ResponseWriter, r *http.Request, err error) {
	sent := apierr.Error{
		Code: codes.Unauthenticated, Domain: apierr.Orchestrator, Message: err.Error(),
		Reason: orchestratorv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
	}
	if held, ok := errors.AsType[*access.HeldBackError](err); ok {
		sent.Code, sent.RetryAfter = codes.ResourceExhausted, held.RetryAfter
		sent.Reason = orchestratorv1.ErrorReason_ERROR_REASON_LOGINS_HELD_BACK
	}
	f.send(w, r, 0, sent)
}

// slow refuses a caller who asks too often.
func (f *front) slow(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	f.send(w, r, 0, apierr.Error{
		Code: codes.ResourceExhausted, Domain: apierr.Orchestrator, RetryAfter: max(wait, time.Second),
		Message: fmt.Sprintf("at most %v requests a second by one caller (调用过于频繁)", f.pacer.pace.PerSecond),
		Reason:  orchestratorv1.ErrorReason_ERROR_REASON_TOO_MANY_CALLS,
	})
}

func (f *front) tooLarge(w http.ResponseWriter, r *http.Request) {
	cause := fault{"body", fmt.Sprintf("is larger than %d bytes", maxBody)}
	f.send(w, r, http.StatusRequestEntityTooLarge, apierr.Error{
		Code: codes.InvalidArgument, Domain: apierr.Orchestrator, Message: cause.Error(),
		Metadata: map[string]string{"field": cause.field},
		Reason:   orchestratorv1.ErrorReason_ERROR_REASON_REQUEST_INVALID,
	})
}

func (f *front) send(w http.ResponseWriter, r *http.Request, code int, sent apierr.Error) {
	send(f.marshaler(r), w, r, code, sent.Status())
}

func (f *front) refuse(w http.ResponseWriter, r *http.Request, httpStatus int) {
	f.writeRoutingError(r.Context(), f.mux, f.marshaler(r), w, r, httpStatus)
}

func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(proto.OpenAPI)
}

package gateway

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/proto"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// front answers what is not an RPC, and refuses what the generated handlers would let pass or choke on. It is no
// http.ServeMux: that one redirects a path with two slashes, and a bill number may have them.
type front struct {
	mux   *runtime.ServeMux
	ready http.HandlerFunc
	door  *access.Door
	guard guard
}

// open are the paths that everybody may see: probes.
var open = map[string]bool{"/healthz": true, "/readyz": true}

// pages are the paths that are no RPC.
var pages = map[string]func(*front, http.ResponseWriter, *http.Request){
	"/healthz":      func(_ *front, w http.ResponseWriter, _ *http.Request) { serve.Alive(w) },
	"/readyz":       func(f *front, w http.ResponseWriter, r *http.Request) { f.ready(w, r) },
	"/openapi.json": (*front).openAPI,
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if cause, ok := f.guard.check(r); !ok {
		f.fail(w, r, cause)
		return
	}
	if !open[r.URL.Path] {
		// Who is not known learns that, and not what there is, what is wrong with his request, or that it is too long.
		asked, err := f.door.EnterHTTP(r)
		if err != nil {
			f.unknown(w, r, err)
			return
		}
		r = asked
	}
	if page, ok := pages[r.URL.Path]; ok {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			f.refuse(w, r, http.StatusMethodNotAllowed)
			return
		}
		page(f, w, r)
		return
	}
	switch {
	case !utf8.ValidString(r.URL.Path):
		f.fail(w, r, fault{"path", "is not UTF-8"})
	case r.Method == http.MethodPost && r.URL.RawQuery != "":
		f.fail(w, r, fault{first(r), "a POST takes no query parameters; put it into the body"})
	default:
		f.mux.ServeHTTP(w, r)
	}
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

func (f *front) fail(w http.ResponseWriter, r *http.Request, cause fault) {
	_, marshaler := runtime.MarshalerForRequest(f.mux, r)
	writeError(r.Context(), f.mux, marshaler, w, r, status.Error(codes.InvalidArgument, cause.Error()))
}

// unknown answers as the gRPC server does whom it does not know.
func (f *front) unknown(w http.ResponseWriter, r *http.Request, err error) {
	sent := apierr.Error{
		Code: codes.Unauthenticated, Domain: apierr.Orchestrator, Message: err.Error(),
		Reason: orchestratorv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED,
	}
	_, marshaler := runtime.MarshalerForRequest(f.mux, r)
	writeError(r.Context(), f.mux, marshaler, w, r, sent.Err())
}

func (f *front) refuse(w http.ResponseWriter, r *http.Request, httpStatus int) {
	_, marshaler := runtime.MarshalerForRequest(f.mux, r)
	writeRoutingError(r.Context(), f.mux, marshaler, w, r, httpStatus)
}

func (f *front) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(proto.OpenAPI)
}

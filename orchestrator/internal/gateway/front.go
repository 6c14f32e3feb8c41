package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/proto"
)

// front answers what is not an RPC, and refuses what the generated handlers would let pass or choke on. It is no
// http.ServeMux: that one redirects a path with two slashes, and a bill number may have them.
type front struct {
	mux   *runtime.ServeMux
	pulse *grpc.ClientConn
	guard guard
}

// pages are the paths that are no RPC.
var pages = map[string]func(*front, http.ResponseWriter, *http.Request){
	"/healthz":      (*front).alive,
	"/readyz":       (*front).ready,
	"/openapi.json": (*front).openAPI,
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if cause, ok := f.guard.check(r); !ok {
		f.fail(w, r, cause)
		return
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

func (f *front) refuse(w http.ResponseWriter, r *http.Request, httpStatus int) {
	_, marshaler := runtime.MarshalerForRequest(f.mux, r)
	writeRoutingError(r.Context(), f.mux, marshaler, w, r, httpStatus)
}

// alive says that this process answers, nothing more.
func (f *front) alive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, `{"status":"alive"}`)
}

// readyWithin bounds how long the health service is asked. It answers from memory.
const readyWithin = 2 * time.Second

// ready asks the orchestrator's health service, which knows what it needs and what stands still. That something stands
// still takes no host out of a balancer, as long as this one can do anything useful: the others could do no better.
func (f *front) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	var header metadata.MD
	answer, err := grpc_health_v1.NewHealthClient(f.pulse).Check(ctx, &grpc_health_v1.HealthCheckRequest{},
		grpc.Header(&header))
	code, body := http.StatusOK, readiness{Status: "ready", Conditions: json.RawMessage("[]")}
	if err != nil || answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		code, body.Status = http.StatusServiceUnavailable, "not ready"
	}
	if told := header.Get(serve.HealthDetailKey); len(told) > 0 && json.Valid([]byte(told[0])) {
		body.Conditions = json.RawMessage(readable(told[0]))
	}
	text, err := json.Marshal(body)
	if err != nil {
		code, text = http.StatusServiceUnavailable, []byte(`{"status":"not ready","conditions":[]}`)
	}
	writeJSON(w, code, string(text))
}

// escaped are the letters that JSON in a header cannot have as they are: all but ASCII. A backslash before another one
// is passed over with it, so that it begins no letter.
var escaped = regexp.MustCompile(`\\\\|(?:\\u[0-9a-f]{4})+`)

// readable puts the letters back that JSON in ASCII escapes, so that people can read them where they ask; control
// characters and what belongs to JSON itself stay as they are.
func readable(text string) string {
	return escaped.ReplaceAllStringFunc(text, func(letters string) string {
		var plain string
		if err := json.Unmarshal([]byte(`"`+letters+`"`), &plain); err != nil {
			return letters
		}
		for _, r := range plain {
			if r < utf8.RuneSelf || r == utf8.RuneError {
				return letters
			}
		}
		return plain
	})
}

// readiness is what /readyz answers.
type readiness struct {
	Status     string          `json:"status"`
	Conditions json.RawMessage `json:"conditions"`
}

func (f *front) openAPI(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, string(proto.OpenAPI))
}

func writeJSON(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}

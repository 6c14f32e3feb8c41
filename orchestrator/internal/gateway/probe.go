package gateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

type probeKey struct{}

// probed answers a question whether a path takes a method, and lets everything else go on.
func probed(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, path map[string]string) {
		if found, ok := r.Context().Value(probeKey{}).(*bool); ok {
			*found = true
			return
		}
		next(w, r, path)
	}
}

// allowed lists the methods that the path of a request takes, as an Allow header has them.
func (f *front) allowed(r *http.Request) string {
	if _, ok := pageAt(r.URL.Path); ok {
		return "GET, HEAD"
	}
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		found := false
		asked := r.Clone(context.WithValue(r.Context(), probeKey{}, &found))
		asked.Method = method
		f.mux.ServeHTTP(nowhere{}, asked)
		switch {
		case found && method == http.MethodGet:
			methods = append(methods, http.MethodGet, http.MethodHead)
		case found:
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

// nowhere takes the answer to a probe.
type nowhere struct{}

// Header implements http.ResponseWriter.
func (nowhere) Header() http.Header { return http.Header{} }

// Write implements http.ResponseWriter.
func (nowhere) Write(text []byte) (int, error) { return len(text), nil }

// WriteHeader implements http.ResponseWriter.
func (nowhere) WriteHeader(int) {}

package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// Ops answers those who look after a running service: GET /healthz, /readyz and /metrics. It asks nobody who he is and
// speaks plain text, so nothing it says may be a secret or about a bill. Losing it costs figures and nothing else.
type Ops struct {
	listener net.Listener
	server   *http.Server
}

const (
	// mostScrapes bounds how many are answered at once; more get 503.
	mostScrapes = 4
	scrapeTime  = 10 * time.Second
)

// ListenOps takes the address, to tell how the server stands and what the registry holds there; an empty address
// serves nothing. A fault names the setting that it comes from.
func ListenOps(
	ctx context.Context, setting, addr string, server *GRPC, registry *prometheus.Registry, logger *slog.Logger,
) (*Ops, error) {
	o := &Ops{server: HTTP(opsPages(server, registry), logger)}
	o.server.MaxHeaderBytes = 8 << 10 // nobody shows anything here
	if addr == "" {
		return o, nil
	}
	var err error
	o.listener, err = server.ListenOn(ctx, setting, addr)
	return o, err
}

func opsPages(server *GRPC, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { Alive(w) })
	mux.HandleFunc("GET /readyz", server.Ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: mostScrapes, Timeout: scrapeTime,
	}))
	return http.MaxBytesHandler(mux, 0)
}

// Alive answers that this process lives, nothing more.
func Alive(w http.ResponseWriter) { writeJSON(w, http.StatusOK, []byte(`{"status":"alive"}`)) }

// standing is what GET /readyz answers.
type standing struct {
	Status     string          `json:"status"`
	Conditions json.RawMessage `json:"conditions"`
}

const (
	ready    = "ready"
	notReady = "not ready"
)

// standing is how the server stands, as its health has it.
func (g *GRPC) standing(ctx context.Context) standing {
	s := standing{Status: ready, Conditions: json.RawMessage("[]")}
	answer, err := g.checks.Server.Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		s.Status = notReady
	}
	if told := g.checks.told.Load(); told != nil {
		s.Conditions = *told
	}
	return s
}

// Ready answers GET /readyz: 200 where the server can do its work, as its health has it, and else 503; in any case with
// what SetHealthDetail said last. It answers from memory.
func (g *GRPC) Ready(w http.ResponseWriter, r *http.Request) {
	s, code := g.standing(r.Context()), http.StatusOK
	if s.Status != ready {
		code = http.StatusServiceUnavailable
	}
	text, err := json.Marshal(s)
	if err != nil {
		code, text = http.StatusServiceUnavailable, []byte(`{"status":"`+notReady+`","conditions":[]}`)
	}
	writeJSON(w, code, text)
}

func writeJSON(w http.ResponseWriter, code int, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(visible.JSON(text))
}

// Addr is where it listens, with the port that was chosen for port 0; empty where it is not wanted.
func (o *Ops) Addr() string {
	if o == nil || o.listener == nil {
		return ""
	}
	return o.listener.Addr().String()
}

// Serve answers until Close.
func (o *Ops) Serve() error {
	if o.listener == nil {
		return nil
	}
	if err := o.server.Serve(o.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve probes and metrics: %w", err)
	}
	return nil
}

// Close ends it at once.
func (o *Ops) Close() {
	if o != nil && o.listener != nil {
		_ = o.server.Close()
		_ = o.listener.Close()
	}
}

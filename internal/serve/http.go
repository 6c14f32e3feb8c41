package serve

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// HTTP bounds what a caller can take of us: each step of a request has its limit, and headers their size. What the
// server itself complains of goes to the log.
func HTTP(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ErrorLog: telemetry.HTTPErrors(logger),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
}

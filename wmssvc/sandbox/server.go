package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/internal/control"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/internal/wire"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Server is a running sandbox. All methods, those of Clerk and of Conduct among them, may be called from several
// goroutines, and after Stop as well.
type Server struct {
	*warehouse.Clerk
	*behaviour.Conduct

	cfg  Config
	book *warehouse.Book
	face *wire.Face

	addr     string
	http     *http.Server
	served   chan struct{} // closed when serving has ended
	serveErr error         // set before served is closed
	stopOnce sync.Once
	stopErr  error
}

// Start listens and serves until Stop; ctx bounds the start only. Settings that are wrong are reported all at once.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("wms sandbox: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("wms sandbox: %w", err)
	}
	b, remembered, err := warehouse.Open(cfg.StateFile)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	begin := cfg.Personality
	if remembered != nil {
		begin = *remembered
	}
	conduct := behaviour.NewConduct(cfg.Now, cfg.Personality, begin, b.Remember)
	s := &Server{
		Clerk: warehouse.NewClerk(b, cfg.Accounts, cfg.Now, conduct.Current), Conduct: conduct, cfg: cfg, book: b,
		face:   wire.New(wire.Setup{Accounts: cfg.Accounts, Now: cfg.Now, Log: cfg.Logger, Book: b, Conduct: conduct}),
		addr:   listener.Addr().String(),
		served: make(chan struct{}),
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      5 * time.Minute, // longer than latency and delay together
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.serveErr = err
		}
	}()
	cfg.Logger.InfoContext(ctx, "wms sandbox serves", "url", s.URL(), "orders", b.Count().Orders)
	return s, nil
}

// handler puts the headers that are on every answer around everything.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	s.face.Serve(mux)
	control := &control.API{
		Anywhere: s.cfg.ControlAnywhere, Clerk: s.Clerk, Conduct: s.Conduct, Face: s.face,
		Status: func() any { return s.Status() }, Reset: s.Reset,
	}
	mux.Handle("/control/", control.Handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(HeaderSandbox, headerSandboxValue)
		w.Header().Set("Date", s.Current().Clock(s.cfg.Now()).UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}

// Addr is the host:port it listens on.
func (s *Server) Addr() string { return s.addr }

// BaseURL is the root of all paths, without a final slash.
func (s *Server) BaseURL() string { return "http://" + s.addr }

// URL is the full WDT endpoint, ready for a client's configuration.
func (s *Server) URL() string { return s.BaseURL() + wire.WDTPath }

// QimenURL is the full Qimen endpoint.
func (s *Server) QimenURL() string { return s.BaseURL() + wire.QimenPath }

// Wait blocks until serving has ended and returns why, nil after Stop.
func (s *Server) Wait() error {
	<-s.served
	return s.serveErr
}

// Stop ends waiting answers (their connections drop), lets the running ones finish while ctx lasts but not longer than
// a second, and closes the state file. A second call waits for the first and returns the same.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		s.face.Close()
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close() // connections that never sent a request keep Shutdown waiting; nothing is lost with them
		}
		<-s.served
		s.stopErr = errors.Join(s.serveErr, s.book.Close())
	})
	return s.stopErr
}

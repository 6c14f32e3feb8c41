package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running sandbox. All methods may be called from several goroutines, and after Stop as well.
type Server struct {
	accounts []Account
	now      func() time.Time
	logger   *slog.Logger
	// controlAnywhere opens the control API to other machines.
	controlAnywhere bool
	first           Personality // what Reset returns to
	personality     atomic.Pointer[Personality]
	// personalSince is when the personality was set, in nanoseconds.
	personalSince atomic.Int64
	personalMu    sync.Mutex // orders changes of the personality with their lines in the journal

	book       *book
	faults     *faults
	throttle   *throttle
	rejections *rejections

	addr     string
	http     *http.Server
	stopping chan struct{}
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
	s := &Server{
		accounts: cfg.Accounts, now: cfg.Now, logger: cfg.Logger, first: cfg.Personality, controlAnywhere: cfg.ControlAnywhere,
		faults: newFaults(), throttle: newThrottle(), rejections: &rejections{},
		stopping: make(chan struct{}), served: make(chan struct{}),
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("wms sandbox: %w", err)
	}
	if err := s.load(cfg.StateFile); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.personalSince.Store(s.now().UnixNano())
	s.addr = listener.Addr().String()
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
	s.logger.InfoContext(ctx, "wms sandbox serves", "url", s.URL(), "orders", s.book.orders.Load())
	return s, nil
}

// load restores book and personality, and opens the journal.
func (s *Server) load(path string) error {
	p := s.first
	s.personality.Store(&p)
	if path == "" {
		s.book = newBook(nil)
		return nil
	}
	lines, err := readJournal(path)
	if err != nil {
		return err
	}
	kept, remembered := living(lines)
	start := kept
	if remembered != nil {
		p = remembered.withDefaults()
		if err := p.validate(); err != nil {
			return fmt.Errorf("sandbox state %s: %w", path, err)
		}
		start = append(start[:len(start):len(start)], line{Personality: &p})
	}
	j, err := openJournal(path, start)
	if err != nil {
		return err
	}
	s.book = newBook(j)
	s.book.restore(kept)
	return nil
}

// handler puts the headers that are on every answer around everything.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, d := range []*dialect{&wdtDialect, &qimenDialect} {
		mux.HandleFunc(d.path, s.serveVendor(d))
	}
	mux.Handle("/control/", s.control())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(HeaderSandbox, headerSandboxValue)
		w.Header().Set("Date", s.personality.Load().clock(s.now()).UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}

// Addr is the host:port it listens on.
func (s *Server) Addr() string { return s.addr }

// BaseURL is the root of all paths, without a final slash.
func (s *Server) BaseURL() string { return "http://" + s.addr }

// URL is the full WDT endpoint, ready for a client's configuration.
func (s *Server) URL() string { return s.BaseURL() + wdtDialect.path }

// QimenURL is the full Qimen endpoint.
func (s *Server) QimenURL() string { return s.BaseURL() + qimenDialect.path }

// Wait blocks until serving has ended and returns why, nil after Stop.
func (s *Server) Wait() error {
	<-s.served
	return s.serveErr
}

// Stop ends waiting answers (their connections drop), lets the running ones finish while ctx lasts but not longer than
// a second, and closes the state file. A second call waits for the first and returns the same.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		close(s.stopping)
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close() // connections that never sent a request keep Shutdown waiting; nothing is lost with them
		}
		<-s.served
		s.stopErr = errors.Join(s.serveErr, s.book.journal.close())
	})
	return s.stopErr
}

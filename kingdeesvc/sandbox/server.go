package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running sandbox. Its methods mirror the control API and may be
// called from any goroutine.
type Server struct {
	cfg      Config
	log      *slog.Logger
	base     catalogue
	fields   *fieldSet
	store    *store
	sessions *sessions
	lockout  *lockout
	faults   *faultQueue
	damage   atomic.Pointer[damages]
	behave   atomic.Pointer[Personality]
	queries  atomic.Uint64
	balanced atomic.Uint64 // clients that the balancer did not know
	calls    callCounter
	kept     atomic.Pointer[state] // the copy that GoBack restores
	saver    *saver

	addr  string
	http  *http.Server
	fresh freshConns
	// closing ends the delays of calls under way; done is closed when the listener's goroutine has ended.
	closing chan struct{}
	done    chan struct{}
	stop    sync.Once
	err     error // of Stop
}

// Start opens a sandbox: state from Config.StateFile if there is any, else the
// seed's bills if one is given. It serves until Stop; ctx bounds only the start.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	base := newCatalogue()
	s := &Server{
		cfg: cfg, log: cfg.Logger, base: base, fields: newFieldSet(base, cfg.CustomFields),
		sessions: newSessions(), lockout: &lockout{}, faults: &faultQueue{},
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	s.behave.Store(&cfg.Personality)
	s.saver = newSaver(cfg.StateFile, cfg.Logger)
	s.store = newStore(cfg.TimeZone, s.saver.changed)
	loaded, err := s.load()
	if err != nil {
		return nil, err
	}
	if !loaded && cfg.Seed != 0 {
		if err := s.Seed(ctx, cfg.Seed); err != nil {
			return nil, err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("kingdee sandbox: %w", err)
	}
	s.addr = listener.Addr().String()
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnState:         s.fresh.note,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	s.saver.start(s.snapshot)
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.ErrorContext(context.WithoutCancel(ctx), "kingdee sandbox stopped serving", "err", err)
		}
	}()
	return s, nil
}

// Addr is the host and port that the sandbox listens on.
func (s *Server) Addr() string { return s.addr }

// URL is the base address, without /K3Cloud and without a slash at its end.
func (s *Server) URL() string { return "http://" + s.addr }

// Config is what the sandbox runs with, defaults filled in.
func (s *Server) Config() Config { return s.cfg }

// Stop ends the server, waiting for calls under way until ctx is done, and saves
// the state. Calls that only wait for a delay are cut. A second call returns what the first one did.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		close(s.closing)
		s.fresh.close()
		err := s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("kingdee sandbox: calls were still under way: %w", err), s.http.Close())
		}
		<-s.done
		s.err = errors.Join(err, s.saver.stop())
	})
	return s.err
}

// Personality is how the server behaves now.
func (s *Server) Personality() Personality { return *s.behave.Load() }

// SetPersonality changes how the server behaves from the next call on.
func (s *Server) SetPersonality(p Personality) { s.behave.Store(&p) }

// AddFault queues a fault; it says what is wrong with one that makes no sense.
func (s *Server) AddFault(f Fault) error { return s.faults.add(f) }

// Faults are those still to come.
func (s *Server) Faults() []Fault { return s.faults.pending() }

// ClearFaults forgets faults still to come, and all damage.
func (s *Server) ClearFaults() {
	s.faults.clear()
	s.damage.Store(nil)
}

// Damage makes the rows of one bill unreadable, or whole again when d says nothing.
func (s *Server) Damage(d Damage) error {
	id, err := s.resolve(d.Bill)
	if err != nil {
		return err
	}
	for {
		old := s.damage.Load()
		if s.damage.CompareAndSwap(old, old.with(id, d)) {
			return nil
		}
	}
}

// ExpireSessions ends every session and says how many there were.
func (s *Server) ExpireSessions() int { return s.sessions.expire() }

// Sessions is how many sessions are open.
func (s *Server) Sessions() int { return s.sessions.count() }

// random gives the disorder of one query: seeded, yet different from call to call.
func (s *Server) random(p Personality) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed, s.queries.Add(1))) //nolint:gosec // disorder, not a secret
}

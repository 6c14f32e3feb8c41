package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/control"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/wire"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

// Server is a running sandbox. Its methods, those of Clerk and those of Conduct mirror the control API and may be
// called from any goroutine.
type Server struct {
	*books.Clerk
	*behaviour.Conduct

	cfg   Config
	store *books.Store
	face  *wire.Face

	addr  string
	http  *http.Server
	fresh freshConns
	done  chan struct{} // closed when the listener's goroutine has ended
	stop  sync.Once
	err   error // of Stop
}

// Start opens a sandbox: state from Config.StateFile if there is any, else the
// seed's bills if one is given. It serves until Stop; ctx bounds only the start.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	st, loaded, err := books.Open(cfg.AcctID, cfg.StateFile, cfg.TimeZone, cfg.Logger)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, store: st, Conduct: behaviour.NewConduct(cfg.Personality), done: make(chan struct{})}
	forms := form.NewSet(form.NewCatalogue(), cfg.CustomFields)
	for _, b := range st.All() {
		forms.Learn(b)
	}
	s.Clerk = books.NewClerk(st, books.Desk{
		Now: cfg.Now, Learn: forms.Learn, OnAudit: cfg.OnAudit, Log: cfg.Logger,
		Rules: func() books.Rules { return s.Conduct.Personality().Rules() },
	})
	account := wire.Account{
		AcctID: cfg.AcctID, DataCenterName: cfg.DataCenterName, Username: cfg.Username, Password: cfg.Password,
		AppID: cfg.AppID, AppSecret: cfg.AppSecret,
	}
	s.face = wire.New(wire.Setup{
		Account: account, Zone: cfg.TimeZone, Now: cfg.Now, Log: cfg.Logger,
		Store: st, Clerk: s.Clerk, Conduct: s.Conduct, Forms: forms,
	})
	if !loaded && cfg.Seed != 0 {
		if err := s.Seed(ctx, cfg.Seed); err != nil {
			return nil, err
		}
	}
	control := &control.API{
		Sandbox: SandboxName, Forms: forms.IDs(), Account: account, Open: cfg.OpenControl, Now: cfg.Now,
		Store: st, Clerk: s.Clerk, Conduct: s.Conduct, Face: s.face, Reset: s.Reset,
	}
	if err := s.serve(ctx, control.Handler()); err != nil {
		return nil, err
	}
	return s, nil
}

// serve opens the listener and begins to answer.
func (s *Server) serve(ctx context.Context, control http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("kingdee sandbox: %w", err)
	}
	s.addr = listener.Addr().String()
	s.http = &http.Server{
		Handler:           s.handler(control),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnState:         s.fresh.note,
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	s.store.Start()
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Logger.ErrorContext(context.WithoutCancel(ctx), "kingdee sandbox stopped serving", "err", err)
		}
	}()
	return nil
}

// maxBody bounds a request; a filter may list many thousand keys.
const maxBody = 32 << 20

// handler puts what every answer has around the vendor's API and the control API.
func (s *Server) handler(control http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set(SandboxHeader, SandboxName)
		header.Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if strings.HasPrefix(r.URL.Path, "/control") {
			control.ServeHTTP(w, r)
			return
		}
		if s.Conduct.Personality().OmitDate {
			header["Date"] = nil
		}
		s.face.ServeHTTP(w, r)
	})
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
		s.face.Close()
		s.fresh.close()
		err := s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("kingdee sandbox: calls were still under way: %w", err), s.http.Close())
		}
		<-s.done
		s.err = errors.Join(err, s.store.Stop())
	})
	return s.err
}

// Reset forgets bills, history, sessions, faults and damage, and makes the seed's
// bills anew; with seed 0 the sandbox is empty. The personality stays.
func (s *Server) Reset(ctx context.Context, seed uint64) error {
	s.store.Reset()
	s.face.ExpireSessions()
	s.ClearFaults()
	if seed == 0 {
		return nil
	}
	return s.Seed(ctx, seed)
}

// Seed adds the sample's bills to an empty sandbox. It does not call Config.OnAudit: ask AuditedOrders.
func (s *Server) Seed(ctx context.Context, seed uint64) error {
	return sample.Seed(ctx, s.store, seed, s.cfg.Now(), s.cfg.Logger)
}

// Play carries out one step of the sample day and returns the bill as it is then.
func (s *Server) Play(ctx context.Context, step sample.Step) (books.Bill, error) {
	return sample.Play(ctx, s.Clerk, step)
}

// Keep remembers the bills as they are now, in place of an older copy.
func (s *Server) Keep() { s.store.Keep() }

// GoBack restores the copy that Keep made, with the sandbox's own account. ErrNoCopy: nothing was kept.
func (s *Server) GoBack() error { return s.store.GoBack() }

// Truth is the sandbox's account of everything; BillHistory is that of the bills that have, or had, one number.
func (s *Server) Truth() books.Truth { return s.store.Truth(s.cfg.Now()) }

// BillHistory gives the truth about every bill that has, or had, this number, the oldest first.
func (s *Server) BillHistory(billNo string) []books.BillTruth { return s.store.History(billNo) }

// AuditedOrders are the inbound orders of every audit of every bill there ever was,
// in the order of the audits.
func (s *Server) AuditedOrders() []books.Order { return s.store.Orders(books.Inbound) }

// OutboundOrders are the other half of AuditedOrders.
func (s *Server) OutboundOrders() []books.Order { return s.store.Orders(books.Outbound) }

// Damage makes the rows of one bill unreadable, or whole again when d says nothing.
func (s *Server) Damage(d behaviour.Damage) error {
	id, err := s.Resolve(d.Bill)
	if err != nil {
		return err
	}
	s.SetDamage(id, d)
	return nil
}

// ExpireSessions ends every session and says how many there were.
func (s *Server) ExpireSessions() int { return s.face.ExpireSessions() }

// Sessions is how many sessions are open.
func (s *Server) Sessions() int { return s.face.Sessions() }

// Calls is how many calls each service of the vendor's API has had, by its name in lower case, such as
// "executebillquery" or "loginbysign".
func (s *Server) Calls() map[string]int { return s.face.Calls() }

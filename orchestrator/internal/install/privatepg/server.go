package privatepg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is made in every cluster; URL names it.
const database = "voidrelay"

// Options say what kind of server to run.
type Options struct {
	Dir           string            // durable folder, see DefaultDir; empty: a throw-away one that Stop removes
	Port          int               // on 127.0.0.1; 0: a free one
	Fsync         bool              // make a throw-away server sync as a durable one always does
	Logger        *slog.Logger      // required
	ExtraSettings map[string]string // server settings by name, stronger than ours
}

// Server is a running PostgreSQL. Its methods may be called from several goroutines, and any number of times.
type Server struct {
	bin           Binaries
	acct          *osUser
	dir, data     string
	durable, sync bool
	extra         map[string]string
	logger        *slog.Logger
	password      password
	fixedPort     bool

	mu   sync.Mutex // guards what follows
	lock *os.File   // nil once stopped
	port int
	proc *process
}

// Start finds PostgreSQL, makes a cluster if there is none, and runs it until Stop, or until this process ends. It
// returns when the server accepts connections and has the database that URL names. The context bounds starting only. A
// durable folder that another run holds gives an *InUseError; no usable programs give ErrNotFound.
func Start(ctx context.Context, opts Options) (*Server, error) {
	acct, err := serverAccount()
	if err != nil {
		return nil, err
	}
	s := &Server{
		acct: acct, durable: opts.Dir != "", sync: opts.Dir != "" || opts.Fsync, extra: opts.ExtraSettings,
		logger: opts.Logger, port: opts.Port, fixedPort: opts.Port != 0,
	}
	if err := s.open(ctx, opts.Dir); err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("private PostgreSQL: %w", err), s.Stop(context.WithoutCancel(ctx)))
	}
	s.logger.InfoContext(ctx, "private PostgreSQL started", "dir", s.dir, "port", s.port,
		"pid", s.PID(), "version", s.bin.Version)
	return s, nil
}

// open gets a folder, its lock, and the programs that fit what is in it.
func (s *Server) open(ctx context.Context, dir string) (err error) {
	if s.durable {
		if s.dir, err = filepath.Abs(dir); err != nil {
			return err
		}
		s.dir, s.lock, err = openDurable(ctx, s.dir, s.acct)
	} else {
		s.dir, s.lock, err = openThrowAway(ctx, s.acct)
		if err == nil {
			clearLeftovers(ctx, s.logger, filepath.Dir(s.dir), s.acct)
		}
	}
	if err != nil {
		return err
	}
	s.data = filepath.Join(s.dir, "data")
	major, err := clusterVersion(s.data)
	if err == nil {
		s.bin, err = find(ctx, s.logger, major)
	}
	if err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// begin brings the server up. A cached cluster that does not come up is thrown away, and a fresh one made.
func (s *Server) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := stopLeft(ctx, s.data); err != nil {
		return err
	}
	cached, err := s.ensureCluster(ctx)
	if err != nil {
		return err
	}
	err = s.up(ctx)
	if err != nil && cached && s.proc == nil && ctx.Err() == nil && !errors.Is(err, errPortTaken) {
		s.logger.WarnContext(ctx, "cached cluster is unusable, making a new one", "err", err)
		if err := errors.Join(os.RemoveAll(templateFolder(s.bin, s.acct)), os.RemoveAll(s.data)); err != nil {
			return err
		}
		if _, err := s.ensureCluster(ctx); err != nil {
			return err
		}
		err = s.up(ctx)
	}
	return err
}

// up runs the server, on another port if the one we chose is taken before the server has it.
func (s *Server) up(ctx context.Context) error {
	for try := 1; ; try++ {
		if s.port == 0 {
			port, err := freePort()
			if err != nil {
				return err
			}
			s.port = port
		}
		proc, err := s.run(ctx, s.port)
		switch {
		case err == nil:
			s.proc = proc
			return s.ready(ctx)
		case errors.Is(err, errPortTaken) && !s.fixedPort && try < 5:
			s.port = 0
		case errors.Is(err, errStillHeld) && try < 50:
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// ready makes our database and leaves the URL where the person who runs this can read it.
func (s *Server) ready(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.urlOf("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`,
		database).Scan(&there); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if !there {
		if _, err := conn.Exec(ctx, `create database `+pgx.Identifier{database}.Sanitize()); err != nil {
			return fmt.Errorf("create the database: %w", err)
		}
	}
	return s.writePrivate("url", s.urlOf(database)+"\n")
}

// Restart brings the server up again, on the same folder and port, after Kill or after it ended by itself.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return errors.New("private PostgreSQL: restart after stop")
	}
	if s.proc != nil && !s.proc.ended() {
		return nil
	}
	fixed := s.fixedPort
	s.fixedPort = true // the URL was handed out
	defer func() { s.fixedPort = fixed }()
	if err := stopLeft(ctx, s.data); err != nil {
		return err
	}
	return s.up(ctx)
}

// Stop ends the server politely and lets go of the folder; a throw-away one is removed. It waits for the end of the
// server even if the context is cancelled, but then without politeness.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	var err error
	if s.proc != nil && !s.proc.ended() {
		err = stopProcess(ctx, s.proc.pid, s.proc.ended)
		if err != nil { // the context was cancelled: the server has had all three signals
			<-s.proc.done
			err = nil
		}
		s.logger.InfoContext(ctx, "private PostgreSQL stopped", "dir", s.dir)
	}
	return errors.Join(err, s.release())
}

// Kill ends the server as a power cut would (SIGKILL), with the processes it started, and returns when it has ended.
// The folder stays ours: Restart brings the server back, Stop gives the folder up.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.ended() {
		return nil
	}
	children := childrenOf(s.proc.pid)
	err := sendSignal(s.proc.pid, syscall.SIGKILL)
	if err != nil {
		return err
	}
	for _, child := range children {
		if runsIn(child, s.data) {
			err = errors.Join(err, sendSignal(child, syscall.SIGKILL))
		}
	}
	<-s.proc.done
	return err
}

// URL is how to connect, password included: postgres://voidrelay:…@127.0.0.1:<port>/voidrelay. Do not log it.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urlOf(database)
}

// URLAs is URL for connections that begin as a role, which has to be there by then. Do not log it.
func (s *Server) URLAs(role string) string { return s.URL() + "&role=" + url.QueryEscape(role) }

func (s *Server) urlOf(name string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, string(s.password)),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + name, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// PID is the process id of the server; after its end, what it was.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return 0
	}
	return s.proc.pid
}

// Dir is the folder that the cluster, its log (postgres.log) and, readable by its account only, its url are in.
func (s *Server) Dir() string { return s.dir }

// Done is closed when the present server process has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.done
}

// release lets go of the folder. A throw-away one is removed under its lock, so that no sweep meets half of it.
func (s *Server) release() error {
	var err error
	if !s.durable {
		err = os.RemoveAll(s.dir)
	}
	err = errors.Join(err, s.lock.Close())
	s.lock = nil
	return err
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

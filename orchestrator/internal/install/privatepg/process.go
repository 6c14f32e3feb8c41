package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is one life of the server.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended and err is set
	err  error
}

// launch starts the server and stays with it in a goroutine of its own, which holds its thread: on Linux the server is
// asked to stop when that thread ends, so it must not end before the server does.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, <-started
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

var (
	errPortTaken = errors.New("the port was taken meanwhile")
	errStillHeld = errors.New("an earlier server's processes have not all ended")
)

// run starts the server on one port and waits until it says that it is ready; accepting begins with that.
func (s *Server) run(ctx context.Context, port int) (*process, error) {
	logFile, err := s.openLog()
	if err != nil {
		return nil, err
	}
	defer logFile.Close() // the server has its own handle
	from, err := logFile.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd := s.acct.command(context.Background(), s.dir, s.bin.program("postgres"), s.arguments(port)...)
	cmd.SysProcAttr = serverAttr(s.acct)
	cmd.Stdout, cmd.Stderr = logFile, logFile // files, not pipes: they outlive us
	p, err := launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	ready := func() bool {
		file, err := readPidFile(s.data)
		return p.ended() || err == nil && file.pid == p.pid && file.state == "ready"
	}
	err = until(ctx, startLimit, ready)
	if err == nil && !p.ended() {
		return p, nil
	}
	logged := s.logSince(from)
	switch {
	case err != nil:
		err = fmt.Errorf("PostgreSQL was not ready in time: %w; its log ends:\n%s", err, logged)
	case strings.Contains(logged, "could not create any TCP/IP sockets"):
		err = fmt.Errorf("port %d: %w; the server's log ends:\n%s", port, errPortTaken, logged)
	case strings.Contains(logged, "pre-existing shared memory block"):
		err = fmt.Errorf("%w; the server's log ends:\n%s", errStillHeld, logged)
	default:
		err = fmt.Errorf("PostgreSQL ended at once (%w); its log ends:\n%s", p.err, logged)
	}
	return nil, errors.Join(err, stopProcess(context.WithoutCancel(ctx), p.pid, p.ended))
}

const startLimit = 90 * time.Second // crash recovery of a busy ledger is part of it

// arguments are the settings that are ours to decide; the cluster's own configuration file stays as initdb wrote it.
func (s *Server) arguments(port int) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "", // Debian's default is a folder of another server's
		"password_encryption":     "scram-sha-256",
		"max_connections":         "200",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_line_prefix":         "%m [%p] %d ",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"jit":                     "off",
	}
	if !s.durable {
		settings["max_wal_senders"] = "0"
		settings["wal_level"] = "minimal"
	}
	if !s.sync {
		// A killed server loses nothing by these, only a killed machine does. synchronous_commit stays on for that
		// reason.
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, s.extra)
	args := []string{"-D", s.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// freePort asks the system for a port that is free now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nothing to wait for
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

const logLimit = 8 << 20

// openLog opens the server's log to append; past 8 MiB it begins a new one and keeps one old.
func (s *Server) openLog() (*os.File, error) {
	path := s.path("postgres.log")
	if info, err := os.Lstat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND|noFollow, 0o600)
}

func (s *Server) logSince(from int64) string {
	f, err := os.Open(s.path("postgres.log"))
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	raw, err := io.ReadAll(io.NewSectionReader(f, from, logLimit))
	if err != nil {
		return err.Error()
	}
	return tail(raw)
}

// tail is the end of a text, at most 2 kB.
func tail(text []byte) string {
	const limit = 2 << 10
	return string(text[max(0, len(text)-limit):])
}

package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const untilEvery = 10 * time.Millisecond

// pidFile is what a server writes into postmaster.pid: its process id on line 1, its state on line 8.
// https://www.postgresql.org/docs/current/storage-file-layout.html
type pidFile struct {
	pid   int
	state string // "starting", "ready", "stopping", "standby"; empty while it is being written
}

func readPidFile(data string) (pidFile, error) {
	raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	lines := strings.Split(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, fmt.Errorf("%s/postmaster.pid: %w", data, err)
	}
	file := pidFile{pid: pid}
	if len(lines) >= 8 {
		file.state = strings.TrimSpace(lines[7])
	}
	return file, nil
}

// stopLeft stops the server that a killed run left on the data folder. The caller holds the folder's lock.
//
// The pid file stays for the next server to examine: with the shared memory block it names, that one finds out whether
// processes of a killed server are still writing, and refuses. It is only mended where the refusal would be for
// nothing, because it is not readable as one, or its process id has since been given to another program.
func stopLeft(ctx context.Context, data string) error {
	file, err := readPidFile(data)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil || file.pid <= 1:
		return os.Remove(filepath.Join(data, "postmaster.pid"))
	case runsIn(file.pid, data):
		gone := func() bool { return !runsIn(file.pid, data) }
		if err := stopProcess(ctx, file.pid, gone); err != nil {
			return fmt.Errorf("stop the server (process %d) that an earlier run left on %s: %w", file.pid, data, err)
		}
		return nil
	case alive(file.pid):
		return disownPidFile(data)
	default:
		return nil
	}
}

// disownPidFile writes our own process id into the pid file: a server takes a file with its parent's id for a stale
// one, and still looks at the shared memory block.
func disownPidFile(data string) error {
	f, err := os.OpenFile(filepath.Join(data, "postmaster.pid"), os.O_RDWR|noFollow, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(raw), "\n")
	text := fmt.Sprintf("%d\n%s", os.Getpid(), rest)
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// stopProcess asks for a fast shutdown, then for an immediate one, then kills.
// https://www.postgresql.org/docs/current/server-shutdown.html
func stopProcess(ctx context.Context, pid int, gone func() bool) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 30 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		if err := sendSignal(pid, step.signal); err != nil {
			return err
		}
		if until(ctx, step.wait, gone) == nil {
			return nil
		}
	}
	return errors.New("it does not end")
}

// until waits until the condition holds. A cancelled context cuts the wait short, once the condition was looked at.
func until(ctx context.Context, limit time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(untilEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

package privatepg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const pollEvery = 10 * time.Millisecond

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

// stopLeft stops the server that a killed run left on the data folder, and removes a pid file that no such server stands
// behind: PostgreSQL itself would refuse to start if the id had since been given to another process. The caller holds the lock.
func stopLeft(ctx context.Context, data string) error {
	file, err := readPidFile(data)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && file.pid > 1 && runsIn(file.pid, data) {
		gone := func() bool { return !runsIn(file.pid, data) }
		if err := stopProcess(ctx, file.pid, gone); err != nil {
			return fmt.Errorf("stop the server (process %d) that an earlier run left on %s: %w", file.pid, data, err)
		}
	}
	err = os.Remove(filepath.Join(data, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
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
		if poll(ctx, step.wait, gone) == nil {
			return nil
		}
	}
	return errors.New("it does not end")
}

// poll waits until the condition holds. A cancelled context cuts the wait short, once the condition was looked at.
func poll(ctx context.Context, limit time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
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

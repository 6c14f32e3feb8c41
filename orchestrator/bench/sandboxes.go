package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// sandboxesSetting makes this program both sandboxes, until its standard input ends, which also happens when its parent
// dies.
const sandboxesSetting = "VOIDRELAY_BENCH_SANDBOXES"

// stopTime is how long a process may take to end.
const stopTime = 35 * time.Second

// vendorURLs is what the sandboxes tell their parent, as one line of JSON, once they serve.
type vendorURLs struct {
	Kingdee, WMS string
	// Settings point the adapters at them.
	Settings map[string]string
}

func playSandboxes() error {
	// Ctrl-C reaches the whole group; the parent ends us in order.
	signal.Ignore(os.Interrupt)
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	vendors, err := install.StartVendors(ctx, install.VendorOptions{Logger: logger})
	if err != nil {
		return err
	}
	told := vendorURLs{vendors.Kingdee.URL(), vendors.WMS.URL(), vendors.Settings()}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		return errors.Join(err, vendors.Stop(ctx))
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	return vendors.Stop(ctx)
}

// sandboxes is both vendors in a process of their own.
type sandboxes struct {
	vendorURLs
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when it has ended, with err set
	err   error
}

// startSandboxes returns when both serve.
func startSandboxes(ctx context.Context, profile string) (*sandboxes, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// Not bound to ctx: they are asked to end, in order, also when ctx was cancelled.
	p := &sandboxes{cmd: exec.CommandContext(context.WithoutCancel(ctx), self), done: make(chan struct{})}
	p.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), sandboxesSetting + "=1", profileSetting + "=" + profile,
	}
	p.cmd.Stderr = os.Stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start sandboxes: %w", err)
	}
	said := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &p.vendorURLs)
		}
		said <- err
		_, _ = io.Copy(io.Discard, stdout)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	select {
	case err = <-said:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start sandboxes: %w", err), p.stop())
	}
	return p, nil
}

// stop asks them to end, and makes them end when they do not.
func (p *sandboxes) stop() error {
	_ = p.stdin.Close()
	limit := time.NewTimer(stopTime + 5*time.Second)
	defer limit.Stop()
	select {
	case <-p.done:
	case <-limit.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	if p.err != nil {
		return fmt.Errorf("sandboxes: %w", p.err)
	}
	return nil
}

package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// startTime bounds how long a process takes until it listens.
const startTime = time.Minute

// Process is a service in a process of its own: this program again, as whose main function calls PlayRole first.
type Process struct {
	Role string
	// Addrs is where it listens; an orchestrator's second one is REST.
	Addrs []string

	cmd *exec.Cmd
	// alive is the other end of its standard input, which ends when we do.
	alive io.Closer
	ended chan struct{}
	err   error
}

// StartProcess starts a service with these settings and none of ours, on free ports unless they say otherwise, and
// waits until it listens. ctx bounds the start only. What it writes goes to log.
func StartProcess(ctx context.Context, role string, settings map[string]string, log io.Writer) (*Process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "voidrelay-role-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "addr")
	env := map[string]string{
		roleSetting: role, addrSetting: file, "PATH": os.Getenv("PATH"),
		"HOME": os.Getenv("HOME"), "TMPDIR": os.TempDir(),
		"KINGDEESVC_ADDR": freePort, "WMSSVC_ADDR": freePort,
		"ORCHESTRATOR_GRPC_ADDR": freePort, "ORCHESTRATOR_HTTP_ADDR": freePort,
	}
	maps.Copy(env, settings)
	p := &Process{Role: role, cmd: exec.CommandContext(context.WithoutCancel(ctx), program), ended: make(chan struct{})}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.alive, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	if err := p.listens(ctx, file); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// listens waits for the file with the addresses.
func (p *Process) listens(ctx context.Context, file string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil {
			p.Addrs = strings.Fields(string(text))
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it listened: %w", p.Role, p.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen: %w", p.Role, ctx.Err())
		case <-tick.C:
		}
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when it has ended, by whatever cause.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Kill ends it as the kernel does when memory runs out, and returns when it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// Freeze stops it in the middle of whatever it does (SIGSTOP), as a suspended machine would; Thaw lets it go on as if
// nothing had been.
func (p *Process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Stop asks it to stop and waits; when ctx ends first it is killed. The error says how it ended, nil if well.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Role, err)
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not stop: %w", p.Role, ctx.Err())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.Role, p.err)
	}
	return nil
}

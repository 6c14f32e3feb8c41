package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

const (
	roleSetting  = "KINGDEESVC_BENCH_ROLE"
	billsSetting = "KINGDEESVC_BENCH_BILLS"

	roleService = "kingdeesvc"
	roleSandbox = "sandbox"

	linesPerBill = 2
)

// playRole makes this process a part of the bench, if it was started as one, and answers its exit status. A part prints
// its address and lives until its standard input ends, as it does when the bench is gone, however it went.
func playRole() (status int, played bool) {
	role := os.Getenv(roleSetting)
	if role == "" {
		return 0, false
	}
	play := map[string]func(context.Context, func(addr string)) error{
		roleService: playService, roleSandbox: playSandbox,
	}[role]
	if play == nil {
		fmt.Fprintln(os.Stderr, roleSetting+": unknown role", role)
		return 2, true
	}
	err := play(context.Background(), func(addr string) {
		fmt.Println(addr)
		_, _ = io.Copy(io.Discard, os.Stdin)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		return 1, true
	}
	return 0, true
}

func playService(ctx context.Context, until func(string)) error {
	cfg, err := kingdeesvc.LoadConfig(os.Getenv)
	if err != nil {
		return err
	}
	server, err := kingdeesvc.Start(ctx, cfg,
		slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	until(server.Addr())
	return errors.Join(server.Stop(ctx), server.Wait())
}

func playSandbox(ctx context.Context, until func(string)) error {
	bills, err := strconv.Atoi(os.Getenv(billsSetting))
	if err != nil {
		return fmt.Errorf("%s: %w", billsSetting, err)
	}
	server, err := sandbox.Start(ctx, sandbox.Config{})
	if err != nil {
		return err
	}
	if _, err := server.Bulk(ctx, books.Bulk{Count: bills, Lines: linesPerBill}); err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	until(server.URL())
	stopping, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return server.Stop(stopping)
}

// process is a part of the bench.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string
}

// startRole starts a part and waits for its address.
func startRole(ctx context.Context, role string, settings ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self) //nolint:gosec // this very program
	cmd.Env = append([]string{roleSetting + "=" + role}, settings...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s gave no address: %w", role, err), stdin.Close(), cmd.Wait())
	}
	return &process{cmd, stdin, strings.TrimSpace(addr)}, nil
}

// startService starts kingdeesvc in front of a vendor.
func startService(ctx context.Context, vendor string) (*process, error) {
	return startRole(ctx, roleService,
		"KINGDEE_BASE_URL="+vendor, "KINGDEE_ACCT_ID="+sandbox.DefaultAcctID,
		"KINGDEE_USERNAME="+sandbox.DefaultUsername,
		"KINGDEE_APP_ID="+sandbox.DefaultAppID, "KINGDEE_APP_SECRET="+string(sandbox.DefaultAppSecret),
		"KINGDEESVC_ADDR=127.0.0.1:0")
}

func (p *process) stop() error {
	return errors.Join(p.stdin.Close(), p.cmd.Wait())
}

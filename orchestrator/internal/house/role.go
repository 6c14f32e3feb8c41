package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// Settings of a process that plays a role, besides the service's own.
const (
	// roleSetting names the service that the process is to be.
	roleSetting = "VOIDRELAY_ROLE"
	// addrSetting names the file that it writes its addresses to, one a line, once it listens.
	addrSetting = "VOIDRELAY_ROLE_ADDR_FILE"
	// TakeoverSetting shortens how long the work of a killed orchestrator lies.
	TakeoverSetting = "VOIDRELAY_ROLE_TAKEOVER"
)

// The roles.
const (
	RoleKingdee      = "kingdeesvc"
	RoleWMS          = "wmssvc"
	RoleOrchestrator = "orchestrator"
	// RoleSandboxes is both vendors, empty; its addresses are Kingdee's and the WMS's base URLs.
	RoleSandboxes = "sandboxes"
)

// service is the face that all three have.
type service struct {
	addrs []string
	stop  func(context.Context) error
	wait  func() error
}

// PlayRole makes this process the service that StartProcess started it as, until SIGTERM, and answers its exit status: what the
// service's own main function does, except that it says where it listens. played is false in any other process.
func PlayRole() (status int, played bool) {
	role := os.Getenv(roleSetting)
	if role == "" {
		return 0, false
	}
	return play(role), true
}

func play(role string) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("service", role)
	go func() {
		// Our parent holds the other end of it for as long as it lives: a role does not outlive who started it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	s, err := begin(context.WithoutCancel(ctx), role, logger)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		return 2
	}
	if err := tellAddrs(os.Getenv(addrSetting), s.addrs); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		return 2
	}
	ended := make(chan error, 1)
	go func() { ended <- s.wait() }()
	select {
	case <-ctx.Done():
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		err = errors.Join(s.stop(drain), <-ended)
	case err = <-ended:
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		return 1
	}
	return 0
}

func begin(ctx context.Context, role string, logger *slog.Logger) (service, error) {
	switch role {
	case RoleKingdee:
		cfg, err := kingdeesvc.LoadConfig(os.Getenv)
		if err != nil {
			return service{}, err
		}
		s, err := kingdeesvc.Start(ctx, cfg, logger)
		if err != nil {
			return service{}, err
		}
		return service{addrs: []string{s.Addr()}, wait: s.Wait, stop: s.Stop}, nil
	case RoleWMS:
		cfg, err := wmssvc.LoadConfig(os.Getenv)
		if err != nil {
			return service{}, err
		}
		s, err := wmssvc.Start(ctx, cfg, logger)
		if err != nil {
			return service{}, err
		}
		return service{addrs: []string{s.Addr()}, wait: s.Wait, stop: s.Stop}, nil
	case RoleOrchestrator:
		cfg, err := orchestrator.LoadConfig(os.Getenv)
		if err != nil {
			return service{}, err
		}
		if text := os.Getenv(TakeoverSetting); text != "" {
			if cfg.Takeover, err = time.ParseDuration(text); err != nil {
				return service{}, err
			}
		}
		s, err := orchestrator.Start(ctx, cfg, logger)
		if err != nil {
			return service{}, err
		}
		return service{addrs: []string{s.GRPCAddr(), s.HTTPAddr()}, wait: s.Wait, stop: s.Stop}, nil
	case RoleSandboxes:
		return beginSandboxes(ctx, logger)
	}
	return service{}, fmt.Errorf("no such role: %s", role)
}

// tellAddrs writes the file whole or not at all.
func tellAddrs(file string, addrs []string) error {
	if err := os.WriteFile(file+".new", []byte(strings.Join(addrs, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

package install

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
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

// service is a service and where it listens.
type service struct {
	serve.Service

	addrs []string
}

// PlayRole makes this process the service that StartProcess started it as, until SIGTERM, and answers its exit status:
// what the service's own main function does, except that it says where it listens. played is false in any other
// process.
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
	logger := telemetry.NewLogger(os.Stderr, slog.LevelInfo).With("service", role)
	serve.IgnoreHangUp(logger)
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
	err = serve.UntilDone(ctx, s)
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
		return service{s, []string{s.Addr()}}, nil
	case RoleWMS:
		cfg, err := wmssvc.LoadConfig(os.Getenv)
		if err != nil {
			return service{}, err
		}
		s, err := wmssvc.Start(ctx, cfg, logger)
		if err != nil {
			return service{}, err
		}
		return service{s, []string{s.Addr()}}, nil
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
		return service{s, []string{s.GRPCAddr(), s.HTTPAddr()}}, nil
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

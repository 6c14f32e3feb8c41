package orchestrator

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// checkDatabaseURL never repeats the value: it holds a password.
func checkDatabaseURL(value settings.Secret) error {
	if value == "" {
		return errors.New("DATABASE_URL: not set; it names the Postgres that holds the ledger, " + ledger.ExampleURL)
	}
	if err := ledger.CheckURL(value.Reveal()); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

func checkTarget(name, target, example string) error {
	wrong := fmt.Errorf("%s: %q is not a gRPC target such as %s or dns:///host:port", name, target, example)
	if target == "" || strings.ContainsAny(target, " \t\r\n") {
		return wrong
	}
	if scheme, rest, found := strings.Cut(target, ":"); found && scheme == "unix" && rest != "" {
		return nil
	}
	if strings.Contains(target, "://") {
		u, err := url.Parse(target)
		if err != nil || u.Path == "" || u.RawQuery != "" || u.Fragment != "" {
			return wrong
		}
		return nil
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil || host == "" || !access.IsPort(port) || port == "0" {
		return wrong
	}
	return nil
}

func (c Config) checkDistinct() error {
	if _, port, err := net.SplitHostPort(c.GRPCAddr); err != nil || port == "0" || c.GRPCAddr != c.HTTPAddr {
		return nil
	}
	return fmt.Errorf("ORCHESTRATOR_GRPC_ADDR and ORCHESTRATOR_HTTP_ADDR: both are %s; they need a port each",
		c.GRPCAddr)
}

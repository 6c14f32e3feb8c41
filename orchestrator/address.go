package orchestrator

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// checkDatabaseURL never repeats the value: it holds a password.
func checkDatabaseURL(value Secret) error {
	const right = "such as postgres://user:password@host:5432/database"
	if value == "" {
		return errors.New("DATABASE_URL: not set; it names the Postgres that holds the ledger, " + right)
	}
	if _, err := pgconn.ParseConfig(value.Reveal()); err != nil {
		return errors.New("DATABASE_URL: not a Postgres address " + right)
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
		if err != nil || u.Path == "" {
			return wrong
		}
		return nil
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil || host == "" || !isPort(port) || port == "0" {
		return wrong
	}
	return nil
}

// checkAddr keeps the service closed by default.
func (c Config) checkAddr(name, addr, example string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !isPort(port) {
		return fmt.Errorf("%s: %q is not host:port such as %s", name, addr, example)
	}
	if isLoopback(host) || c.AuthTokensFile != "" || c.TLSClientCAFile != "" {
		return nil
	}
	return fmt.Errorf("%s: %s is not a loopback address; that needs AUTH_TOKENS_FILE, or TLS_CERT_FILE, TLS_KEY_FILE and TLS_CLIENT_CA_FILE", name, addr)
}

func (c Config) checkDistinct() error {
	if c.GRPCAddr != c.HTTPAddr || strings.HasSuffix(c.GRPCAddr, ":0") {
		return nil
	}
	return fmt.Errorf("ORCHESTRATOR_GRPC_ADDR and ORCHESTRATOR_HTTP_ADDR: both are %s; they need a port each", c.GRPCAddr)
}

func isPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// checkMetricsAddr keeps figures on this machine: whoever reaches them is not asked who he is.
func checkMetricsAddr(addr string) error {
	if addr == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !isPort(port) || !isLoopback(host) {
		return fmt.Errorf("ORCHESTRATOR_METRICS_ADDR: %q is not a loopback address and port such as 127.0.0.1:7483", addr)
	}
	return nil
}

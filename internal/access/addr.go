package access

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// CheckAddr keeps a service closed by default: an address that other hosts can reach wants callers who are known, and
// TLS, so that no token crosses a network in the clear. example is what would be right.
func CheckAddr(setting, addr, example string, files Files) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !IsPort(port) {
		return fmt.Errorf("%s: %q is not host:port such as %s", setting, addr, example)
	}
	if IsLoopback(host) || files.Callers != "" && files.Cert != "" {
		return nil
	}
	return fmt.Errorf("%s: other hosts can reach %s: set AUTH_CALLERS_FILE, which says who may call, and "+
		"TLS_CERT_FILE with TLS_KEY_FILE, so that no token is readable on the way", setting, addr)
}

// CheckOpsAddr wants an address for probes and metrics. Other hosts may reach it, because what is told there is no
// secret and about no bill; an empty one is no address at all.
func CheckOpsAddr(setting, addr, example string) error {
	if addr == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || !IsPort(port) {
		return fmt.Errorf("%s: %q is not host:port such as %s", setting, addr, example)
	}
	return nil
}

// IsPort says whether this is a port number, 0 included.
func IsPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// IsLoopback says whether only this machine reaches the host. Names other than localhost are not looked up.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// IsLocalTarget says of a gRPC target that no network lies before it: a Unix socket, or loopback. What gRPC may read in
// another way, or has somebody else look up, is not local.
func IsLocalTarget(target string) bool {
	if strings.HasPrefix(target, "unix:") {
		return true
	}
	if strings.Contains(target, "/") {
		u, err := url.Parse(target)
		if err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" ||
			u.Scheme != "dns" && u.Scheme != "passthrough" {
			return false
		}
		target = strings.TrimPrefix(u.Path, "/")
	}
	host, _, err := net.SplitHostPort(target)
	return err == nil && IsLoopback(host)
}

package install

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// listener is a setting and the address that it gives.
type listener struct{ setting, addr string }

// checkPorts names each two settings that want one port: a service by itself sees its own only, in one process the
// second to start would fail. Addresses that are none are for others to name.
func checkPorts(all []listener) error {
	var problems []error
	for i, a := range all {
		for _, b := range all[i+1:] {
			switch {
			case !clash(a.addr, b.addr):
			case a.addr == b.addr:
				problems = append(problems,
					fmt.Errorf("%s and %s: both are %s; they need a port each", a.setting, b.setting, a.addr))
			default:
				problems = append(problems, fmt.Errorf("%s and %s: %s and %s are one port; they need a port each",
					a.setting, b.setting, a.addr, b.addr))
			}
		}
	}
	return errors.Join(problems...)
}

// clash says that two addresses cannot both be listened on. Names other than localhost are not looked up.
func clash(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return every(hostA) || every(hostB) || numeric(hostA) == numeric(hostB)
}

// every says that a host means all addresses of this machine.
func every(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func numeric(host string) string {
	if host == "localhost" {
		return "127.0.0.1"
	}
	return host
}

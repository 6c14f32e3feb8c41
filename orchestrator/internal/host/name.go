package host

import (
	"cmp"
	"fmt"
	"net"
	"os"
)

// Name is what an orchestrator goes by: the machine's name and the port that it serves gRPC on, such as wms-02:7403. It
// is the same after a restart, and two on one machine have two. given wins, where it is not empty; addr is host:port.
func Name(given, addr string) (string, error) {
	if given != "" {
		return given, nil
	}
	machine, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name of this machine: %w", err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address of this host: %w", err)
	}
	return net.JoinHostPort(cmp.Or(machine, "localhost"), port), nil
}

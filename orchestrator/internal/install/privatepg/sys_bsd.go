//go:build unix && !linux

package privatepg

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// serverAttr: only Linux can tie the server's life to ours; elsewhere the next start cleans up.
func serverAttr(a *account) *syscall.SysProcAttr { return shortLived(a) }

// runsIn says whether pid is a server on that data folder, which is in its command line because we put it there.
func runsIn(pid int, data string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "-D "+data+" ")
}

// childrenOf is not needed where it is not known: a server's children leave by themselves when they find it gone.
func childrenOf(int) []int { return nil }

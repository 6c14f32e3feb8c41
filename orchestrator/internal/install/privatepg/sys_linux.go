package privatepg

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// serverAttr makes the kernel ask the server for a fast shutdown (SIGINT) when the thread that started it ends. The
// caller must hold that thread with runtime.LockOSThread for as long as the server is to live.
func serverAttr(a *osUser) *syscall.SysProcAttr {
	attr := shortLived(a)
	attr.Pdeathsig = syscall.SIGINT
	return attr
}

// runsIn says whether pid is a server on that data folder: a postmaster's working directory is its data folder.
func runsIn(pid int, data string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(data)
	return err == nil && cwd == real
}

// childrenOf lists the processes that pid started. Each of a server's is in a session of its own, so no group signal
// reaches them.
func childrenOf(pid int) []int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, word := range strings.Fields(string(raw)) {
		if child, err := strconv.Atoi(word); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

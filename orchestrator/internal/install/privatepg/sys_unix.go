//go:build unix

package privatepg

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// shortLived places a helper program (initdb, --version) under the account, in a process group of its own.
func shortLived(a *osUser) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{
			Uid: uint32(a.uid), Gid: uint32(a.gid), //nolint:gosec // G115: ids from passwd
		}
	}
	return attr
}

// tryLock takes the exclusive advisory lock of an open file, or answers false if another process (or handle) holds it.
// The kernel lets go of it when the holder dies, and the server does not inherit the handle.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // G115: a file descriptor
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// alive says whether a process of that id exists, ours or not.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// sendSignal signals one process; a process that is gone is no error.
func sendSignal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// ownedBy says whether the file belongs to that user id.
func ownedBy(info fs.FileInfo, uid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == uid
}

const noFollow = syscall.O_NOFOLLOW

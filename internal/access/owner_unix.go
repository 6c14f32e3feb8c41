//go:build unix

package access

import (
	"errors"
	"os"
	"syscall"
)

// keepOwner gives a file that takes another's place the owner and the group of that one, so that whoever read it still
// can; where there is none yet it does nothing.
func keepOwner(next *os.File, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(before.Uid) == os.Geteuid() && int(before.Gid) == os.Getegid() {
		return nil
	}
	return next.Chown(int(before.Uid), int(before.Gid))
}

// LockFolder keeps others of us from editing a file of a folder until unlock. The folder itself is locked: a file is
// exchanged by its edit, and a lock on it would be gone with it.
func LockFolder(dir string) (unlock func(), err error) {
	folder, err := os.Open(dir) //nolint:gosec // of the file that a person named
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return func() { _ = folder.Close() }, nil // closing unlocks
}

package privatepg

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// openLock opens (making it if need be) a lock file that is not a symbolic link somebody put there.
func openLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
}

// takeLock takes the lock of a folder at once and writes our process id in it for people to read, or refuses, naming
// the holder.
func takeLock(path, dir string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	held, err := tryLock(f)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !held {
		holder, _ := os.ReadFile(path) //nolint:gosec // G304: our own lock file
		_ = f.Close()
		return nil, &InUseError{Dir: dir, Holder: strings.TrimSpace(string(holder))}
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid()) // only for the text of InUseError
	}
	return f, nil
}

// InUseError says that another process has the folder.
type InUseError struct {
	Dir    string
	Holder string // its process id, if it could be read
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("%s is in use by another voidrelay (process %s): stop that one first "+
		"[该数据目录正被另一个 voidrelay 使用，请先停掉它]", e.Dir, e.Holder)
}

// waitLock takes the lock, waiting for its holder for as long as the context allows.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		held, err := tryLock(f)
		if held {
			return f, nil
		}
		if err == nil {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
}

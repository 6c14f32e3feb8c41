package checkup

import (
	"io/fs"
	"syscall"
)

// Linux's numbers for file systems in memory: tmpfs and ramfs.
const (
	tmpfsMagic = 0x01021994
	ramfsMagic = 0x858458f6
	writable   = 2 // W_OK of access(2)
)

func placeOf(dir string) (place, error) {
	var system syscall.Statfs_t
	if err := syscall.Statfs(dir, &system); err != nil {
		return place{}, err
	}
	kind := int64(system.Type) //nolint:unconvert // its type differs between architectures
	return place{
		writable: syscall.Access(dir, writable) == nil, memory: kind == tmpfsMagic || kind == ramfsMagic,
		free: system.Bavail * uint64(system.Bsize), //nolint:gosec // a block's size is never negative
	}, nil
}

// othersRead says whether others than a file's owner and group may read it.
func othersRead(info fs.FileInfo) bool { return info.Mode().Perm()&0o004 != 0 }

//go:build !linux

package checkup

import (
	"io/fs"
	"os"
	"runtime"
)

// placeOf knows less elsewhere: whether the mode lets anybody write.
func placeOf(dir string) (place, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return place{}, err
	}
	return place{writable: info.Mode().Perm()&0o222 != 0}, nil
}

// othersRead says whether others than a file's owner and group may read it; Windows' modes do not tell.
func othersRead(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o004 != 0
}

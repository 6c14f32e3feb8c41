//go:build !unix

package memory

import "os"

// takeLock keeps nobody out on a system without locks of this kind.
func takeLock(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }

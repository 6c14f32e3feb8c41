//go:build !unix

package privatepg

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

var errUnsupported = errors.New("a private PostgreSQL is not supported on this system: set DATABASE_URL")

func shortLived(*account) *syscall.SysProcAttr { return nil }

func serverAttr(*account) *syscall.SysProcAttr { return nil }

func tryLock(*os.File) (bool, error) { return false, errUnsupported }

func alive(int) bool { return false }

func sendSignal(int, syscall.Signal) error { return errUnsupported }

func ownedBy(fs.FileInfo, int) bool { return false }

func runsIn(int, string) bool { return false }

func childrenOf(int) []int { return nil }

const noFollow = 0

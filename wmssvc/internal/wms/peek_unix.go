//go:build unix

package wms

import "syscall"

// peek says, without waiting or taking anything, whether bytes wait to be read and whether the peer has left it open.
func peek(raw syscall.RawConn) (waiting, open bool) {
	open = true
	err := raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:],
			syscall.MSG_PEEK|syscall.MSG_DONTWAIT) //nolint:gosec // a descriptor fits
		switch {
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK ||
			err == syscall.EINTR: //nolint:errorlint // an errno as the kernel gave it
		case err != nil || n == 0:
			open = false
		default:
			waiting = true
		}
		return true
	})
	return waiting, open && err == nil
}

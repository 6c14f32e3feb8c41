//go:build !unix

package wms

import "syscall"

// peek cannot look without reading here; a connection that was closed while idle is then found out by using it.
func peek(syscall.RawConn) (waiting, open bool) { return false, true }

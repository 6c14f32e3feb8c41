package sandbox

import (
	"net"
	"net/http"
	"sync"
)

// freshConns are connections that have not sent a byte yet. http.Server.Shutdown
// would wait five seconds for each; clients open such spares, so Stop closes them.
type freshConns struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// note is the server's ConnState hook.
func (f *freshConns) note(c net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		f.conns = map[net.Conn]struct{}{}
	}
	if state == http.StateNew {
		f.conns[c] = struct{}{}
		return
	}
	delete(f.conns, c)
}

func (f *freshConns) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.Close()
	}
}

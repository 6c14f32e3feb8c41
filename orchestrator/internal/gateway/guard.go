package gateway

import (
	"net"
	"net/http"
	"net/netip"
)

// guard keeps web pages from using a person's browser to reach us. Where no token is asked for, whoever can send a
// request can release cancellations; a page on another site must not be among them.
type guard struct {
	// local: only this machine may call, so only its own names can be meant. A page that lets its name point at
	// 127.0.0.1 still sends that name.
	local  bool
	origin *http.CrossOriginProtection
}

func newGuard(local bool) guard { return guard{local: local, origin: http.NewCrossOriginProtection()} }

// check says what is wrong with where a request comes from; the zero fault when nothing is.
func (g guard) check(r *http.Request) (fault, bool) {
	if err := g.origin.Check(r); err != nil {
		return fault{"Origin", "a page of another site may not call this; 不接受其他网站页面的请求"}, false
	}
	if g.local && !namesThisMachine(r.Host) {
		return fault{"Host", "is not a name of this machine (use 127.0.0.1 or localhost); 主机名不是本机"}, false
	}
	return fault{}, true
}

func namesThisMachine(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && addr.IsLoopback()
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

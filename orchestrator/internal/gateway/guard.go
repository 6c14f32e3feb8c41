package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/rs/cors"
)

// guard keeps web pages from using a person's browser to reach us. Where no token is asked for, whoever can send a
// request can release cancellations; a page on another site must not be among them.
type guard struct {
	// local: only this machine may call, so only its own names can be meant. A page that lets its name point at
	// 127.0.0.1 still sends that name.
	local  bool
	origin *http.CrossOriginProtection
	// trusted are the sites whose pages may call all the same.
	trusted []string
}

// CheckOrigins says which of the sites is none, written as a browser does: https://board.example.com.
func CheckOrigins(origins []string) error {
	_, err := newGuard(false, origins)
	return err
}

func newGuard(local bool, trusted []string) (guard, error) {
	g := guard{local: local, origin: http.NewCrossOriginProtection(), trusted: trusted}
	for _, origin := range trusted {
		if err := g.origin.AddTrustedOrigin(origin); err != nil {
			return g, fmt.Errorf("%q is no site such as https://board.example.com: %w", origin, err)
		}
	}
	return g, nil
}

// oldestPreflight is for how many seconds a browser may go by what it was told of us.
const oldestPreflight = 600

// shared answers the browsers of pages that may call (CORS); where there are none, next is all.
func (g guard) shared(next http.Handler) http.Handler {
	if len(g.trusted) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: g.trusted,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", requestID,
		},
		ExposedHeaders: []string{"ETag", "Retry-After", requestID},
		MaxAge:         oldestPreflight,
	}).Handler(next)
}

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

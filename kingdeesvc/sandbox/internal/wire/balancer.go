package wire

import (
	"net/http"
	"strconv"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// nodeCookie is how a balancer in front of several application servers knows a client again.
const nodeCookie = "SERVERID"

// balance says which node serves a call. A client without the balancer's cookie goes to the nodes in turn and is given
// one.
func (s *Face) balance(w http.ResponseWriter, r *http.Request, p behaviour.Personality) int {
	if p.Nodes < 2 {
		return 0
	}
	if cookie, err := r.Cookie(nodeCookie); err == nil {
		if node, err := strconv.Atoi(cookie.Value); err == nil && node >= 1 && node <= p.Nodes {
			return node
		}
	}
	node := 1 + int(s.balanced.Add(1)%uint64(p.Nodes)) //nolint:gosec // a handful of nodes
	http.SetCookie(w, &http.Cookie{Name: nodeCookie, Value: strconv.Itoa(node), Path: "/"})
	return node
}

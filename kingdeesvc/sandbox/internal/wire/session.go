package wire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Names under which a session travels.
const (
	sessionName    = "kdservice-sessionid"
	aspSessionName = "ASP.NET_SessionId"
)

// session is one login. Requests on it run one after the other, as the vendor's
// web server makes them (vip.kingdee.com/article/42071).
type session struct {
	id, aspID string
	user      string
	opened    time.Time
	lastUsed  time.Time
	// node is the application server that knows it.
	node int
	// lcid is the language of its messages.
	lcid string
	turn chan struct{}
}

// sessions are the logins that are still good.
type sessions struct {
	mu   sync.Mutex
	byID map[string]*session
}

func newSessions() *sessions { return &sessions{byID: map[string]*session{}} }

// open starts a session; alone ends the user's others first.
func (t *sessions) open(user string, alone bool, now time.Time) *session {
	x := &session{
		id: randomID(), aspID: strings.ReplaceAll(randomID(), "-", "")[:24], user: user, opened: now, lastUsed: now,
		turn: make(chan struct{}, 1),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, other := range t.byID {
		if alone && other.user == user {
			delete(t.byID, id)
		}
	}
	t.byID[x.id] = x
	return x
}

// use finds a session and renews its idle life; nil if it is lost. life, if not 0, ends it however much it is used.
func (t *sessions) use(id string, now time.Time, idle, life time.Duration) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.byID[id]
	if x == nil {
		return nil
	}
	if now.Sub(x.lastUsed) >= idle || life > 0 && now.Sub(x.opened) >= life {
		delete(t.byID, id)
		return nil
	}
	x.lastUsed = now
	return x
}

func (t *sessions) close(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, id)
}

// expire ends all sessions and says how many there were.
func (t *sessions) expire() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.byID)
	clear(t.byID)
	return n
}

func (t *sessions) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byID)
}

// enter waits for the session's turn; the function it returns ends it.
func (x *session) enter(ctx context.Context) (leave func(), err error) {
	select {
	case x.turn <- struct{}{}:
		return func() { <-x.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sessionID reads the session from its header or from the cookies. Cookies are
// read leniently: one public client sends whole Set-Cookie lines back.
func sessionID(r *http.Request) string {
	if id := r.Header.Get(sessionName); id != "" {
		return id
	}
	for _, line := range r.Header.Values("Cookie") {
		for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ';' || c == ',' }) {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.EqualFold(name, sessionName) && value != "" {
				return value
			}
		}
	}
	return ""
}

// randomID has the form of a GUID.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

package kingdee

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAJarKeepsEveryCookieAsItCame(t *testing.T) {
	now := time.Date(2024, 5, 11, 8, 0, 0, 0, time.UTC)
	var j jar
	take := func(lines ...string) string {
		j.take(http.Header{"Set-Cookie": lines}, now)
		head := http.Header{}
		j.give(head)
		return head.Get("Cookie")
	}
	require.Empty(t, take())
	require.Equal(t, `SERVERID=node-a; kdservice-sessionid=1; odd="a b",c\d`,
		take("SERVERID=node-a; path=/", "kdservice-sessionid=1; Path=/elsewhere; Secure; HttpOnly",
			`odd="a b",c\d; SameSite=None`, "no value", "=no name"))
	require.Equal(t, `SERVERID=node-b; kdservice-sessionid=1; odd="a b",c\d`,
		take("SERVERID=node-b; Expires=Sat, 11-May-2024 08:00:01 GMT"))
	require.Equal(t, "SERVERID=node-b",
		take("kdservice-sessionid=; Max-Age=0", "odd=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "never=was; max-age=-1"))
	require.Equal(t, "1", func() string {
		take("KDSERVICE-SessionId=1; Max-Age=60; Expires=Thu, 01-Jan-1970 00:00:00 GMT")
		return j.session()
	}())
}

// A server that takes back a cookie at another path took the session's own with it.
func TestCookiesOfOneNameAtTwoPaths(t *testing.T) {
	now := time.Date(2024, 5, 11, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"the other path is cleared": {[]string{"kdservice-sessionid=1; path=/", "kdservice-sessionid=; " +
			"path=/K3Cloud/old; expires=Thu, 01-Jan-70 00:00:00 GMT"}, "kdservice-sessionid=1"},
		"cleared first":             {[]string{"A=; Path=/; Max-Age=0", "A=1; Path=/K3Cloud"}, "A=1"},
		"the nearer goes first":     {[]string{"A=far; Path=/", "A=near; Path=/K3Cloud"}, "A=near; A=far"},
		"somebody else's goes last": {[]string{"A=else; Path=/portal", "A=ours; Path=/"}, "A=ours; A=else"},
		"no path is the one":        {[]string{"A=1; Path=/K3Cloud", "A=2"}, "A=2"},
		"a slash at the end":        {[]string{"A=1; Path=/K3Cloud", "A=2; path=/K3Cloud/"}, "A=2"},
		"secure, domain, samesite": {
			[]string{"A=1; Domain=.example.com; Secure; HttpOnly; SameSite=Strict; Priority=High"}, "A=1",
		},
		"blanks":                     {[]string{" A = 1 ; path=/"}, "A=1"},
		"ends by C's own date":       {[]string{"A=1", "A=; expires=Thu Jan  1 00:00:00 1970"}, ""},
		"ends by a weekday in full":  {[]string{"A=1", "A=; expires=Thursday, 01-Jan-70 00:00:00 GMT"}, ""},
		"an end that cannot be read": {[]string{"A=1; expires=never"}, "A=1"},
		"an equals sign inside":      {[]string{"A=b64==; path=/"}, "A=b64=="},
	} {
		var j jar
		j.take(http.Header{"Set-Cookie": c.lines}, now)
		head := http.Header{}
		j.give(head)
		require.Equal(t, c.want, head.Get("Cookie"), name)
	}
}

// giveUp is a vendor whose queries wait until the test lets them go.
type giveUp struct {
	entered, let chan struct{}
	mu           sync.Mutex
	running      map[string]int
	most, logins int
}

func (v *giveUp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadAll(r.Body)
	v.mu.Lock()
	defer v.mu.Unlock()
	if strings.Contains(r.URL.Path, "Logout") {
		return
	}
	if strings.Contains(r.URL.Path, "AuthService") {
		v.logins++
		_, _ = fmt.Fprintf(w, `{"LoginResultType":1,"KDSVCSessionId":"s-%d"}`, v.logins)
		return
	}
	id := r.Header.Get(sessionHeader)
	v.running[id]++
	v.most = max(v.most, v.running[id])
	v.mu.Unlock()
	v.entered <- struct{}{}
	<-v.let
	v.mu.Lock()
	v.running[id]--
	_, _ = io.WriteString(w, `[]`)
}

// A caller who left used to free the session at once, and the next request waited at the vendor's behind the one that
// nobody wanted any more.
func TestACallThatWasGivenUpKeepsItsSessionBusyUntilTheVendorAnswers(t *testing.T) {
	v := &giveUp{entered: make(chan struct{}), let: make(chan struct{}), running: map[string]int{}}
	server := httptest.NewServer(v)
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: AppSecretAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	hurried, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := client.Ping(hurried, "F")
		gone <- err
	}()
	<-v.entered
	leave()
	require.ErrorIs(t, <-gone, context.Canceled, "whoever leaves need not wait")
	next := make(chan error, 1)
	go func() {
		_, err := client.Ping(t.Context(), "F")
		next <- err
	}()
	require.Eventually(t, func() bool { return client.Stats().Queued == 1 }, time.Minute, time.Millisecond)
	v.let <- struct{}{}
	<-v.entered
	v.let <- struct{}{}
	require.NoError(t, <-next)
	require.Equal(t, 1, v.most)
	require.Equal(t, 1, v.logins)
}

// A login that outlasts its caller used to be made again for the next one, and so on for ever.
func TestALoginThatOutlastsItsCallerIsKept(t *testing.T) {
	entered, let := make(chan struct{}), make(chan struct{})
	logins := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "LoginBy") {
			logins++
			entered <- struct{}{}
			<-let
			_, _ = io.WriteString(w, goodLogin)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: AppSecretAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	hurried, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := client.Ping(hurried, "F")
		gone <- err
	}()
	<-entered
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	let <- struct{}{}
	_, err = client.Ping(t.Context(), "F")
	require.NoError(t, err)
	require.Equal(t, 1, logins)
}

func TestCloseCutsWhatWasGivenUp(t *testing.T) {
	v := &giveUp{entered: make(chan struct{}), let: make(chan struct{}), running: map[string]int{}}
	server := httptest.NewServer(v)
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: AppSecretAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	hurried, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := client.Ping(hurried, "F")
		gone <- err
	}()
	<-v.entered
	leave()
	require.Error(t, <-gone)
	client.Close(t.Context())
	close(v.let)
	server.Close()
}

// replay writes a whole HTTP answer that stands in a file.
func replay(t *testing.T, w http.ResponseWriter, file string) {
	text, err := os.Open(file)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = text.Close() }()
	answer, err := http.ReadResponse(bufio.NewReader(text), nil)
	if err != nil {
		t.Error(err)
		return
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
	_ = answer.Body.Close()
}

// The balancer's own cookie comes with the login's answer; who does not send it back reaches the other node.
func TestABalancersCookieComesBackWithEveryRequestOfTheSession(t *testing.T) {
	var heads []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		switch node, err := r.Cookie("SERVERID"); {
		case strings.Contains(r.URL.Path, "LoginBy"):
			replay(t, w, "testdata/balancer/login-answer.http")
			return
		case err != nil || node.Value != "node-a":
			replay(t, w, "testdata/balancer/other-node.http")
		default:
			_, _ = io.WriteString(w, `[]`)
		}
		heads = append(heads, r.Header)
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: SignAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	for range 3 {
		_, err := client.Ping(t.Context(), "F")
		require.NoError(t, err)
	}
	client.Close(t.Context())
	require.Zero(t, client.Losses())
	require.Len(t, heads, 4, "three questions and the good-bye")
	for _, head := range heads {
		require.Equal(t,
			"SERVERID=node-a; kdservice-sessionid=11111111-2222-3333-4444-555555555555; ASP.NET_SessionId=abc",
			head.Get("Cookie"))
		require.Equal(t, "11111111-2222-3333-4444-555555555555", head.Get("kdservice-sessionid"))
	}
}

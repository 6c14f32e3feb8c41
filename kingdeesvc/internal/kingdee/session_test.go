package kingdee

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnIdleSessionIsReplacedBeforeItExpires(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	for _, idle := range []time.Duration{0, 14 * time.Minute, 14 * time.Minute, 15 * time.Minute} {
		f.now = f.now.Add(idle)
		_, err := f.query(t)
		require.NoError(t, err)
	}
	require.Equal(t, 2, f.count("LoginBySign"))
	require.Equal(t, 1, f.client.Stats().Sessions)
}

func TestCloseLogsOut(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	_, err := f.query(t)
	require.NoError(t, err)
	f.client.Close(t.Context())
	require.Equal(t, 1, f.count("AuthService.Logout"))
	require.Equal(t, "s-1", f.calls[len(f.calls)-1].Header.Get("kdservice-sessionid"))
	f.client.Close(t.Context())
	require.Equal(t, 1, f.count("AuthService.Logout"), "there is nothing left to log out")
}

// A page that a proxy shows for a while used to be taken for "this server has no such login", and from then on every
// login threw the user's other sessions out.
func TestAPageIsNotTheVendorsWordThatALoginIsMissing(t *testing.T) {
	asked := []string{}
	pages := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		asked = append(asked, r.URL.Path[strings.Index(r.URL.Path, "Service."):])
		switch {
		case strings.Contains(r.URL.Path, "LoginBySign") && pages > 0:
			pages--
			http.Error(w, "no such page: "+r.URL.Path, http.StatusNotFound)
		case strings.Contains(r.URL.Path, "LoginBySign"):
			_, _ = io.WriteString(w, goodLogin)
		default:
			_, _ = io.WriteString(w, `[]`)
		}
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	now := time.Now()
	client := New(Options{
		BaseURL: base, Auth: SignAuth{}, KeepOthers: true, Rate: 1e6,
		Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	_, err = client.Ping(t.Context(), "F")
	require.Equal(t, Unreadable, ClassOf(err))
	require.ErrorContains(t, err, "KINGDEE_KICK_OFF=false")
	fault, _ := asFault(err)
	require.Equal(t, 10*time.Second, fault.RetryAfter, "a page in the vendor's place refuses nobody")
	now = now.Add(10 * time.Second)
	_, err = client.Ping(t.Context(), "F")
	require.NoError(t, err)
	require.True(t, client.KeepsOthers())
	require.Len(t, asked, 3)
	require.Contains(t, asked[1], "LoginBySign2")
}

// A maintenance page in the login's place used to count as a refusal: reading began half an hour after it had gone.
func TestAfterAMaintenancePageReadingBeginsWithinAMinute(t *testing.T) {
	logins := []string{}
	for range 12 {
		logins = append(logins, "<html>maintenance</html>")
	}
	f := setup(t, &vendor{logins: append(logins, goodLogin), answers: []string{`[]`}})
	for range 30 {
		_, err := f.query(t)
		if err == nil {
			break
		}
		fault, _ := asFault(err)
		require.Positive(t, fault.RetryAfter)
		require.LessOrEqual(t, fault.RetryAfter, time.Minute)
		f.now = f.now.Add(fault.RetryAfter)
	}
	_, err := f.query(t)
	require.NoError(t, err)
	require.Equal(t, 13, f.count("LoginBySign"))
}

func TestALockedAccountIsLeftAloneForHalfAnHour(t *testing.T) {
	f := setup(t, &vendor{
		logins: []string{`{"LoginResultType":0,"Message":"密码错误次数超限，账号已被锁定，请30分钟后再试"}`}, answers: []string{`[]`},
	})
	_, err := f.query(t)
	require.Equal(t, AccountLocked, ClassOf(err))
	fault, _ := asFault(err)
	require.Equal(t, 30*time.Minute, fault.RetryAfter)
	f.now = f.now.Add(29 * time.Minute)
	_, err = f.query(t)
	require.Equal(t, AccountLocked, ClassOf(err))
	require.Equal(t, 1, f.count("LoginBySign"))
	require.Equal(t, []bool{false}, f.health)
}

func TestASessionLostRightAfterItsLoginEndsLoginsForAGrowingWhile(t *testing.T) {
	gone := "[[" + lost + "]]"
	f := setup(t,
		&vendor{logins: []string{goodLogin}, answers: []string{`[]`, gone, gone, gone, gone, gone, gone, `[]`}})
	_, err := f.query(t)
	require.NoError(t, err)
	for _, pause := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		_, err := f.query(t)
		require.Equal(t, SessionLost, ClassOf(err))
		fault, _ := asFault(err)
		require.Equal(t, pause, fault.RetryAfter)
		logins := f.count("LoginBySign")
		f.now = f.now.Add(pause - time.Second)
		_, err = f.query(t)
		require.Equal(t, SessionContended, ClassOf(err))
		fault, _ = asFault(err)
		require.Equal(t, time.Second, fault.RetryAfter)
		require.Equal(t, logins, f.count("LoginBySign"), "no login meanwhile")
		f.now = f.now.Add(time.Second)
	}
	_, err = f.query(t)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true}, f.health)
}

func TestALossThatALoginMendsIsNobodysFault(t *testing.T) {
	gone := "[[" + lost + "]]"
	answers := []string{`[]`}
	for range 20 {
		answers = append(answers, gone, `[]`)
	}
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: answers})
	for range 21 {
		_, err := f.query(t)
		require.NoError(t, err)
	}
	require.Equal(t, 21, f.count("LoginBySign"))
	require.Equal(t, 20, f.client.Losses())
}

// The pause of a contended account ends as soon as any of its logins holds.
func TestALoginThatHoldsEndsThePause(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	f.client.account.contended()
	require.NotNil(t, f.client.account.refused())
	f.client.prove(&session{})
	require.Nil(t, f.client.account.refused())
}

// An odd answer on a session that answered costs one login; the pause before the next such login grows, and a session
// that was never answered is its own answer.
func TestOneLoginIsSpentOnAnOddAnswerAndTheNextWaits(t *testing.T) {
	odd := "会话超时"
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{odd}})
	_, err := f.query(t)
	require.Equal(t, Unreadable, ClassOf(err))
	require.Equal(t, 1, f.count("LoginBySign"), "the first login was the fresh one")
	logins := 1
	for _, pause := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second} {
		f.now = f.now.Add(pause - time.Second)
		_, err = f.query(t)
		require.Equal(t, Unreadable, ClassOf(err))
		require.Equal(t, logins, f.count("LoginBySign"))
		f.now = f.now.Add(time.Second)
		_, err = f.query(t)
		require.Equal(t, Unreadable, ClassOf(err))
		logins++
		require.Equal(t, logins, f.count("LoginBySign"))
	}
	f.mu.Lock()
	f.answers = []string{`[]`, odd, `[]`}
	f.mu.Unlock()
	for range 2 {
		_, err = f.query(t)
		require.NoError(t, err)
		f.now = f.now.Add(longPause)
	}
	require.Equal(t, logins+1, f.count("LoginBySign"), "the session was lost, and reading goes on")
}

func TestWithoutKickOffTheOtherMethodIsTriedAndItsLackRemembered(t *testing.T) {
	for _, lacks := range []bool{false, true} {
		var mu sync.Mutex
		var methods []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			method := r.URL.Path[strings.LastIndexByte(strings.TrimSuffix(r.URL.Path, ".common.kdsvc"), '.')+1:]
			mu.Lock()
			methods = append(methods, strings.TrimSuffix(method, ".common.kdsvc"))
			mu.Unlock()
			switch {
			case lacks && strings.Contains(method, "LoginBySign2"):
				_, _ = io.WriteString(w, `response_error:{"Message":"未找到方法 AuthService.LoginBySign2"}`)
			case strings.Contains(method, "LoginBySign"):
				_, _ = io.WriteString(w, goodLogin)
			default:
				_, _ = io.WriteString(w, `[]`)
			}
		}))
		base, err := ParseBaseURL(server.URL)
		require.NoError(t, err)
		client := New(Options{
			BaseURL: base, Auth: SignAuth{}, KeepOthers: true, Rate: 1e6,
			Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		require.True(t, client.KeepsOthers())
		_, err = client.Ping(t.Context(), "F")
		require.NoError(t, err)
		want := []string{"LoginBySign2", "ExecuteBillQuery", "Logout"}
		if lacks {
			want = slices.Insert(want, 1, "LoginBySign")
		}
		require.Equal(t, !lacks, client.KeepsOthers())
		client.Close(t.Context())
		require.Equal(t, want, methods)
		server.Close()
	}
}

func TestSignedHeadersNeedNoLoginAndSendTheServersSessionBack(t *testing.T) {
	v := &vendor{answers: []string{`[]`}, logins: []string{`true`}, header: http.Header{
		"Set-Cookie": {"kdservice-sessionid=made; path=/"},
	}}
	f := headerSetup(t, v)
	for range 2 {
		_, err := f.query(t)
		require.NoError(t, err)
	}
	require.Zero(t, f.count("AuthService"))
	require.Empty(t, f.calls[0].Header.Get("kdservice-sessionid"))
	require.Equal(t, "made", f.calls[1].Header.Get("kdservice-sessionid"))
	for _, call := range f.calls {
		require.NotEmpty(t, call.Header.Get("X-Kd-Signature"))
		require.NotEmpty(t, call.Header.Get("X-Api-Signature"))
	}
	require.NotEqual(t, f.calls[0].Header.Get("X-Api-Nonce"), f.calls[1].Header.Get("X-Api-Nonce"))
}

func TestASignatureThatIsNotAcceptedIsNotLoopedOn(t *testing.T) {
	f := headerSetup(t, &vendor{answers: []string{"[[" + lost + "]]"}, logins: []string{`true`}})
	for range 3 {
		_, err := f.query(t)
		require.Equal(t, LoginRefused, ClassOf(err))
		require.Equal(t, 2, f.count("ExecuteBillQuery"), "sent again once, without the session")
	}
	require.Equal(t, []bool{false}, f.health)
}

func headerSetup(t *testing.T, v *vendor) *fixture {
	f := setup(t, v)
	auth, err := NewHeaderAuth(Account{AcctID: "acct", Username: "demo", LCID: 2052}, "100", vectorAppID, "hush")
	require.NoError(t, err)
	f.client.Change(nil, auth)
	return f
}

// A page that says no login is good (F9 after CheckPasswordPolicy) comes with every call of a session that
// logged in well.
func TestASessionThatIsGoodForNothingIsNotLoggedInAgainAndAgain(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{
		"401 Forbidden ByRspRetStatusCode -- N001: Unexpectable request.",
	}})
	for i, pause := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		for range 2 {
			_, err := f.query(t)
			require.Equal(t, LoginRefused, ClassOf(err))
			require.Equal(t, i+1, f.count("LoginBySign"))
		}
		f.now = f.now.Add(pause)
	}
}

func TestSessionsRunInParallelAndOneLossOfAllCountsOnce(t *testing.T) {
	const sessions = 3
	entered, leave := make(chan string), make(chan struct{})
	var mu sync.Mutex
	valid := map[string]bool{}
	logins := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "AuthService") {
			mu.Lock()
			logins++
			id := string(rune('a' + logins))
			valid[id] = true
			mu.Unlock()
			_, _ = io.WriteString(w, strings.ReplaceAll(goodLogin, "s-1", id))
			return
		}
		id := r.Header.Get("kdservice-sessionid")
		mu.Lock()
		ok := valid[id]
		mu.Unlock()
		if !ok {
			_, _ = io.WriteString(w, "[["+lost+"]]")
			return
		}
		entered <- id
		<-leave
		_, _ = io.WriteString(w, `[]`)
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: SignAuth{}, Sessions: sessions, Rate: 1e6,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	for range 4 { // each round loses all sessions, which is one loss each; a third within ten minutes would end it
		var callers sync.WaitGroup
		failed := make(chan error, sessions)
		for range sessions {
			callers.Go(func() {
				_, err := client.Ping(t.Context(), "F")
				failed <- err
			})
		}
		ids := map[string]bool{}
		for range sessions {
			ids[<-entered] = true
		}
		require.Len(t, ids, sessions, "each on its own")
		for range sessions {
			leave <- struct{}{}
		}
		callers.Wait()
		for range sessions {
			require.NoError(t, <-failed)
		}
		if client.account.generation == 2 {
			break
		}
		mu.Lock()
		clear(valid)
		mu.Unlock()
	}
	require.Equal(t, 2, client.account.generation)
	require.Equal(t, sessions, client.Stats().Sessions)
	require.Equal(t, 3*sessions, logins)
}

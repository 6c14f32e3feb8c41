package kingdee

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const goodLogin = `{"Message":null,"LoginResultType":1,"KDSVCSessionId":"s-1","Context":{"DBid":"acct",` +
	`"DataCenterName":"测试账套",` +
	`"UserName":"demo","DisplayVersion":"8.2","STimeZone":{"OffsetTicks":288000000000}}}`

// vendor is an HTTP server that answers documented bodies, in order; the last one stays.
type vendor struct {
	mu      sync.Mutex
	logins  []string
	answers []string
	header  http.Header
	status  int // of every answer; 0 = 200
	calls   []*http.Request
	bodies  []string
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	v.calls, v.bodies = append(v.calls, r), append(v.bodies, string(body))
	for name, values := range v.header {
		w.Header()[name] = values
	}
	queue := &v.answers
	if strings.Contains(r.URL.Path, "AuthService") {
		queue = &v.logins
	}
	answer := (*queue)[0]
	if len(*queue) > 1 {
		*queue = (*queue)[1:]
	}
	if v.status != 0 {
		w.WriteHeader(v.status)
	}
	_, _ = io.WriteString(w, answer)
}

func (v *vendor) count(part string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, call := range v.calls {
		if strings.Contains(call.URL.Path, part) {
			n++
		}
	}
	return n
}

// fixture is a client in front of a vendor, with a clock that only the test moves and pauses that are only noted.
type fixture struct {
	*vendor
	client *Client
	now    time.Time
	pauses []time.Duration
	health []bool
}

func setup(t *testing.T, v *vendor) *fixture {
	t.Helper()
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	base, err := ParseBaseURL(server.URL + "/k3cloud/")
	require.NoError(t, err)
	f := &fixture{vendor: v, now: time.Date(2024, 5, 11, 8, 0, 0, 0, time.UTC)}
	f.client = New(Options{
		BaseURL: base,
		Auth: SignAuth{
			Account: Account{AcctID: "acct", Username: "demo", LCID: 2052}, AppID: "app", AppSecret: "hush",
		},
		Rate:   1e6,
		Now:    func() time.Time { return f.now },
		Health: func(usable bool, _ error) { f.health = append(f.health, usable) },
		Logger: slog.New(slog.DiscardHandler),
		Pause: func(_ context.Context, d time.Duration) error {
			f.pauses = append(f.pauses, d)
			return nil
		},
	})
	t.Cleanup(func() { f.client.Close(context.WithoutCancel(t.Context())) })
	return f
}

func (f *fixture) query(t *testing.T) (*Table, error) {
	return f.client.Query(t.Context(), Query{
		FormID: "STK_AssembledApp", FieldKeys: []string{"FID", "FBillNo"}, Filter: "FID > 1",
		Order: "FID ASC", Limit: 2,
	})
}

func TestQueryLogsInOnceAndSendsTheDocumentedBody(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[[1,"A"]]`}})
	for range 2 {
		table, err := f.query(t)
		require.NoError(t, err)
		require.Equal(t, [][]Cell{{{Kind: Number, Text: "1"}, {Kind: Text, Text: "A"}}}, table.Rows)
		require.Equal(t, f.now, table.Meta.Left)
		require.False(t, table.Meta.Date.IsZero())
	}
	require.Equal(t, 1, f.count("LoginBySign"))
	query := f.calls[1]
	require.Equal(t, "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc",
		query.URL.Path)
	require.Equal(t, "s-1", query.Header.Get("kdservice-sessionid"))
	require.Equal(t, "HTTP/1.1", query.Proto)
	require.JSONEq(t, `{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FID,FBillNo","FilterString":"FID > `+
		`1","OrderString":"FID ASC","TopRowCount":0,"StartRow":0,"Limit":2}}`, f.bodies[1])
	var login struct{ Parameters []any }
	require.NoError(t, json.Unmarshal([]byte(f.bodies[0]), &login))
	require.Len(t, login.Parameters, 6)
	require.Equal(t, LoginInfo{
		DataCenterID: "acct", DataCenterName: "测试账套", UserName: "demo", Version: "8.2",
		UTCOffset: 8 * time.Hour, HasOffset: true,
	}, f.client.Login())
	require.Equal(t, []bool{true}, f.health)
}

func TestALostSessionIsRenewedOnceAndTheReadReplayedOnce(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{"[[" + lost + "]]", `[]`}})
	_, err := f.query(t)
	require.NoError(t, err)
	require.Equal(t, 2, f.count("LoginBySign"))
	require.Equal(t, 2, f.count("ExecuteBillQuery"))

	f = setup(t, &vendor{logins: []string{goodLogin}, answers: []string{"[[" + lost + "]]"}})
	_, err = f.query(t)
	require.Equal(t, SessionLost, ClassOf(err))
	require.Equal(t, 2, f.count("LoginBySign"))
	require.Equal(t, 2, f.count("ExecuteBillQuery"))
	require.Empty(t, f.pauses)
}

func TestARefusedLoginWaitsLongerEachTime(t *testing.T) {
	refused := `{"Message":"用户名或密码错误","MessageCode":"002005000003016","LoginResultType":0,"KDSVCSessionId":"trap"}`
	f := setup(t, &vendor{logins: []string{refused, refused, refused, refused, goodLogin}, answers: []string{`[]`}})
	logins := 0
	for _, pause := range []time.Duration{30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 6 * time.Hour} {
		logins++
		for range 3 {
			_, err := f.query(t)
			require.Equal(t, LoginRefused, ClassOf(err))
			require.ErrorContains(t, err, "用户名或密码错误 (002005000003016)")
			require.Equal(t, logins, f.count("LoginBySign"), "a refusal is remembered")
		}
		fault, _ := errors.AsType[*Fault](func() error { _, err := f.query(t); return err }())
		require.Equal(t, pause, fault.RetryAfter)
		f.now = f.now.Add(pause)
	}
	_, err := f.query(t)
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, f.health)
}

func TestAChangedSecretIsTriedAtOnce(t *testing.T) {
	refused := `{"Message":"用户名或密码错误","LoginResultType":0}`
	f := setup(t, &vendor{logins: []string{refused, goodLogin}, answers: []string{`[]`}})
	for range 2 {
		_, err := f.query(t)
		require.Equal(t, LoginRefused, ClassOf(err))
	}
	f.client.Change(PasswordAuth{Account: Account{AcctID: "acct", Username: "demo", LCID: 2052}, Password: "new"}, nil)
	_, err := f.query(t)
	require.NoError(t, err)
	require.Equal(t, 1, f.count("ValidateUser"))
}

// Login answers in which one field has another JSON type than usual. One such field, even one that only informs, made
// the whole login unreadable, and a refusal looked like a wrong address.
func TestALoginIsReadWhateverTheTypesOfItsFields(t *testing.T) {
	files, err := filepath.Glob("testdata/logins/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			f := setup(t, &vendor{logins: []string{string(text)}, answers: []string{`[]`}})
			_, err = f.query(t)
			if strings.HasPrefix(filepath.Base(file), "refused") {
				require.Equal(t, LoginRefused, ClassOf(err))
				require.ErrorContains(t, err, "用户名或密码错误")
				if strings.Contains(string(text), "5003015") {
					require.ErrorContains(t, err, "5003015")
				}
				return
			}
			require.NoError(t, err)
			want := LoginInfo{
				DataCenterID: "dc-1", DataCenterName: "账套", UserName: "u", Version: "8.2",
				UTCOffset: 8 * time.Hour, HasOffset: true,
			}
			switch strings.TrimSuffix(filepath.Base(file), ".json") {
			case "centre-number":
				want.DataCenterID = "12345678901234"
			case "zone-text", "zone-null-ticks", "zone-list", "ticks-object":
				want.UTCOffset, want.HasOffset = 0, false
			case "context-null", "context-text", "context-list":
				want = LoginInfo{}
			}
			require.Equal(t, want, f.client.Login())
		})
	}
}

func TestWhateverIsNotSuccessIsNoLogin(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		class Class
	}{
		"kicked but with a cookie": {`{"LoginResultType":-5,"KDSVCSessionId":"x"}`, LoginRefused},
		"password policy": {
			`{"LoginResultType":-1,"MessageCode":"CheckPasswordPolicy","KDSVCSessionId":"x"}`, LoginRefused,
		},
		"no session":   {`{"LoginResultType":1}`, Unreadable},
		"no type":      {`{"KDSVCSessionId":"x"}`, Unreadable},
		"html":         {`<html>`, Unreadable},
		"rows":         {`[]`, Unreadable},
		"vendor error": {lost, LoginRefused},
		"gateway":      {`{"errcode":4002,"description":"no app id"}`, LoginRefused},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, &vendor{logins: []string{c.body}, answers: []string{`[]`}})
			for range 2 {
				_, err := f.query(t)
				require.Equal(t, c.class, ClassOf(err))
			}
			require.Equal(t, 1, f.count("LoginBySign"))
			require.Zero(t, f.count("ExecuteBillQuery"))
		})
	}
}

func TestOnlyPassingTroubleIsRepeated(t *testing.T) {
	for code, c := range map[string]struct {
		calls int
		first time.Duration
	}{
		"4": {3, 100 * time.Millisecond}, "6": {3, 100 * time.Millisecond},
		"13": {3, 500 * time.Millisecond}, "14": {3, 500 * time.Millisecond},
		"0": {1, 0}, "2": {1, 0}, "7": {1, 0}, "8": {1, 0}, "9": {1, 0}, "11": {1, 0}, "12": {1, 0},
	} {
		t.Run(code, func(t *testing.T) {
			f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{coded(code)}})
			_, err := f.query(t)
			require.Error(t, err)
			require.Equal(t, c.calls, f.count("ExecuteBillQuery"))
			require.Len(t, f.pauses, c.calls-1)
			if c.calls > 1 {
				require.GreaterOrEqual(t, f.pauses[0], c.first)
				require.Less(t, f.pauses[0], 3*c.first)
			}
		})
	}
}

func TestNoDataFromAQueryIsNotABillThatIsGone(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{coded("10")}})
	_, err := f.query(t)
	require.Equal(t, Refused, ClassOf(err))
}

func TestView(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		class Class
	}{
		"there":        {`{"Result":{"ResponseStatus":{"IsSuccess":true,"MsgCode":0},"Result":{"Id":7}}}`, 0},
		"there, no ok": {`{"Result":{"ResponseStatus":null,"Result":{"Id":7}}}`, 0},
		"gone": {
			`{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"x"}],"MsgCode":10}}}`, NotFound,
		},
		"no session":    {`{}`, Unreadable},
		"empty bill":    {`{"Result":{"ResponseStatus":{"IsSuccess":true},"Result":{}}}`, Unreadable},
		"no permission": {`{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[],"MsgCode":2}}}`, Permission},
		"rows":          {`[]`, Unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{c.body}})
			_, err := f.client.View(t.Context(), "STK_AssembledApp", 7)
			require.Equal(t, c.class, ClassOf(err), "%v", err)
			require.JSONEq(t,
				`{"formid":"STK_AssembledApp","data":{"CreateOrgId":0,"Number":"","Id":"7","IsSortBySeq":"false"}}`,
				f.bodies[1])
		})
	}
}

func TestAClockThatACacheWroteIsNone(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}, header: http.Header{
		"Age": {"12"}, "X-Voidrelay-Sandbox": {"kingdee"},
	}})
	meta, err := f.client.Ping(t.Context(), "STK_AssembledApp")
	require.NoError(t, err)
	require.True(t, meta.Date.IsZero())
	require.Contains(t, meta.DateNote, "Age")
	require.True(t, meta.Sandbox)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer other.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer redirecting.Close()
	base, err := ParseBaseURL(redirecting.URL)
	require.NoError(t, err)
	client := New(Options{BaseURL: base, Auth: PasswordAuth{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	defer client.Close(context.Background())
	_, err = client.Ping(t.Context(), "STK_AssembledApp")
	require.Equal(t, Unreadable, ClassOf(err))
}

func TestRequestsOnTheSessionRunOneAfterTheOther(t *testing.T) {
	var mu sync.Mutex
	running, most := 0, 0
	enter, leave := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "AuthService") {
			_, _ = io.WriteString(w, goodLogin)
			return
		}
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		enter <- struct{}{}
		<-leave
		mu.Lock()
		running--
		mu.Unlock()
		_, _ = io.WriteString(w, `[]`)
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	client := New(Options{
		BaseURL: base, Auth: AppSecretAuth{}, Rate: 1e6, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	defer client.Close(context.Background())
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() { _, _ = client.Ping(t.Context(), "F") })
	}
	<-enter
	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Ping(waiting, "F")
	require.ErrorIs(t, err, context.Canceled, "who waits for the session can leave")
	leave <- struct{}{}
	for range 3 {
		<-enter
		leave <- struct{}{}
	}
	callers.Wait()
	require.Equal(t, 1, most)
}

func TestTheDefaultPaceIsLiftedOnASandboxOnly(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	require.EqualValues(t, 1e6, f.client.limiter.Limit(), "a given pace stays")
	for _, sandbox := range []bool{true, false} {
		f.client.ownRate = false
		f.header = http.Header{}
		if sandbox {
			f.header.Set("X-Voidrelay-Sandbox", "kingdee")
		}
		_, err := f.query(t)
		require.NoError(t, err)
		if sandbox {
			require.Greater(t, float64(f.client.limiter.Limit()), 1e9)
		} else {
			require.EqualValues(t, DefaultRate, f.client.limiter.Limit())
		}
	}
}

func TestAProbeThatGetsNoAnswerTurnsHealthRedAndACallersDeadlineDoesNot(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		if strings.Contains(r.URL.Path, "AuthService") {
			_, _ = io.WriteString(w, goodLogin)
			return
		}
		<-r.Context().Done()
	}))
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	require.NoError(t, err)
	var health []bool
	client := New(Options{BaseURL: base, Auth: AppSecretAuth{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Health: func(usable bool, _ error) { health = append(health, usable) }})
	defer client.Close(context.Background())
	hurried, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = client.Ping(hurried, "F")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, health)
	require.Equal(t, Unreachable, ClassOf(client.Probe(t.Context(), "F", 50*time.Millisecond)))
	require.Equal(t, []bool{false}, health)
}

func TestParseBaseURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://erp.example.com":                  "http://erp.example.com/K3Cloud",
		"http://erp.example.com/":                 "http://erp.example.com/K3Cloud",
		"https://erp.example.com:8443/K3Cloud":    "https://erp.example.com:8443/K3Cloud",
		" https://erp.example.com/k3cloud/ ":      "https://erp.example.com/k3cloud",
		"https://gateway.example.com/galaxy/erp/": "https://gateway.example.com/galaxy/erp/K3Cloud",
	} {
		got, err := ParseBaseURL(text)
		require.NoError(t, err)
		require.Equal(t, want, got.String())
	}
	for _, text := range []string{
		"", "erp.example.com", "ftp://x/", "http://", "http://user:hush@x/", "http://x/?a=b",
		"http://x/#f", "http://user:hush@[x",
	} {
		_, err := ParseBaseURL(text)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hush")
	}
}

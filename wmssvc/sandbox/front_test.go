package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// A proxy's pages reach nobody behind it, and end by themselves.
func TestAProxyAnswersForAWhile(t *testing.T) {
	t.Parallel()
	for front, want := range map[string]struct {
		status int
		says   string
	}{
		"bad_gateway": {502, "502 Bad Gateway"}, "unavailable": {503, "503"}, "gateway_timeout": {504, "504"},
		"redirect": {307, ""}, "maintenance": {200, "系统维护中"},
	} {
		t.Run(front, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			k := b.order("ZZCX1", warehouse.StateApproved)
			require.NoError(t, b.SetPersonality(behaviour.Personality{Front: front, FrontSeconds: 60}))
			got := b.cancel(k)
			require.Equal(t, want.status, got.status)
			require.Contains(t, got.body, want.says)
			require.Empty(t, got.Flag)
			require.Equal(t, "wms", got.header.Get(sandbox.HeaderSandbox))
			require.Zero(t, b.truth(k).Requests)
			b.clock.pass(59 * time.Second)
			require.Equal(t, want.status, b.cancel(k).status)
			b.clock.pass(time.Second)
			require.Equal(t, "success", b.cancel(k).Flag)
			require.Equal(t, 1, b.truth(k).Effects)
		})
	}
}

func TestThePlatformAnswersInXMLAndJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.order("ZZCX1", warehouse.StateApproved)
	for front, want := range map[string]string{
		"call_limit": "This ban will last for 12 more seconds", "signature": "isv.invalid-signature",
		"app_key":    "Invalid app Key",
		"permission": "isv.permission-api-package-limit", "clock": "Invalid timestamp",
	} {
		require.NoError(t, b.SetPersonality(behaviour.Personality{Front: front}))
		got := b.cancel(k)
		require.True(t, strings.HasPrefix(got.body, `<?xml version="1.0" encoding="utf-8" ?><error_response><code>`),
			got.body)
		require.Contains(t, got.body, want)
		require.NoError(t, b.SetPersonality(behaviour.Personality{Front: front, FrontFormat: "json"}))
		var fault struct {
			Response struct{ Code int } `json:"error_response"`
		}
		got = b.cancel(k)
		require.NoError(t, json.Unmarshal([]byte(got.body), &fault))
		require.Positive(t, fault.Response.Code)
		require.Contains(t, got.body, want)
	}
	require.Zero(t, b.truth(k).Requests)
	require.NoError(t, b.SetPersonality(behaviour.Personality{Front: "call_limit", FrontSeconds: 30}))
	b.clock.pass(10 * time.Second)
	require.Contains(t, b.cancel(k).body, "for 21 more seconds", "for as long as it really lasts")
}

func TestTheRoutersTimeOutLosesAnAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, personality(behaviour.Personality{Front: "router_timeout"}))
	k := b.order("ZZCX1", warehouse.StateApproved)
	require.Contains(t, b.cancel(k).body, "isp.top-remote-connection-timeout")
	truth := b.truth(k)
	require.Equal(t, 1, truth.Effects, "the WMS did it all the same")
	require.False(t, truth.Arrivals[0].Answered)
}

// A success that is only a promise, ended either way.
func TestPromisesEndEitherWay(t *testing.T) {
	t.Parallel()
	b := setup(t, personality(behaviour.Personality{Approved: "promise", InterceptEnds: "either", InterceptMS: 60_000}))
	first, second := b.order("ZZCX1", warehouse.StateApproved), b.order("ZZCX2", warehouse.StateApproved)
	for _, k := range []warehouse.Key{first, second, first} {
		got := b.cancel(k)
		require.Equal(t, "success", got.Flag)
		require.Equal(t, "旺店通WMS返回：已通知仓库处理", got.text())
		require.Zero(t, b.truth(k).Effects)
	}
	b.clock.pass(time.Minute)
	require.Equal(t, warehouse.StateCancelled, b.truth(first).Order.State)
	require.Equal(t, 1, b.truth(first).Effects)
	require.Contains(t, b.cancel(first).text(), "单据已取消")
	require.Equal(t, warehouse.StateWorking, b.truth(second).Order.State)
	require.Zero(t, b.truth(second).Effects)
	require.Contains(t, b.cancel(second).text(), "不允许取消")
	require.NoError(t, b.SetPersonality(behaviour.Personality{Approved: "promise", PromiseText: "将于稍后取消"}))
	require.Contains(t, b.cancel(b.order("ZZCX3", warehouse.StateApproved)).text(), "将于稍后取消")
}

// Pushed again after a cancel, the order has another number; the old one stays cancelled.
func TestANewNumberAfterACancel(t *testing.T) {
	t.Parallel()
	b := setup(t, personality(behaviour.Personality{RenumberCancelled: true}))
	k := b.order("ZZCX1", warehouse.StateApproved)
	_, err := b.CreateOrder(warehouse.Order{Key: k})
	require.ErrorIs(t, err, warehouse.ErrConflict, "while it stands it is refused")
	b.cancel(k)
	for _, want := range []string{"ZZCX1-1", "ZZCX1-2"} {
		o, err := b.CreateOrder(warehouse.Order{Key: k})
		require.NoError(t, err)
		require.Equal(t, want, o.OrderCode)
		require.Contains(t, b.cancel(k).text(), "单据已取消", "the old number speaks of the old order")
		require.Equal(t, warehouse.StateApproved, b.truth(o.Key).Order.State)
		require.Equal(t, "success", b.cancel(o.Key).Flag)
	}
	require.ErrorContains(t, b.SetPersonality(behaviour.Personality{RenumberCancelled: true, RecreateCancelled: true}),
		"exclude each other")
}

// The failure: a page of another site, opened on the developer's machine, could read and steer the sandbox, by GET or
// by a name of its own that leads to 127.0.0.1.
func TestControlIsClosedToPagesOfOtherSites(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.order("ZZCX1", warehouse.StateApproved)
	ask := func(s *sandbox.Server, method, host string, header ...string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, s.BaseURL()+"/control/status", nil)
		require.NoError(t, err)
		if method == http.MethodPost {
			req.URL.Path = "/control/reset"
		}
		req.Host = host
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := b.client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for name, refused := range map[string]int{
			"a name that leads here":         ask(b.Server, method, "evil.example:7490"),
			"a page of another site":         ask(b.Server, method, "", "Sec-Fetch-Site", "cross-site"),
			"a page of a neighbour":          ask(b.Server, method, "", "Sec-Fetch-Site", "same-site"),
			"an old browser, another origin": ask(b.Server, method, "", "Origin", "https://evil.example"),
			"a page without an origin":       ask(b.Server, method, "", "Origin", "null"),
			"another port of this machine":   ask(b.Server, method, "", "Origin", "http://127.0.0.1:1"),
			"another site by the right names": ask(b.Server, method, "localhost", "Origin", "https://evil.example",
				"Sec-Fetch-Site", "cross-site"),
		} {
			require.Equal(t, http.StatusForbidden, refused, "%s %s", method, name)
		}
	}
	require.EqualValues(t, 1, b.Status().Orders, "nothing was reset")
	for _, host := range []string{"", "localhost:7490", "127.0.0.1", "[::1]:7490"} {
		require.Equal(t, http.StatusOK, ask(b.Server, http.MethodGet, host), host)
	}
	require.Equal(t, http.StatusOK,
		ask(b.Server, http.MethodGet, "", "Origin", b.BaseURL(), "Sec-Fetch-Site", "same-origin"),
		"its own pages, had it any")

	open := setup(t, func(c *sandbox.Config) { c.ControlAnywhere = true })
	require.Equal(t, http.StatusOK, ask(open.Server, http.MethodGet, "wms-sandbox:7490"), "told so")
	require.Equal(t, http.StatusForbidden,
		ask(open.Server, http.MethodGet, "wms-sandbox:7490", "Sec-Fetch-Site", "cross-site"))
}

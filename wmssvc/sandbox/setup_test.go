package sandbox_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

const secret = "testsecret"

// vectorTime is the timestamp of the published-for-this-project vectors, 2024-05-06 07:08:09 in China.
var vectorTime = time.Date(2024, 5, 5, 23, 8, 9, 0, time.UTC)

// clock is a time that only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bundle is a sandbox and a client of its own making, sharing no code with it.
type bundle struct {
	*testing.T
	*sandbox.Server
	clock  *clock
	client *http.Client
}

func config(c *clock) sandbox.Config {
	return sandbox.Config{
		Accounts: []warehouse.Account{
			{SID: "testsid", AppKey: "testappkey", Secret: secret, CustomerID: "c-001"},
			{SID: "othersid", AppKey: "otherappkey", Secret: "othersecret"},
		},
		Now: c.now,
	}
}

func setup(t *testing.T, change ...func(*sandbox.Config)) *bundle {
	t.Helper()
	c := &clock{at: vectorTime}
	cfg := config(c)
	for _, f := range change {
		f(&cfg)
	}
	s, err := sandbox.Start(t.Context(), cfg)
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, s.Stop(context.Background())) // the test's own context has ended by now
	})
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &bundle{T: t, Server: s, clock: c, client: client}
}

func personality(p behaviour.Personality) func(*sandbox.Config) {
	return func(c *sandbox.Config) { c.Personality = p }
}

func key(code string) warehouse.Key {
	return warehouse.Key{SID: "testsid", WarehouseCode: "CK001", OrderCode: code, OrderType: "QTRK"}
}

func (b *bundle) order(code string, state warehouse.State) warehouse.Key {
	b.Helper()
	o, err := b.CreateOrder(warehouse.Order{Key: key(code), State: state})
	require.NoError(b, err)
	return o.Key
}

func (b *bundle) truth(k warehouse.Key) warehouse.Truth {
	b.Helper()
	truth, err := b.Truth(k)
	require.NoError(b, err)
	return truth
}

// answer is what came back, as much of it as could be read.
type answer struct {
	status  int
	header  http.Header
	body    string
	Flag    string  `xml:"flag"`
	Code    *string `xml:"code"`
	Message *string `xml:"message"`
	Msg     *string `xml:"msg"`
}

func (a answer) text() string {
	if a.Message == nil {
		return ""
	}
	return *a.Message
}

func (b *bundle) post(address string, query url.Values, body string) (answer, error) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost,
		address+"?"+query.Encode(), strings.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("Content-Type", "application/xml")
	resp, err := b.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { require.NoError(b, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	got := answer{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	if err == nil {
		_ = xml.Unmarshal(raw, &got) // some answers are not XML; the tests that care look at body
	}
	return got, err
}

func (b *bundle) wdtQuery(body string) url.Values {
	q := url.Values{
		"method": {"WDT_WMS_ORDER_CANCEL"}, "sid": {"testsid"}, "appkey": {"testappkey"},
		"format": {"xml"}, "sign_method": {"md5"},
		"timestamp": {b.clock.now().In(time.FixedZone("", 8*3600)).Format(time.DateTime)},
	}
	q.Set("sign", signed(q, body, secret, true))
	return q
}

// signed is the tests' own signature.
func signed(q url.Values, body, key string, strip bool) string {
	var names []string
	for name := range q {
		if name != "sign" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	text := key
	for _, name := range names {
		text += name + q.Get(name)
	}
	text += body + key
	if strip {
		for _, white := range []string{" ", "\t", "\r", "\n"} {
			text = strings.ReplaceAll(text, white, "")
		}
	}
	sum := md5.Sum([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func cancelBody(k warehouse.Key) string {
	return "<request><warehouseCode>" + k.WarehouseCode + "</warehouseCode><orderCode>" + k.OrderCode +
		"</orderCode><orderType>" + k.OrderType + "</orderType></request>"
}

func (b *bundle) send(body string) (answer, error) { return b.post(b.URL(), b.wdtQuery(body), body) }

func (b *bundle) cancel(k warehouse.Key) answer {
	b.Helper()
	got, err := b.send(cancelBody(k))
	require.NoError(b, err)
	return got
}

// control calls the control API and returns the status and the decoded answer.
func (b *bundle) control(method, path, body string, into any) int {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.BaseURL()+path, strings.NewReader(body))
	require.NoError(b, err)
	resp, err := b.client.Do(req)
	require.NoError(b, err)
	defer func() { require.NoError(b, resp.Body.Close()) }()
	require.Equal(b, "wms", resp.Header.Get(sandbox.HeaderSandbox))
	raw, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	if into != nil {
		require.NoError(b, json.Unmarshal(raw, into), string(raw))
	}
	return resp.StatusCode
}

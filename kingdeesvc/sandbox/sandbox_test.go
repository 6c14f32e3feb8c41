package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is a fixed moment; the zone is the server's.
var start = time.Date(2024, 5, 11, 9, 30, 0, 583e6, time.FixedZone("+08:00", 8*60*60))

// clock is a clock that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// bundle is a sandbox and a client that is logged in to it.
type bundle struct {
	*testing.T
	server  *sandbox.Server
	client  *http.Client
	clock   *clock
	session string
}

func setup(t *testing.T, changes ...func(*sandbox.Config)) *bundle {
	t.Helper()
	c := &clock{}
	cfg := sandbox.Config{Now: c.now}
	for _, change := range changes {
		change(&cfg)
	}
	b := talkTo(t, startServer(t, cfg), c)
	b.session = b.login()
	return b
}

// talkTo is a client of a server, not logged in.
func talkTo(t *testing.T, server *sandbox.Server, c *clock) *bundle {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &bundle{T: t, server: server, clock: c, client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

func startServer(t *testing.T, cfg sandbox.Config) *sandbox.Server {
	t.Helper()
	server, err := sandbox.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	})
	return server
}

const (
	authService  = "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService."
	queryService = "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
)

type reply struct {
	status int
	header http.Header
	body   string
}

// send posts a body; headers come in pairs.
func (b *bundle) send(path, body string, headers ...string) (reply, error) {
	b.Helper()
	return b.sendContext(b.Context(), path, body, headers...)
}

func (b *bundle) sendContext(ctx context.Context, path, body string, headers ...string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.server.URL()+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, err
}

func (b *bundle) post(path, body string, headers ...string) reply {
	b.Helper()
	r, err := b.send(path, body, headers...)
	require.NoError(b, err)
	return r
}

func (b *bundle) login() string {
	b.Helper()
	r := b.post(authService+"ValidateUser.common.kdsvc",
		fmt.Sprintf(`{"acctID":%q,"username":%q,"password":%q,"lcid":2052}`,
			sandbox.DefaultAcctID, sandbox.DefaultUsername, string(sandbox.DefaultPassword)))
	var answer struct {
		LoginResultType int
		KDSVCSessionId  string //nolint:revive // the vendor's spelling
	}
	require.NoError(b, json.Unmarshal([]byte(r.body), &answer))
	require.Equal(b, 1, answer.LoginResultType, r.body)
	return answer.KDSVCSessionId
}

// ask posts parameters to ExecuteBillQuery.
func (b *bundle) ask(parameters map[string]any) reply {
	b.Helper()
	if _, ok := parameters["FormId"]; !ok {
		parameters["FormId"] = sandbox.FormID
	}
	body, err := json.Marshal(map[string]any{"data": parameters})
	require.NoError(b, err)
	return b.post(queryService+"ExecuteBillQuery.common.kdsvc", string(body), "kdservice-sessionid", b.session)
}

// rows asks for keys in an order, with a condition, and wants an answer.
func (b *bundle) rows(keys, filter, order string) [][]any {
	b.Helper()
	return b.decode(b.ask(map[string]any{"FieldKeys": keys, "FilterString": filter, "OrderString": order}))
}

func (b *bundle) decode(r reply) [][]any {
	b.Helper()
	require.Equal(b, http.StatusOK, r.status, r.body)
	var rows [][]any
	d := json.NewDecoder(bytes.NewBufferString(r.body))
	d.UseNumber()
	require.NoError(b, d.Decode(&rows), r.body)
	require.NotContains(b, r.body, "ResponseStatus")
	return rows
}

// column gives one column of rows as texts.
func column(rows [][]any, i int) []string {
	texts := []string{}
	for _, r := range rows {
		texts = append(texts, fmt.Sprint(r[i]))
	}
	return texts
}

func line(material, qty, stock string, components ...books.Component) books.Line {
	return books.Line{Goods: books.Goods{Material: material, Qty: qty, Stock: stock}, Components: components}
}

func component(material, qty, stock string) books.Component {
	return books.Component{Goods: books.Goods{Material: material, Qty: qty, Stock: stock}}
}

// audited makes an audited bill of organisation 100.
func (b *bundle) audited(billNo string, lines ...books.Line) books.Bill {
	b.Helper()
	_, err := b.server.Create(b.Context(),
		books.Bill{BillNo: billNo, StockOrg: "100", AffairType: books.Assembly, Lines: lines})
	require.NoError(b, err)
	bill, err := b.server.Approve(b.Context(), billNo)
	require.NoError(b, err)
	return bill
}

package gateway_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
)

// The failure: only what an RPC answered bore an id, and an id that a caller chose was nowhere in the log.
func TestEveryAnswerBearsAnIDThatStandsInTheLog(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	li := http.Header{"Authorization": {"Bearer fedcba9876543210"}}
	for i, c := range []struct {
		target, body string
		header       http.Header
		status       int
	}{
		{"GET /v1/schemes", "", li, 200},
		{"GET /v1/bills/none", "", li, 404},
		{"GET /v1/nothing", "", li, 404},
		{"PUT /v1/schemes", "", li, 405},
		{"GET /v1/schemes?nope=1", "", li, 400},
		{"GET /v1/schemes?scheme=%zz", "", li, 400},
		{"POST /v1/schemes/assembly:pause", "{", li, 400},
		{"POST /v1/schemes/assembly:pause", strings.Repeat("x", 2<<20), li, 413},
		{"GET /openapi.json", "", li, 200},
		{"GET /healthz", "", nil, 200},
		{"GET /v1/schemes", "", nil, 401},
	} {
		id := fmt.Sprintf("trace-%d", i)
		header := maps.Clone(c.header)
		if header == nil {
			header = http.Header{}
		}
		header["X-Request-Id"] = []string{id}
		response, content := f.call(t, c.target, c.body, header)
		require.Equal(t, c.status, response.StatusCode, "%s: %s", c.target, content)
		require.Equal(t, []string{id}, response.Header["X-Request-Id"], c.target)
		if c.status != 401 { // the door has its own line of those
			require.Contains(t, f.log.String(), `"request_id":"`+id+`"`, c.target)
		}
		response, _ = f.call(t, c.target, c.body, c.header)
		require.Regexp(t, "^[A-Z2-7]{26}$", response.Header.Get("X-Request-Id"), c.target)
	}
	response, _ := f.call(t, "GET /v1/schemes", "", http.Header{
		"Authorization": li["Authorization"], "X-Request-Id": {"two words"},
	})
	require.Regexp(t, "^[A-Z2-7]{26}$", response.Header.Get("X-Request-Id"), "an id that no log should bear")
	require.Contains(t, f.log.String(), `"caller":"li"`)
}

func TestAMethodThatAPathDoesNotTakeIsToldWhichItTakes(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	for target, allowed := range map[string]string{
		"PUT /v1/schemes":                  "GET, HEAD",
		"DELETE /v1/bills/a%2Fb":           "GET, HEAD",
		"GET /v1/schemes:stopAll":          "POST",
		"HEAD /v1/schemes:stopAll":         "POST",
		"PATCH /v1/schemes/assembly/draft": "GET, HEAD, POST",
		"OPTIONS /v1/schemes":              "GET, HEAD",
		"POST /healthz":                    "GET, HEAD",
		"POST /openapi.json":               "GET, HEAD",
	} {
		response, content := f.call(t, target, "", nil)
		require.Equal(t, 405, response.StatusCode, "%s: %s", target, content)
		require.Equal(t, allowed, response.Header.Get("Allow"), target)
	}
	require.Equal(t, "0", f.rows.Text(`select count(*)::text from voidrelay.condition where kind = 'paused'`))
}

func TestHEADAnswersAsGETWithoutABody(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	for path, status := range map[string]int{
		"/v1/schemes": 200, "/v1/bills/ZZCX000001": 200, "/v1/bills/none": 404, "/openapi.json": 200, "/readyz": 200,
	} {
		response, content := f.call(t, "HEAD "+path, "", nil)
		require.Equal(t, status, response.StatusCode, path)
		require.Empty(t, content, path)
		got, _ := f.call(t, "GET "+path, "", nil)
		require.Equal(t, got.Header.Get("Content-Type"), response.Header.Get("Content-Type"), path)
		require.Equal(t, got.Header.Get("ETag"), response.Header.Get("ETag"), path)
	}
}

// The failure: WWW-Authenticate was a sentence.
func TestA401SaysHowOneBecomesKnown(t *testing.T) {
	f := setup(t, two(t))
	response, _ := f.call(t, "GET /v1/schemes", "", nil)
	require.Equal(t, `Bearer realm="voidrelay"`, response.Header.Get("WWW-Authenticate"))
	response, _ = f.call(t, "GET /v1/schemes", "", http.Header{"Authorization": {"Bearer wrong"}})
	require.Equal(t, 401, response.StatusCode)
	require.Equal(t, `Bearer realm="voidrelay", error="invalid_token"`, response.Header.Get("WWW-Authenticate"))
}

// One caller's loop is held back; others, and probes, do not notice.
func TestWhoAsksTooOftenWaitsAndNobodyElse(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	slow := f.options
	slow.Pace = gateway.Pace{PerSecond: 0.001, Burst: 3}
	f.serve(t, slow)
	wang, li := http.Header{"Authorization": {"Bearer 0123456789abcdef"}},
		http.Header{"Authorization": {"Bearer fedcba9876543210"}}
	for range 3 {
		response, content := f.call(t, "GET /v1/schemes", "", wang)
		require.Equal(t, 200, response.StatusCode, content)
	}
	response, content := f.call(t, "POST /v1/schemes/assembly:pause", `{"reason": "x"}`, wang)
	require.Equal(t, 429, response.StatusCode, content)
	requireReason(t, "TOO_MANY_CALLS", content)
	after, err := strconv.Atoi(response.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, after)
	require.Equal(t, "0", f.rows.Text(`select count(*)::text from voidrelay.condition where kind = 'paused'`))

	response, _ = f.call(t, "GET /v1/schemes", "", li)
	require.Equal(t, 200, response.StatusCode, "another caller")
	for range 5 {
		response, _ = f.call(t, "GET /readyz", "", wang)
		require.Equal(t, 200, response.StatusCode, "probes are not counted")
		response, _ = f.call(t, "GET /v1/schemes", "", nil)
		require.Equal(t, 401, response.StatusCode, "who is not known is no caller")
	}
}

// requireReason wants an error with this reason, whatever else it says.
func requireReason(t *testing.T, reason, content string) {
	t.Helper()
	var sent struct {
		Details []struct{ Reason string }
	}
	require.NoError(t, json.Unmarshal([]byte(content), &sent), content)
	require.NotEmpty(t, sent.Details, content)
	require.Equal(t, reason, sent.Details[0].Reason, content)
}

func TestOneThingIsNotSentAgainUntilItChanges(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	const one = "GET /v1/cancellations/2"
	first, content := f.call(t, one, "", nil)
	tag := first.Header.Get("ETag")
	require.Regexp(t, `^W/".+"$`, tag)
	for _, match := range []string{tag, `"other", ` + tag, strings.TrimPrefix(tag, "W/"), "*"} {
		response, body := f.call(t, one, "", http.Header{"If-None-Match": {match}})
		require.Equal(t, 304, response.StatusCode, match)
		require.Empty(t, body, match)
		require.Equal(t, tag, response.Header.Get("ETag"))
	}
	response, again := f.call(t, one, "", http.Header{"If-None-Match": {`"other"`}})
	require.Equal(t, 200, response.StatusCode)
	require.JSONEq(t, content, again)

	response, content = f.call(t, "POST /v1/cancellations:ignore",
		`{"filter": {"scheme": "assembly", "cancellationIds": ["2"]}, "reason": "已核对"}`, nil)
	require.Equal(t, 200, response.StatusCode, content)
	response, _ = f.call(t, one, "", http.Header{"If-None-Match": {tag}})
	require.Equal(t, 200, response.StatusCode, "it changed")
	require.NotEqual(t, tag, response.Header.Get("ETag"))

	response, _ = f.call(t, "GET /v1/cancellations", "", http.Header{"If-None-Match": {"*"}})
	require.Equal(t, 200, response.StatusCode, "a list has none")
	require.Empty(t, response.Header.Get("ETag"))
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
}

func TestLargeRepliesAreCompressedForWhoTakesIt(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	for _, path := range []string{"/v1/cancellations", "/openapi.json"} {
		_, plain := f.call(t, "GET "+path, "", http.Header{"Accept-Encoding": {"identity"}})
		response, zipped := f.call(t, "GET "+path, "", http.Header{"Accept-Encoding": {"gzip"}})
		require.Equal(t, "gzip", response.Header.Get("Content-Encoding"), path)
		require.Contains(t, response.Header.Get("Vary"), "Accept-Encoding", path)
		require.Less(t, len(zipped), len(plain)/2, path)
		unzipped, err := gzip.NewReader(strings.NewReader(zipped))
		require.NoError(t, err)
		content, err := io.ReadAll(unzipped)
		require.NoError(t, err)
		require.JSONEq(t, plain, string(content), path)
	}
	response, _ := f.call(t, "GET /v1/schemes/nope", "", http.Header{"Accept-Encoding": {"gzip"}})
	require.Empty(t, response.Header.Get("Content-Encoding"), "a small one is not worth it")
}

// raw sends what no HTTP library would, and reads the answer.
func (f *face) raw(t *testing.T, request string) (*http.Response, string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.rest.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(content)
}

// The failure: a malformed escape was answered in plain text, with the words of Go's parser.
func TestWhatCannotBeReadIsRefusedInTheSameForm(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	const host = "Host: localhost\r\nConnection: close\r\n\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
		field   string
	}{
		"a malformed escape in the path":  {"GET /v1/bills/%zz HTTP/1.1\r\n" + host, 400, "request"},
		"a malformed escape in the query": {"GET /v1/schemes?page_token=%zz HTTP/1.1\r\n" + host, 400, "page_token"},
		"a semicolon":                     {"GET /v1/schemes?pageSize=1;x HTTP/1.1\r\n" + host, 400, "pageSize"},
		"no host":                         {"GET /v1/schemes HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "request"},
		"no header":                       {"GET /v1/schemes HTTP/1.1\r\nbad header\r\n" + host, 400, "request"},
		"no HTTP":                         {"hello\r\n\r\n", 400, "request"},
		"an unknown transfer coding": {
			"POST /v1/schemes:stopAll HTTP/1.1\r\nTransfer-Encoding: x\r\n" + host, 501, "request",
		},
		"headers without end": {
			"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n" + host, 431, "request",
		},
		"an asterisk": {"OPTIONS * HTTP/1.1\r\n" + host, 400, "path"},
	} {
		response, content := f.raw(t, c.request)
		require.Equal(t, c.status, response.StatusCode, "%s: %s", name, content)
		require.Equal(t, "application/json", response.Header.Get("Content-Type"), name)
		requireReason(t, "REQUEST_INVALID", content)
		require.Contains(t, content, `"field":"`+c.field+`"`, name)
		require.NotContains(t, content, "URL escape", name)
		id := response.Header.Get("X-Request-Id")
		require.NotEmpty(t, id, name)
		require.Contains(t, f.log.String(), `"request_id":"`+id+`"`, name)
	}
}

func TestErrorsNameFieldsAsTheCallerSpelledThem(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	long := strings.Repeat("9", 300)
	const release = "POST /v1/cancellations:release"
	for _, c := range []struct{ target, body, field string }{
		{"GET /v1/cancellations?filter.billNo=" + long, "", "filter.billNo"},
		{"GET /v1/cancellations?filter.bill_no=" + long, "", "filter.bill_no"},
		{"GET /v1/cancellations?pageSize=501", "", "pageSize"},
		{"GET /v1/cancellations?page_size=501", "", "page_size"},
		{"GET /v1/cancellations?page_size=x", "", "page_size"},
		{"GET /v1/cancellations?pageToken=x", "", "pageToken"},
		{"GET /v1/cancellations?page_token=x", "", "page_token"},
		{"GET /v1/events?since_token=x", "", "since_token"},
		{"GET /v1/runs?kinds=0", "", "kinds[0]"},
		{release, `{"filter": {"scheme": "assembly", "billNo": "` + long + `"}, "reason": "x"}`,
			"filter.billNo"},
		{release, `{"filter": {"scheme": "assembly", "bill_no": "` + long + `"}, "reason": "x"}`,
			"filter.bill_no"},
		{release, `{"filter": {"bill_no": 7}, "reason": "x"}`, "filter.bill_no"},
		{"POST /v1/schemes/assembly:pause", `{"reason": "x", "request_id": "` + long + `"}`, "request_id"},
		{"POST /v1/schemes/assembly:pause", `{"reason": "x", "requestId": "` + long + `"}`, "requestId"},
		{"POST /v1/schemes/assembly:pause", `{"request_id": "1"}`, "reason"},
		{"GET /v1/cancellations/x", "", "cancellationId"},
	} {
		response, content := f.call(t, c.target, c.body, nil)
		require.Equal(t, 400, response.StatusCode, "%s: %s", c.target, content)
		require.Contains(t, content, `"field":"`+c.field+`"`, c.target+c.body)
		for _, word := range []string{"strconv", "parsing", "proto:", "syntax", "unmarshal", "invalid character"} {
			require.NotContains(t, content, word, c.target)
		}
	}
}

func TestPagesOfOtherSitesCallOnlyWhereTheyAreNamed(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	const board = "https://board.example.com"
	preflight := http.Header{
		"Origin": {board}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"authorization,content-type"},
	}
	response, _ := f.call(t, "OPTIONS /v1/schemes:stopAll", "", preflight)
	require.Equal(t, 405, response.StatusCode, "off unless set")
	require.Empty(t, corsOf(response))
	response, _ = f.call(t, "GET /v1/schemes", "", http.Header{"Origin": {board}})
	require.Empty(t, corsOf(response))

	named := f.options
	named.Origins = []string{board}
	f.serve(t, named)
	response, _ = f.call(t, "OPTIONS /v1/schemes:stopAll", "", preflight)
	require.Equal(t, 204, response.StatusCode)
	require.Equal(t, board, response.Header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, response.Header.Get("Access-Control-Allow-Credentials"))
	response, content := f.call(t, "POST /v1/schemes/assembly:pause", `{"reason": "盘点"}`,
		http.Header{"Origin": {board}})
	require.Equal(t, 200, response.StatusCode, content)
	require.Equal(t, board, response.Header.Get("Access-Control-Allow-Origin"))
	for _, other := range []string{"https://evil.example.com", "http://board.example.com", "null"} {
		response, _ = f.call(t, "POST /v1/schemes/assembly:resume", `{"reason": "x"}`, http.Header{"Origin": {other}})
		require.Equal(t, 400, response.StatusCode, other)
		require.Empty(t, response.Header.Get("Access-Control-Allow-Origin"), other)
	}
	require.Equal(t, "1", f.rows.Text(
		`select count(*)::text from voidrelay.condition where kind = 'paused' and end_time is null`))
	require.NoError(t, gateway.CheckOrigins([]string{board, "http://localhost:3000"}))
	for _, wrong := range []string{"*", "board.example.com", board + "/path", "null"} {
		require.Error(t, gateway.CheckOrigins([]string{wrong}), wrong)
	}
}

// corsOf are the headers that let a page in.
func corsOf(response *http.Response) []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(response.Header)), func(name string) bool {
		return !strings.HasPrefix(name, "Access-Control-")
	})
}

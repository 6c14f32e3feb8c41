package gateway_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// streaming opens a watch; its lines come one by one.
func (f *face) streaming(t *testing.T, path string, header http.Header) (*http.Response, *bufio.Scanner) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.rest.URL+path, nil)
	require.NoError(t, err)
	request.Header = header
	response, err := f.rest.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response, bufio.NewScanner(response.Body)
}

// block reads the lines of one server-sent event.
func block(t *testing.T, lines *bufio.Scanner) []string {
	t.Helper()
	var all []string
	for lines.Scan() {
		if lines.Text() == "" {
			return all
		}
		all = append(all, lines.Text())
	}
	require.FailNow(t, "the watch ended", "%v", lines.Err())
	return nil
}

const (
	place2 = "CgsMDQAAQACAAAAAAAAAAQAAAAAAAAAC"
	place4 = "CgsMDQAAQACAAAAAAAAAAQAAAAAAAAAE"
	place5 = "CgsMDQAAQACAAAAAAAAAAQAAAAAAAAAF"
)

func TestABrowserWatchesEventsAndGoesOnBehindTheLast(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	sse := http.Header{"Accept": {"text/event-stream"}, "Accept-Encoding": {"gzip"}}
	response, lines := f.streaming(t, "/v1/events:watch?fromOldest=true&kinds=EVENT_KIND_WORK_ITEM_OPENED", sse)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(t, "no", response.Header.Get("X-Accel-Buffering"))
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	require.NotEmpty(t, response.Header.Get("X-Request-Id"))
	require.Equal(t, []string{"retry: 2000"}, block(t, lines))
	event := block(t, lines)
	require.Equal(t, "id: "+place4, event[0])
	require.Regexp(t, `^data: \{.*"kind":"EVENT_KIND_WORK_ITEM_OPENED".*\}$`, event[1])
	require.Equal(t, []string{": still here", "id: " + place5}, block(t, lines), "what did not count is behind it too")

	// The browser repeats the address, and says what it saw last.
	sse["Last-Event-Id"] = []string{place4}
	response, lines = f.streaming(t, "/v1/events:watch?fromOldest=true", sse)
	require.Equal(t, 200, response.StatusCode)
	block(t, lines)
	event = block(t, lines)
	require.Equal(t, "id: "+place5, event[0])
	require.Contains(t, event[1], "EVENT_KIND_RUN_ENDED")
}

func TestAProgramWatchesEventsByLines(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	response, lines := f.streaming(t, "/v1/events:watch?since_token="+place2+"&scheme=assembly",
		http.Header{"Accept": {"application/x-ndjson"}})
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "application/x-ndjson", response.Header.Get("Content-Type"))
	require.True(t, lines.Scan())
	require.Contains(t, lines.Text(), `"token":"`+place5+`"`)
	require.Equal(t, 3, strings.Count(lines.Text(), `"createTime"`))
}

func TestAWatchThatCannotBeginIsRefusedLikeEverythingElse(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	header := http.Header{"Authorization": {"Bearer fedcba9876543210"}, "Accept": {"text/event-stream"}}
	for query, want := range map[string]struct {
		status        int
		reason, field string
	}{
		"sinceToken=x":              {400, "EVENT_TOKEN_INVALID", "sinceToken"},
		"since_token=x":             {400, "EVENT_TOKEN_INVALID", "since_token"},
		"nope=1":                    {400, "REQUEST_INVALID", "nope"},
		"kinds=EVENT_KIND_NOPE":     {400, "REQUEST_INVALID", "kinds"},
		"scheme=nope":               {404, "SCHEME_NOT_FOUND", ""},
		"bill_no=%zz":               {400, "REQUEST_INVALID", "bill_no"},
		"fromOldest=1&sinceToken=x": {400, "REQUEST_INVALID", "fromOldest"},
	} {
		response, content := f.call(t, "GET /v1/events:watch?"+query, "", header)
		require.Equal(t, want.status, response.StatusCode, "%s: %s", query, content)
		require.Equal(t, "application/json", response.Header.Get("Content-Type"), query)
		requireReason(t, want.reason, content)
		if want.field != "" {
			require.Contains(t, content, `"field":"`+want.field+`"`, query)
		}
	}
	response, _ := f.call(t, "GET /v1/events:watch", "", http.Header{"Accept": {"text/event-stream"}})
	require.Equal(t, 401, response.StatusCode)
	response, _ = f.call(t, "POST /v1/events:watch", "", header)
	require.Equal(t, 405, response.StatusCode)
	require.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
	response, _ = f.call(t, "HEAD /v1/events:watch", "", header)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
}

// 200 watches leave room for every other call.
func TestWatchesTakeNothingFromOtherCalls(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	for range 200 {
		response, lines := f.streaming(t, "/v1/events:watch", nil)
		require.Equal(t, 200, response.StatusCode)
		require.True(t, lines.Scan())
	}
	response, content := f.call(t, "GET /v1/events:watch", "", nil)
	require.Equal(t, 429, response.StatusCode, content)
	requireReason(t, "TOO_MANY_WATCHES", content)
	require.NotEmpty(t, response.Header.Get("Retry-After"))
	for range 100 {
		response, _ = f.call(t, "GET /v1/schemes", "", nil)
		require.Equal(t, 200, response.StatusCode)
	}
	f.server.Leave()
	_, lines := f.streaming(t, "/v1/schemes", nil)
	require.True(t, lines.Scan())
}

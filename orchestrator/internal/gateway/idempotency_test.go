package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wangs are the headers of a call of wang's, with such keys.
func wangs(keys ...string) http.Header {
	header := http.Header{"Authorization": {"Bearer 0123456789abcdef"}}
	if len(keys) > 0 {
		header["Idempotency-Key"] = keys
	}
	return header
}

// The header was ignored in silence: who repeated a POST, as his library does it, acted twice.
func TestAnIdempotencyKeyMakesAnActHappenOnce(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	acts := func() string { return f.rows.Text(`select count(*)::text from voidrelay.operator_action`) }
	before := acts()
	const pause, body = "POST /v1/schemes/assembly:pause", `{"reason": "仓库盘点"}`
	for name, c := range map[string]struct {
		keys        []string
		body, field string
	}{
		"another one than the body's": {[]string{"k1"}, `{"reason": "仓库盘点", "requestId": "r1"}`, "Idempotency-Key"},
		"two of them":                 {[]string{"k1", "k2"}, body, "Idempotency-Key"},
		"none":                        {[]string{""}, body, "Idempotency-Key"},
		"nothing in quotes":           {[]string{`""`}, body, "Idempotency-Key"},
		"too long":                    {[]string{strings.Repeat("单", 101)}, body, "Idempotency-Key"},
		"not UTF-8":                   {[]string{"a\xff"}, body, "Idempotency-Key"},
	} {
		t.Run(name, func(t *testing.T) {
			response, content := f.call(t, pause, c.body, wangs(c.keys...))
			require.Equal(t, 400, response.StatusCode, content)
			requireStatus(t, &apiError{
				Code: "INVALID_ARGUMENT", Reason: "REQUEST_INVALID", Metadata: map[string]string{"field": c.field},
			}, statusOf(t, content))
		})
	}
	require.Equal(t, before, acts(), "what is refused leaves nothing")

	response, first := f.call(t, pause, body, wangs("k1"))
	require.Equal(t, 200, response.StatusCode, first)
	once := acts()
	require.NotEqual(t, before, once)
	for _, same := range []struct{ key, body string }{
		{"k1", body}, {`"k1"`, body}, {"k1", `{"reason": "仓库盘点", "requestId": "k1"}`},
		{"", `{"reason": "仓库盘点", "requestId": "k1"}`},
	} {
		header := wangs()
		if same.key != "" {
			header = wangs(same.key)
		}
		response, again := f.call(t, pause, same.body, header)
		require.Equal(t, 200, response.StatusCode, again)
		require.JSONEq(t, first, again)
	}
	require.Equal(t, once, acts(), "repeated, it does nothing")
	response, content := f.call(t, pause, `{"reason": "别的原因"}`, wangs("k1"))
	require.Equal(t, 409, response.StatusCode, content)
	require.Equal(t, once, acts())

	// What only reads takes no notice of it.
	response, content = f.call(t, "POST /v1/bills:batchGet", `{"billNos": ["ZZCX000001"]}`, wangs("k1"))
	require.Equal(t, 200, response.StatusCode, content)
	response, content = f.call(t, "GET /v1/schemes", "", wangs("k1", "k2"))
	require.Equal(t, 200, response.StatusCode, content)
}

// Who lost the answer asks by the id of his call: who made it, when, by which method, and what it was answered.
func TestACallIsFoundByItsRequestID(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	type call struct {
		Caller, RequestID, Method, CreateTime, Reply string
		Actions                                      []struct{ Verb, Reason, Scheme string }
	}
	find := func(query string) []call {
		t.Helper()
		response, content := f.call(t, "GET /v1/operatorActions:find?"+query, "", wangs())
		require.Equal(t, 200, response.StatusCode, content)
		var reply struct{ Calls []call }
		require.NoError(t, json.Unmarshal([]byte(content), &reply))
		return reply.Calls
	}
	require.Empty(t, find("id=k7"))
	_, paused := f.call(t, "POST /v1/schemes/assembly:pause", `{"reason": "仓库盘点"}`, wangs("k7"))
	f.call(t, "POST /v1/schemes/nope:pause", `{"reason": "仓库盘点"}`, wangs("k8"))
	require.Empty(t, find("id=k8"), "it was refused")
	li := http.Header{"Authorization": {"Bearer fedcba9876543210"}, "Idempotency-Key": {"k7"}}
	f.call(t, "POST /v1/schemes:stopAll", `{"reason": "演练"}`, li)

	found := find("id=k7")
	require.Len(t, found, 2, "each caller's ids are his own")
	require.Equal(t, "orchestrator.v1.SchemeService/StopAll", found[0].Method)
	require.Equal(t, "li", found[0].Caller)
	found = find("id=k7&caller=wang")
	require.Len(t, found, 1)
	require.Equal(t, "orchestrator.v1.SchemeService/PauseScheme", found[0].Method)
	require.NotEmpty(t, found[0].CreateTime)
	require.JSONEq(t, paused, found[0].Reply)
	require.Equal(t, []struct{ Verb, Reason, Scheme string }{{"pause", "仓库盘点", "assembly"}}, found[0].Actions)

	// A month later the reply is gone, and what was done is not.
	f.rows.Exec(`delete from voidrelay.first_reply`)
	found = find("id=k7&caller=wang")
	require.Len(t, found, 1)
	require.Empty(t, found[0].Method+found[0].Reply)
	require.Len(t, found[0].Actions, 1)

	response, content := f.call(t, "GET /v1/operatorActions:find", "", wangs())
	require.Equal(t, 400, response.StatusCode, content)
}

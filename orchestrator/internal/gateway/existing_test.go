package gateway_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"

	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// hostile are values that nobody means, each of them wrong for some field and right for others.
var hostile = []string{
	"", " ", "\x00", "a\nb", "'", `"`, `\`, "%", "_", "%00", "' or true --", "组装 100%", "\u202egnp", "\U0001d49c",
	"\xff",
	"assembly", "ZZCX000001", "-1", "0", "1", "99999999999999999999", "1e3", "NaN", "0x10", "true", "null", "{}", "[]",
	"CANCELLATION_STATE_UNSPECIFIED", "CANCELLATION_STATE_OPEN", "CANCELLATION_ORDER_OLDEST", "2026-13-01T00:00:00Z",
	"2026-11-26", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "2026-11-20T02:00:00+25:00",
	strings.Repeat("a", 99), strings.Repeat("单", 3000),
}

// fieldsOf are the names of a message's fields in REST.
func fieldsOf(message protoreflect.ProtoMessage, before string) (names []string) {
	fields := message.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		names = append(names, before+fields.Get(i).JSONName())
	}
	return names
}

// Earlier fuzzing mostly named schemes that do not exist, and so met nothing behind that. Here every name exists, and
// one value is wrong: it is answered, or refused with a reason and the field, and what is refused has left nothing.
func TestWrongInputAboutWhatExistsIsRefusedByReasonAndField(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	stored := func() string {
		return f.rows.Text(`select (select count(*) from voidrelay.operator_action)::text || ' ' ||
    (select count(*) from voidrelay.first_reply) || ' ' || (select count(*) from voidrelay.event_inbox) || ' ' ||
    (select sum(attempt) from voidrelay.unsettled_cancellation)`)
	}
	seen := map[int]int{}
	try := func(target, body string) {
		t.Helper()
		before := stored()
		response, content := f.call(t, target, body, nil)
		seen[response.StatusCode]++
		if response.StatusCode == 200 {
			return
		}
		require.Contains(t, []int{400, 404, 409}, response.StatusCode, "%s %s\n%s", target, body, content)
		st := statusOf(t, content)
		require.Len(t, st.Details(), 1, content)
		info := st.Details()[0].(*errdetails.ErrorInfo)
		require.NotEmpty(t, info.GetReason(), content)
		if slices.Contains([]string{"REQUEST_INVALID", "PAGE_TOKEN_INVALID"}, info.GetReason()) {
			require.NotEmpty(t, info.GetMetadata()["field"], content)
		}
		require.Equal(t, before, stored(), "%s %s left something", target, body)
	}
	filter := fieldsOf(&orchestratorv1.CancellationFilter{}, "filter.")
	for path, fields := range map[string][]string{
		"/v1/cancellations?filter.scheme=assembly": append(filter[1:],
			"orderBy", "includeTotal", "pageSize", "pageToken"),
		"/v1/bills:batchGet?billNos=ZZCX000001": {"billNos", "scheme"},
		"/v1/operatorActions:find?caller=wang":  {"id"},
		"/v1/operatorActions?scheme=assembly":   {"cancellationId", "pageSize", "pageToken"},
	} {
		for _, field := range fields {
			for _, value := range hostile {
				try("GET "+path+"&"+field+"="+url.QueryEscape(value), "")
			}
		}
	}
	for _, field := range filter[1:] {
		name := strings.TrimPrefix(field, "filter.")
		for _, value := range hostile {
			body, err := json.Marshal(map[string]any{
				"filter": map[string]any{"scheme": "halted", name: value}, "reason": "试",
			})
			require.NoError(t, err)
			try("POST /v1/cancellations:ignore", string(body))
		}
	}
	for _, key := range hostile {
		for _, name := range []string{"requestId", "reason", "dryRun", "maxCount", "token"} {
			body, err := json.Marshal(map[string]any{
				"filter": map[string]any{"scheme": "halted", "cancellationIds": []string{"1"}},
				"reason": "试", name: key,
			})
			require.NoError(t, err)
			try("POST /v1/cancellations:markDone", string(body))
		}
	}
	require.Positive(t, seen[200])
	require.Greater(t, seen[400], 500)
	t.Log(seen)
}

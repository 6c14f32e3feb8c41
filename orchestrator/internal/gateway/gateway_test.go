package gateway_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/proto"
)

func TestEveryRPCHasARESTBindingAndACase(t *testing.T) {
	content, err := os.ReadFile("../../../proto/gateway.yaml")
	require.NoError(t, err)
	var bindings struct {
		HTTP struct {
			Rules []struct{ Selector string }
		} `yaml:"http"`
	}
	require.NoError(t, yaml.Unmarshal(content, &bindings))
	bound, tried := map[string]bool{}, map[string]bool{}
	for _, rule := range bindings.HTTP.Rules {
		bound[rule.Selector] = true
	}
	for _, c := range apiCases(t) {
		if c.HTTP != "" && c.RPC != "" && c.Error == nil {
			tried["orchestrator.v1."+strings.ReplaceAll(c.RPC, "/", ".")] = true
		}
	}
	methods := 0
	protoregistry.GlobalFiles.RangeFilesByPackage("orchestrator.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				name := string(file.Services().Get(i).Methods().Get(j).FullName())
				require.True(t, bound[name], "%s has no rule in gateway.yaml", name)
				if name == "orchestrator.v1.EventService.WatchEvents" {
					methods++
					continue // a stream, which has tests of its own
				}
				require.True(t, tried[name], "%s has no case in api.yaml", name)
				methods++
			}
		}
		return true
	})
	require.Equal(t, 44, methods)
	require.Len(t, bound, methods)
}

// two are an operator and an admin.
func two(t *testing.T) *access.Callers {
	t.Helper()
	return accesstest.Callers(t, accesstest.Caller{Name: "wang", Role: "operator", Token: "0123456789abcdef"},
		accesstest.Caller{Name: "li", Role: "admin", Token: "fedcba9876543210"})
}

func TestWithTokensOnlyTheirHoldersAreLetIn(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	refused := &apiError{Code: "UNAUTHENTICATED", Reason: "UNAUTHENTICATED"}
	for _, authorization := range []string{"", "Bearer wrong", "Basic 0123456789abcdef", "0123456789abcdef"} {
		response, content := f.call(t, "GET /v1/schemes", "", http.Header{"Authorization": {authorization}})
		require.Equal(t, 401, response.StatusCode)
		requireStatus(t, refused, statusOf(t, content))
	}
	li := http.Header{"Authorization": {"bearer fedcba9876543210"}}
	response, content := f.call(t, "POST /v1/cancellations:release",
		`{"filter": {"scheme": "assembly", "holdReason": "safety_limit_hour"}, "reason": "属实"}`, li)
	require.Equal(t, 200, response.StatusCode, content)
	require.Contains(t, content, `"count":"1"`)
	require.Equal(t, "li", f.rows.Text(`select actor from voidrelay.operator_action`))
	response, _ = f.call(t, "GET /readyz", "", nil)
	require.Equal(t, 200, response.StatusCode, "health asks for no token")
}

// The failure: who was not known learnt which paths there are, what a method wants, and which field was wrong.
func TestWhoIsNotKnownLearnsNothingElse(t *testing.T) {
	f := setup(t, two(t))
	wang := http.Header{"Authorization": {"Bearer 0123456789abcdef"}}
	var said string
	for target, code := range map[string]int{
		"GET /v1/schemes": 200, "GET /v1/nothing": 404, "PUT /v1/schemes": 405, "GET /v1/schemes?x=1": 400,
		"GET /openapi.json": 200, "POST /openapi.json": 405, "GET /v1/bills/%ff": 400,
		"POST /v1/schemes/assembly:resume":     413,
		"POST /v1/schemes/assembly:resume?x=1": 400, "GET /": 404,
	} {
		body := ""
		if strings.HasPrefix(target, "POST") {
			body = `{"reason": 1, "` + strings.Repeat("x", 2<<20) + `": `
		}
		response, content := f.call(t, target, body, nil)
		require.Equal(t, 401, response.StatusCode, target)
		if said == "" {
			said = content
		}
		require.Equal(t, said, content, "the same, whatever is wrong besides")
		requireStatus(t, &apiError{Code: "UNAUTHENTICATED", Reason: "UNAUTHENTICATED"}, statusOf(t, content))
		response, content = f.call(t, target, body, wang)
		require.Equal(t, code, response.StatusCode, "%s: %s", target, content)
	}
}

func TestARepeatedActAnswersTheSameThoughItWouldBeRefusedNow(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	const call, body = "POST /v1/schemes/trial:setMode", `{"mode": "SCHEME_MODE_SEND", "reason": "试运行结束", ` +
		`"requestId": "m1"}`
	_, first := f.call(t, call, body, nil)
	f.gate.shut.Store(true)
	response, again := f.call(t, call, body, nil)
	require.Equal(t, 200, response.StatusCode, again)
	require.JSONEq(t, first, again)
	response, _ = f.call(t, call, `{"mode": "SCHEME_MODE_SEND", "reason": "试运行结束"}`, nil)
	require.Equal(t, 400, response.StatusCode)
}

// The failure: pause, resume, and the first call again, by a tool that had lost the answer. It was told how the scheme
// stood by then, not what the call had come to.
func TestARepeatedActIsAnsweredByItsFirstReply(t *testing.T) {
	f := setup(t, two(t))
	seed(f.rows)
	pauses := func() string {
		return f.rows.Text(`select count(*)::text || coalesce((
    select ' paused' from voidrelay.condition where kind = 'paused' and end_time is null), '')
from voidrelay.operator_action o where o.scheme = 'assembly' and o.verb = 'pause'`)
	}
	wang, li := http.Header{"Authorization": {"Bearer 0123456789abcdef"}},
		http.Header{"Authorization": {"Bearer fedcba9876543210"}}
	const pause, body = "POST /v1/schemes/assembly:pause", `{"reason": "仓库盘点", "requestId": "r1"}`
	_, first := f.call(t, pause, body, wang)
	response, content := f.call(t, "POST /v1/schemes/assembly:resume", `{"reason": "盘点完成", "requestId": "r1"}`, wang)
	require.Equal(t, 200, response.StatusCode, content)
	response, again := f.call(t, pause, body, wang)
	require.Equal(t, 200, response.StatusCode)
	require.JSONEq(t, first, again)
	require.Contains(t, again, `"kind":"paused"`)
	require.Equal(t, "1", pauses(), "paused once, and sending since it was resumed")

	response, content = f.call(t, pause, `{"reason": "别的原因", "requestId": "r1"}`, wang)
	require.Equal(t, 409, response.StatusCode, content)
	response, _ = f.call(t, pause, body, li)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "2 paused", pauses(), "another caller's id is his own")
}

func TestTheRequestIDComesBack(t *testing.T) {
	f := setup(t, nil)
	response, _ := f.call(t, "GET /v1/schemes", "", http.Header{"X-Request-Id": {"trace-1"}})
	require.Equal(t, []string{"trace-1"}, response.Header["X-Request-Id"])
	response, _ = f.call(t, "GET /v1/bills/none", "", nil)
	require.NotEmpty(t, response.Header.Get("X-Request-Id"), "also with an error")
}

func TestPagesThatAreNoRPC(t *testing.T) {
	f := setup(t, nil)
	response, content := f.call(t, "GET /openapi.json", "", nil)
	require.Equal(t, 200, response.StatusCode)
	require.JSONEq(t, string(proto.OpenAPI), content)
	require.Contains(t, content, "/v1/bills/{billNo}")
	for target, want := range map[string]string{
		"GET /healthz": `{"status":"alive"}`, "GET /readyz": `{"status":"ready","conditions":[]}`,
	} {
		response, content = f.call(t, target, "", nil)
		require.Equal(t, 200, response.StatusCode)
		require.JSONEq(t, want, content)
	}
	// Whoever asks at night reads it: what the header had to escape, the page does not.
	f.server.SetHealthDetail([]map[string]string{{"kind": "wms_away", "message": `旺店通没有应答 "\u65fa" 🚚 C:\`}})
	_, content = f.call(t, "GET /readyz", "", nil)
	require.Contains(t, content, `"旺店通没有应答 \"\\u65fa\" 🚚 C:\\"`)
	f.server.SetHealthDetail([]string{})
	f.server.SetHealth(false)
	response, _ = f.call(t, "GET /readyz", "", nil)
	require.Equal(t, 503, response.StatusCode)
	response, _ = f.call(t, "GET /healthz", "", nil)
	require.Equal(t, 200, response.StatusCode)
}

// 300 calls that waited for a locked table took all 256 streams of the connection, and a busy orchestrator seemed dead.
func TestABusyOrchestratorIsReady(t *testing.T) {
	f := setup(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 256 {
		busy, err := healthv1.NewHealthClient(f.conn).Watch(ctx, &healthv1.HealthCheckRequest{})
		require.NoError(t, err)
		_, err = busy.Recv()
		require.NoError(t, err)
	}
	response, content := f.call(t, "GET /readyz", "", nil)
	require.Equal(t, 200, response.StatusCode, content)
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	f := setup(t, nil)
	response, content := f.call(t, "POST /v1/schemes/assembly:resume",
		`{"reason": "`+strings.Repeat("x", 2<<20)+`"}`, nil)
	require.Equal(t, 413, response.StatusCode)
	requireStatus(t,
		&apiError{Code: "INVALID_ARGUMENT", Reason: "REQUEST_INVALID", Metadata: map[string]string{"field": "body"}},
		statusOf(t, content))
}

func TestAnOrchestratorThatIsAwayHasTheSameShapeOfError(t *testing.T) {
	f := setup(t, nil)
	f.server.Server.Stop()
	response, content := f.call(t, "GET /v1/schemes", "", nil)
	require.Equal(t, 503, response.StatusCode)
	requireStatus(t, &apiError{Code: "UNAVAILABLE", Reason: "INTERNAL"}, statusOf(t, content))
}

// A page on another site, opened in an operator's browser, must not be able to release or send.
func TestAPageOfAnotherSiteCannotCall(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	for name, header := range map[string]http.Header{
		"another origin":     {"Origin": {"http://evil.example"}},
		"a cross-site fetch": {"Sec-Fetch-Site": {"cross-site"}},
	} {
		response, content := f.call(t, "POST /v1/cancellations:release",
			`{"filter": {"scheme": "assembly"}, "reason": "x"}`, header)
		require.Equal(t, 400, response.StatusCode, name)
		require.Contains(t, content, `"Origin"`, name)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.rest.URL+"/v1/schemes", nil)
	require.NoError(t, err)
	request.Host = "rebound.example:7480"
	response, err := f.rest.Client().Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 400, response.StatusCode, "a name that was pointed at this machine")
	require.Equal(t, "0", f.rows.Text(`select count(*)::text from voidrelay.operator_action where verb = 'release'`))
}

// A second orchestrator that starts in the same process must not race with requests to the first (run with -race).
func TestASecondGatewayStartsBesideRequests(t *testing.T) {
	f := setup(t, nil)
	seed(f.rows)
	var calls sync.WaitGroup
	calls.Go(func() {
		for range 20 {
			f.call(t, "GET /v1/cancellations?pageSize=1", "", nil)
		}
	})
	for range 5 {
		other := f.options
		other.Conn = dial(t, "127.0.0.1:1")
		_, err := gateway.New(t.Context(), other)
		require.NoError(t, err)
	}
	calls.Wait()
}

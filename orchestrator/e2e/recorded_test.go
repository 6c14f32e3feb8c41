package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// recordedAct is one act, asked for over REST.
type recordedAct struct {
	method, path string
	// body is JSON without its braces, request id and reason; one that a test finds out later is a function.
	body func(s *stack) string
	// verb is what the row says, count how many it touched.
	verb  string
	count int
}

func says(body string) func(*stack) string { return func(*stack) string { return body } }

// oneOf is a filter for the first cancellation that a query finds.
func oneOf(where string) func(*stack) string {
	return func(s *stack) string {
		return fmt.Sprintf(`"filter": {"scheme": "assembly-void", "cancellationIds": ["%d"]}`,
			s.count(`select min(cancellation_id) from cancellation_now where `+where))
	}
}

const thisScheme = "/v1/schemes/assembly-void"

// newestBackfill is the path of an act on it, once it is ready for that.
func (s *stack) newestBackfill() string {
	s.until("the backfill is planned",
		func() bool {
			return s.count(`select count(*) from run where kind = 'backfill' and state = 'planned'`) == 1
		})
	return fmt.Sprint(s.count(`select max(run_id) from run where kind = 'backfill'`))
}

const backfillByNumber = `"kind": "RUN_KIND_BACKFILL", "backfill": {"numbers": {"numbers": ["A1"]}, "planOnly": true}`

// recordedActs are all acts there are, in an order in which each is possible.
var recordedActs = []recordedAct{
	{method: "SchemeService/PauseScheme", path: thisScheme + ":pause", verb: "pause", count: 1},
	{method: "SchemeService/ResumeScheme", path: thisScheme + ":resume", verb: "resume", count: 1},
	{method: "SchemeService/StopAll", path: "/v1/schemes:stopAll", verb: "stop_all"},
	{method: "SchemeService/ResumeAll", path: "/v1/schemes:resumeAll", verb: "resume_all", count: 1},
	{
		method: "CancellationService/IgnoreCancellations", path: "/v1/cancellations:ignore", verb: "ignore", count: 1,
		body: oneOf(`bill_no = 'A1'`),
	},
	{
		method: "CancellationService/RetryCancellations", path: "/v1/cancellations:retry", verb: "retry", count: 1,
		body: oneOf(`bill_no = 'A1'`),
	},
	{
		method: "CancellationService/ReclassifyAnswers", path: "/v1/answers:reclassify", verb: "reclassify", count: 1,
		body: func(s *stack) string {
			const item = ` from work_item where kind = 'answer_unrecognised' and close_time is null`
			s.until("it is a person's again", func() bool {
				return s.count(`select count(*)`+item) == 1 && s.count(`
select count(*) from cancellation_now where state in ('open', 'needs_attention') and attempt > 4
    and lease_until is null`) == 1
			})
			return fmt.Sprintf(`"disposition": "already_cancelled", "workItemId": "%d"`,
				s.count(`select work_item_id`+item))
		},
	},
	{
		method: "CancellationService/MarkCancellationsDone", path: "/v1/cancellations:markDone", verb: "mark_done",
		body: oneOf(`bill_no = 'A1'`), // it is settled: refused, and written down
	},
	{
		method: "CancellationService/ReleaseCancellations", path: "/v1/cancellations:release", verb: "release",
		body: says(`"filter": {"scheme": "assembly-void", "holdReason": "per_hour"}`),
	},
	{
		method: "CancellationService/CloseWorkItems", path: "/v1/workItems:close", verb: "close_work",
		body: says(`"workItemIds": ["1"]`),
	},
	{
		method: "RunService/StartRun", path: thisScheme + "/runs", verb: "start_run",
		body: says(`"kind": "RUN_KIND_RECONCILE"`),
	},
	{method: "RunService/StartRun", path: thisScheme + "/runs", verb: "start_backfill", body: says(backfillByNumber)},
	{method: "RunService/ApplyBackfill", path: "/v1/runs/{run}:apply", verb: "apply_backfill"},
	{method: "RunService/StartRun", path: thisScheme + "/runs", verb: "start_backfill", body: says(backfillByNumber)},
	{method: "RunService/CancelRun", path: "/v1/runs/{run}:cancel", verb: "cancel_backfill"},
	{
		method: "SchemeService/SetSchemeMode", path: thisScheme + ":setMode", verb: "set_mode",
		body: says(`"mode": "SCHEME_MODE_DRY_RUN"`),
	},
	{
		method: "SchemeService/ApplySchemes", path: "/v1/schemes:apply", verb: "apply_scheme",
		body: func(*stack) string {
			document, _ := json.Marshal(strings.Replace(string(scheme.ShippedDocument()), "    sandbox_only: true\n",
				"    sandbox_only: true\n    incremental_interval: 7s\n", 1))
			return `"document": ` + string(document)
		},
	},
	{
		method: "SchemeService/MoveWatermark", path: thisScheme + ":moveWatermark", verb: "move_watermark",
		body: says(`"watermarkTime": "2026-01-01T00:00:00Z"`),
	},
	{method: "SchemeService/RetireScheme", path: thisScheme + ":retire", verb: "retire_scheme"},
}

// What a person did leaves one line in the log, with who, what, why, how many and the ids of the call, and one row with
// the same; over REST the caller is who did it. Who may not do it leaves a line, and no row.
func TestEveryActIsALineAndARow(t *testing.T) {
	t.Parallel()
	log := &written{}
	wang := accesstest.Caller{Name: "wang", Role: "admin", Token: "0123456789abcdefw"}
	li := accesstest.Caller{Name: "li", Role: "viewer", Token: "0123456789abcdefl"}
	s := start(t, func(s *stack) {
		s.log, s.access, s.token = log, access.Files{Callers: accesstest.File(t, wang, li)}, wang.Token
		s.scheme = saying("backoff: 1s", "backoff: 200ms")
	})
	s.audited("A1", "CK001")
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: "race", OrderCode: "A1", Times: 400}))
	s.void("A1")
	s.until("it is a person's",
		func() bool { return s.count(`select count(*) from work_item where kind = 'answer_unrecognised'`) == 1 })

	var missing []string
	for _, method := range writingMethods(t) {
		if !slices.ContainsFunc(recordedActs, func(a recordedAct) bool { return a.method == method }) {
			missing = append(missing, method)
		}
	}
	require.ElementsMatch(t, []string{
		"LedgerService/ConfirmLedger", // TestAnOlderBackUpOfTheLedgerSendsNothingUntilAPersonConfirms
		// Neither asks for a reason: TestADraftIsARow.
		"SchemeService/SaveSchemeDraft", "SchemeService/DiscardSchemeDraft",
	}, missing)

	for i, a := range recordedActs {
		body := `"requestId": "id-` + fmt.Sprint(i) + `", "reason": "第 ` + fmt.Sprint(i) + ` 件"`
		if a.body != nil {
			body += ", " + a.body(s)
		}
		path := a.path
		if strings.Contains(path, "{run}") {
			path = strings.ReplaceAll(path, "{run}", s.newestBackfill())
		}
		s.token = li.Token
		require.Equal(t, http.StatusForbidden, s.post(path, "{"+body+"}"), a.method)
		refused := []string{
			"/orchestrator.v1." + a.method + `"`, `"caller":"li"`, `"act":true`, `"level":"WARN"`,
			`"code":"PermissionDenied"`, fmt.Sprintf(`"act_request_id":"id-%d"`, i),
			fmt.Sprintf(`"reason":"第 %d 件"`, i),
		}
		require.True(t, log.has(refused...), "%q", refused)

		s.token = wang.Token
		s.until(a.verb, func() bool { return s.post(path, "{"+body+"}") == http.StatusOK })
		id := s.count(`select operator_action_id from operator_action where actor = 'wang' and verb = '` + a.verb +
			`' and request_id = 'id-` + fmt.Sprint(i) + `' and reason = '第 ` + fmt.Sprint(i) + ` 件'`)
		done := []string{
			"/orchestrator.v1." + a.method + `"`, `"caller":"wang"`, `"act":true`, `"level":"INFO"`, `"code":"OK"`,
			fmt.Sprintf(`"act_request_id":"id-%d"`, i), fmt.Sprintf(`"reason":"第 %d 件"`, i), `"request_id":"`,
			`"verb":"` + a.verb + `"`, fmt.Sprintf(`"count":%d`, a.count),
			fmt.Sprintf(`"operator_action_ids":[%d]`, id),
		}
		require.True(t, log.has(done...), "%q", done)

		var shown struct {
			Actions []struct{ OperatorActionID, Actor, Verb, Reason, RequestID, Count string }
		}
		require.Equal(t, http.StatusOK, s.get("/v1/operatorActions?pageSize=1", &shown))
		require.Equal(t, []string{fmt.Sprint(id), "wang", a.verb, fmt.Sprintf("第 %d 件", i), fmt.Sprintf("id-%d", i)},
			[]string{
				shown.Actions[0].OperatorActionID, shown.Actions[0].Actor, shown.Actions[0].Verb,
				shown.Actions[0].Reason, shown.Actions[0].RequestID,
			})
		require.Equal(t, fmt.Sprint(a.count), shown.Actions[0].Count)
	}

	// The same call once more is no second act, and its line says so.
	rows := s.count(`select count(*) from operator_action`)
	require.Equal(t, http.StatusOK, s.post(thisScheme+":pause", `{"requestId": "id-0", "reason": "第 0 件"}`))
	require.Equal(t, rows, s.count(`select count(*) from operator_action`))
	require.True(t, log.has(`"act_request_id":"id-0"`, `"caller":"wang"`, `"first_reply":true`))
	require.Zero(t, s.count(`select count(*) from operator_action where actor = 'li'`))
}

// Who saved a draft, and who threw it away, was known until the next one did.
func TestADraftIsARow(t *testing.T) {
	t.Parallel()
	log := &written{}
	wang := accesstest.Caller{Name: "wang", Role: "admin", Token: "0123456789abcdefw"}
	li := accesstest.Caller{Name: "li", Role: "admin", Token: "0123456789abcdefl"}
	s := start(t, func(s *stack) {
		s.log, s.access, s.token = log, access.Files{Callers: accesstest.File(t, wang, li)}, wang.Token
	})
	for _, scheme := range []string{"assembly-void", "not-yet"} {
		path := "/v1/schemes/" + scheme + "/draft"
		s.token = wang.Token
		require.Equal(t, http.StatusOK, s.post(path, `{"document": "half", "requestId": "save-`+scheme+`"}`))
		s.token = li.Token
		require.Equal(t, http.StatusOK, s.post(path+":discard", `{"version": 1, "requestId": "drop-`+scheme+`"}`))
		require.Equal(t, http.StatusConflict, s.post(path+":discard", `{"version": 1}`), "it is gone: no act")
		require.Equal(t, 2, s.count(`
select count(*) from reporting.operator_action
where parameters->>'scheme' = '`+scheme+`' and scheme is not distinct from nullif('`+scheme+`', 'not-yet')
  and parameters->>'document_sha256' = encode(sha256('half'), 'hex') and (parameters->>'version')::int = 1
  and (verb, verb_zh, actor, request_id, coalesce(parameters->>'saved_by', '')) in (
      ('save_draft', '保存草稿', 'wang', 'save-`+scheme+`', ''),
      ('discard_draft', '丢弃草稿', 'li', 'drop-`+scheme+`', 'wang'))`))
		require.True(t, log.has("SchemeService/DiscardSchemeDraft", `"caller":"li"`, `"verb":"discard_draft"`))
	}
}

// writingMethods are those of all services whose requests can be made repeatable, such as SchemeService/PauseScheme.
func writingMethods(t *testing.T) []string {
	t.Helper()
	var methods []string
	protoregistry.GlobalFiles.RangeFilesByPackage("orchestrator.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				if method.Input().Fields().ByName("request_id") != nil {
					methods = append(methods, string(service.Name())+"/"+string(method.Name()))
				}
			}
		}
		return true
	})
	require.NotEmpty(t, methods)
	return methods
}

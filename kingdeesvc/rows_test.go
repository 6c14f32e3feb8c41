package kingdeesvc_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// table is what a server answers queries with: rows of raw JSON cells under their keys.
type table struct {
	Keys []string            `json:"keys"`
	Rows [][]json.RawMessage `json:"rows"`
}

// usual are cells of keys that a table does not name.
var usual = map[string]string{
	"FID": "900001", "FBillNo": `"CASE0001"`, "FDocumentStatus": `"D"`, "FCANCELSTATUS": `"B"`,
	"FAffairType": `"Assembly"`, "FStockOrgId.FNumber": `"100"`,
	"FModifyDate": `"2026-11-29T18:30:00.1"`, "FCreateDate": `"2026-11-29T18:00:00.1"`,
	"FAPPROVEDATE": `"2026-11-29T18:10:00.1"`, "FCANCELDATE": `"2026-11-29T18:30:00.1"`,
	"FEntity_FEntryID": "1", "FMaterialID.FNumber": `"M1"`, "FQty": "1", "FStockID.FNumber": `"CK001"`,
}

// row answers the keys of one query.
func (r table) row(i int, keys []string) []json.RawMessage {
	cells := make([]json.RawMessage, len(keys))
	for j, key := range keys {
		switch at := slices.Index(r.Keys, key); {
		case at >= 0:
			cells[j] = r.Rows[i][at]
		case usual[key] != "":
			cells[j] = json.RawMessage(usual[key])
		default:
			cells[j] = json.RawMessage("null")
		}
	}
	return cells
}

// serve answers the table's rows over HTTP, whatever is asked for, to an adapter.
func (r table) serve(t *testing.T) *bundle {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if strings.Contains(q.URL.Path, "AuthService") {
			_, _ = io.WriteString(w,
				`{"LoginResultType":1,"KDSVCSessionId":"s","Context":{"STimeZone":{"OffsetTicks":288000000000}}}`)
			return
		}
		var query struct {
			Data struct {
				FieldKeys, FilterString string
				StartRow                int
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &query); err != nil {
			t.Error(err)
		}
		rows := [][]json.RawMessage{}
		if query.Data.StartRow == 0 && query.Data.FilterString != "FID = -1" {
			for i := range r.Rows {
				rows = append(rows, r.row(i, strings.Split(query.Data.FieldKeys, ",")))
			}
		}
		_ = json.NewEncoder(w).Encode(rows)
	}))
	t.Cleanup(server.Close)
	return setup(t, map[string]string{"KINGDEE_BASE_URL": server.URL}, nil)
}

// billProblem is what the stream of whole bills says is wrong with the table's bill.
func (r table) billProblem(t *testing.T) *kingdeev1.BillProblem {
	t.Helper()
	got := r.serve(t).bills(t, &kingdeev1.StreamBillsRequest{
		FormId:    formID,
		Selection: &kingdeev1.StreamBillsRequest_Ids{Ids: &kingdeev1.BillIds{Ids: []int64{900001}}},
	})
	require.Len(t, got.problems, 1)
	return got.problems[0]
}

// read is a bill as both streams give it, or the problem that both name.
func (r table) read(
	t *testing.T, extra ...string,
) (*kingdeev1.Bill, *kingdeev1.BillState, *kingdeev1.BillProblem) {
	t.Helper()
	b := r.serve(t)
	since := &kingdeev1.ChangedSince{Since: timestamppb.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))}
	got := b.bills(t, &kingdeev1.StreamBillsRequest{
		FormId:    formID,
		Selection: &kingdeev1.StreamBillsRequest_ChangedSince{ChangedSince: since}, ExtraBillKeys: extra,
	})
	states, problems, _ := b.states(t, &kingdeev1.StreamBillStatesRequest{
		FormId:    formID,
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: since},
	})
	require.Len(t, append(got.problems, nil, nil), 3-len(got.bills), "one bill or one problem")
	if len(got.problems) > 0 {
		require.Len(t, problems, 1)
		require.Equal(t, problems[0].GetField(), got.problems[0].GetField())
		return nil, nil, got.problems[0]
	}
	require.Len(t, states, 1)
	return got.bills[0], states[0], nil
}

func rowsOf(t *testing.T, file string) table {
	t.Helper()
	text, err := os.ReadFile("testdata/rows/" + file + ".json")
	require.NoError(t, err)
	var r table
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// one is a table of one row in which these cells, given by turns of key and JSON, are not as usual.
func one(cells ...string) table {
	r := table{Rows: [][]json.RawMessage{nil}}
	for i := 0; i < len(cells); i += 2 {
		r.Keys = append(r.Keys, cells[i])
		r.Rows[0] = append(r.Rows[0], json.RawMessage(cells[i+1]))
	}
	return r
}

// A void whose date is impossible used to be dated by it, and lay before every start: it was dropped without a word.
func TestAnImpossibleDateIsNoDate(t *testing.T) {
	tables := map[string]table{"9999": one("FCANCELDATE", `"9999-12-31T23:59:59.997"`), "unix": one("FCANCELDATE",
		`"1970-01-01T08:00:00"`), "net": one("FCANCELDATE", `"/Date(-62135596800000)/"`)}
	for _, file := range []string{"voided-1753", "voided-1900", "voided-before-created"} {
		tables[file] = rowsOf(t, file)
	}
	for name, r := range tables {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bill, state, problem := r.read(t)
			require.Nil(t, problem)
			require.Nil(t, bill.GetCancelTime())
			require.Nil(t, state.GetCancelTime())
			require.False(t, bill.GetCancelTimeIsDate() || state.GetCancelTimeIsDate())
			require.NotNil(t, bill.GetApproveTime())
			require.Equal(t, kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED, state.GetCancelStatus())
		})
	}
	bill, state, _ := one("FAPPROVEDATE", `"2026-11-28T23:59:59"`, "FCANCELDATE", `"2026-11-29T00:00:00"`,
		"FModifyDate", `"1900-01-01T00:00:00"`).read(t)
	require.Nil(t, bill.GetApproveTime(), "the day before")
	require.NotNil(t, state.GetCancelTime(), "a date alone, of the day itself")
	require.Nil(t, state.GetModifyTime())
	_, state, _ = rowsOf(t, "future-stamp").read(t)
	require.Equal(t, 2027, state.GetModifyTime().AsTime().Year(),
		"whether a stamp ahead can be true is not the adapter's to say")
}

// Blanks around a custom text used to be passed on, and a condition on it missed the bill.
func TestCustomTextsAreTrimmedLikeAllOthers(t *testing.T) {
	for file, want := range map[string]string{"custom-blank": "", "custom-trailing-blank": "1"} {
		bill, _, problem := rowsOf(t, file).read(t, "F_X_Code")
		require.Nil(t, problem)
		require.Equal(t, map[string]string{"F_X_Code": want}, bill.GetExtra())
	}
}

func TestANumberWithNULIsNamedAndCanBeStored(t *testing.T) {
	_, _, problem := rowsOf(t, "number-with-nul").read(t)
	require.Equal(t, kingdeev1.BillProblemReason_BILL_PROBLEM_REASON_VALUE_MALFORMED, problem.GetReason())
	require.Equal(t, "FBillNo", problem.GetField())
	require.Equal(t, "CASE\uFFFD0005", problem.GetNumber())
	require.NotContains(t, problem.String(), "\x00")
	require.Contains(t, problem.GetDetail(), "U+0000")
}

// Whether a bill must have an organisation is not the adapter's to say: it tells that there is none.
func TestABillThatShowsNoOrganisationIsToldWithoutOne(t *testing.T) {
	for _, shown := range []string{`null`, `""`, `" "`} {
		bill, state, problem := one("FStockOrgId.FNumber", shown).read(t)
		require.Nil(t, problem, shown)
		require.Empty(t, bill.GetOrgNumber(), shown)
		require.Empty(t, state.GetOrgNumber(), shown)
		require.NotEmpty(t, bill.GetNumber())
	}
}

// What other serialisers write is read where it can mean one thing only.
func TestOtherSerialisersForms(t *testing.T) {
	want, wantState, problem := one().read(t)
	require.Nil(t, problem)
	for name, r := range map[string]table{
		"offsets":   one("FModifyDate", `"2026-11-29T18:30:00.1+08:00"`, "FCANCELDATE", `"2026-11-29T10:30:00.100Z"`),
		".NET":      one("FCANCELDATE", `"\/Date(1795948200100)\/"`, "FModifyDate", `"/Date(1795948200100+0800)/"`),
		"slashes":   one("FCANCELDATE", `"2026/11/29 18:30:00.1"`),
		"as text":   one("FID", `"900001"`, "FEntity_FEntryID", `"1"`, "FQty", `"1"`),
		"as number": one("FStockOrgId.FNumber", `100`, "FID", `900001.0`),
		"doubled":   {Keys: []string{"FID"}, Rows: [][]json.RawMessage{{[]byte("900001")}, {[]byte("900001")}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bill, state, problem := r.read(t)
			require.Nil(t, problem)
			require.Equal(t, want.String(), bill.String())
			require.Equal(t, wantState.String(), state.String())
		})
	}
	bill, _, problem := one("FNote", `[{"Key":2052,"Value":"备注 "},{"Key":1033,"Value":"note"}]`, "FDeptID.FNumber",
		`{"Id":7}`, "F_X_Flag", `true`).read(t, "F_X_Flag")
	require.Nil(t, problem)
	require.Equal(t, "备注", bill.GetNote())
	require.Empty(t, bill.GetDepartmentNumber(), "what only informs is left out")
	require.Equal(t, "true", bill.GetExtra()["F_X_Flag"])
}

func TestWhatMayMeanTwoThingsIsNamed(t *testing.T) {
	for key, value := range map[string]string{
		"FCANCELDATE": `"04/11/2026 18:30:00"`, "FModifyDate": `1795948200`, "FBillNo": `{"Number":"A"}`,
		"FStockOrgId.FNumber": `[1]`, "FDocumentStatus": `true`,
	} {
		_, _, problem := one(key, value).read(t)
		require.Equal(t, key, problem.GetField())
		require.NotEmpty(t, problem.GetDetail())
	}
}

// The vendor's sentence comes in the language of the login, or with brackets: then the whole read was refused.
func TestAMissingFieldIsUnderstoodInEveryLanguage(t *testing.T) {
	texts := map[string]string{}
	for _, name := range []string{"field-missing-en", "field-missing-zh-hant", "field-missing-brackets"} {
		text, err := os.ReadFile("testdata/errors/" + name + ".json")
		require.NoError(t, err)
		texts[name] = string(text)
	}
	coded := func(code, sentence string) string {
		return `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"Message":` + sentence +
			`}],"MsgCode":` + code + `}}}]]`
	}
	texts["japanese"] = coded("9", `"識別子 FRowType の項目はありません。"`)
	texts["two keys"] = coded("9", `"No such fields: FRowType, FMTONO."`)
	texts["no code"] = coded("0", `"元数据中标识为「FRowType」的字段不存在"`)
	texts["its root"] = coded("9", `"field FLOT is unknown"`)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
			bill := b.vendor.Truth().Bills[0].BillID
			require.NoError(t, b.vendor.AddFault(behaviour.Fault{
				Answer: "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" + text,
			}))
			got, err := b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: bill})
			require.NoError(t, err)
			require.Equal(t, bill, got.GetBill().GetId())
		})
	}
	for field, sentence := range map[string]string{
		"FStockID.FNumber": `"No such field: FStockID"`, "FBillNo": `"FRowType and FBillNo do not exist"`,
		"": `"FRowTypeX, XFRowType and FRowType_1 do not exist"`,
	} {
		b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
		bill := b.vendor.Truth().Bills[0].BillID
		require.NoError(t, b.vendor.AddFault(behaviour.Fault{
			Answer: "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" + coded("9", sentence),
		}))
		_, err := b.client.GetBill(t.Context(), &kingdeev1.GetBillRequest{FormId: formID, Id: bill})
		if field == "" {
			requireError(t, err, codes.FailedPrecondition, kingdeev1.ErrorReason_ERROR_REASON_VENDOR_REFUSED,
				"vendor_code", "9")
			continue
		}
		requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, "field", field)
	}
}

// A server in another language without an optional field: nothing of what it says is in our own words.
func TestAServerInAnotherLanguageWithoutAnOptionalField(t *testing.T) {
	for _, lcid := range []string{"1033", "3076", "2052"} {
		b := setup(t, map[string]string{"KINGDEE_LCID": lcid}, func(c *sandbox.Config) {
			c.Seed, c.Personality = sample.DefaultSeed, behaviour.Personality{
				NoRowType: true, MissingKeys: []string{"FNote", "FLOT"},
			}
		})
		got := b.bills(t, &kingdeev1.StreamBillsRequest{
			FormId: formID,
			Selection: &kingdeev1.StreamBillsRequest_ChangedSince{
				ChangedSince: &kingdeev1.ChangedSince{Since: timestamppb.New(time.Now().AddDate(-5, 0, 0))},
			},
		})
		require.NotEmpty(t, got.bills)
		require.Empty(t, got.problems)
		_, err := b.client.ExecuteBillQuery(t.Context(),
			&kingdeev1.ExecuteBillQueryRequest{FormId: "STK_AssembledApp", FieldKeys: []string{"FID", "FNope"}})
		requireError(t, err, codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN, "field", "FNope")
	}
}

package kingdeesvc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Dates that say "none" in the words of a database, in each form in which they come, on each of the dates of a bill.
func TestPlaceholderDatesInEveryForm(t *testing.T) {
	for _, value := range []string{
		`null`, `""`, `" "`, `"1753-01-01T00:00:00"`, `"1753-01-01"`, `"1753/1/1 0:00:00"`, `"1899-12-30T00:00:00"`,
		`"1899-12-30"`, `"1900-01-01 00:00:00"`,
		`"1900-01-01T00:00:00+08:00"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01"`, `"0001-01-01T00:00:00"`,
		`"0001-01-01"`, `"9999-12-31"`,
		`"9999-12-31T23:59:59.9999999"`, `"9999/12/31"`, `"/Date(0)/"`, `"/Date(253402300799000)/"`,
		`"/Date(-2209017600000)/"`, `"2026-11-28"`, `"2026-11-28T23:59:59.999"`,
	} {
		for _, key := range []string{"FCANCELDATE", "FAPPROVEDATE", "FModifyDate"} {
			t.Run(key+value, func(t *testing.T) {
				t.Parallel()
				bill, state, problem := one(key, value).read(t)
				require.Nil(t, problem)
				for _, got := range []any{bill, state} {
					text, err := json.Marshal(got)
					require.NoError(t, err)
					field := map[string]string{
						"FCANCELDATE": "cancel_time\"", "FAPPROVEDATE": "approve_time", "FModifyDate": "modify_time",
					}[key]
					require.NotContains(t, string(text), field)
				}
			})
		}
	}
}

// What may mean two things, or nothing that we know, is named with its field and never guessed.
func TestFurtherValuesThatAreNamed(t *testing.T) {
	for name, cell := range map[string][2]string{
		"excel serial":            {"FCANCELDATE", `46355.77`},
		"excel serial as text":    {"FCANCELDATE", `"46355"`},
		"twelve hours":            {"FCANCELDATE", `"2026-11-29 06:30:00 PM"`},
		"twelve hours in Chinese": {"FCANCELDATE", `"2026-11-29 下午 06:30:00"`},
		"Chinese":                 {"FCANCELDATE", `"2026年11月29日"`},
		"day first":               {"FCANCELDATE", `"29/11/2026"`},
		"two digits":              {"FCANCELDATE", `"26-11-29"`},
		"without marks":           {"FCANCELDATE", `"20261129"`},
		"dots":                    {"FCANCELDATE", `"29.11.2026 18:30"`},
		"no such day":             {"FCANCELDATE", `"2026-02-30"`},
		"zeros":                   {"FCANCELDATE", `"0000-00-00 00:00:00"`},
		"hour 24":                 {"FCANCELDATE", `"2026-11-29T24:00:00"`},
		"full width":              {"FCANCELDATE", `"２０２６-11-29"`},
		"words":                   {"FCANCELDATE", `"Sun Nov 29 2026"`},
		"true":                    {"FCANCELDATE", `true`},
		"object":                  {"FCANCELDATE", `{"$date":1}`},
		"list":                    {"FCANCELDATE", `[2026,11,29]`},
		"thousands":               {"FQty", `"1,000.5"`},
		"thousands, blank":        {"FQty", `"1 000"`},
		"decimal comma":           {"FQty", `"1,5"`},
		"full width digits":       {"FQty", `"１２"`},
		"hexadecimal":             {"FQty", `"0x10"`},
		"not a number":            {"FQty", `"NaN"`},
		"boolean":                 {"FQty", `true`},
		"quantity object":         {"FQty", `{"v":1}`},
		"unit behind":             {"FQty", `"10 pcs"`},
		"warehouse object":        {"FStockID.FNumber", `{"FNumber":"CK001"}`},
		"warehouse in two":        {"FStockID.FNumber", `[{"Key":2052,"Value":"CK001"},{"Key":1033,"Value":"CK002"}]`},
		"number in two":           {"FBillNo", `[{"Key":2052,"Value":"A"},{"Key":1033,"Value":"B"}]`},
		"number with a tab":       {"FBillNo", `"CASE\t1"`},
		"number with a line":      {"FBillNo", `"CASE\n1"`},
		"number with half a pair": {"FBillNo", `"CASE\ud800"`},
		"number with DEL":         {"FBillNo", `"CASE\u007f1"`},
		"number that is not told": {"FBillNo", `"CASE\ufffd1"`},
		"number true":             {"FBillNo", `true`},
		"status lower case":       {"FDocumentStatus", `"d"`},
		"status full width":       {"FDocumentStatus", `"Ｄ"`},
		"status a number":         {"FDocumentStatus", `3`},
		"void a boolean":          {"FCANCELSTATUS", `true`},
		"void in words":           {"FCANCELSTATUS", `"是"`},
		"id fraction":             {"FID", `900001.5`},
		"id negative":             {"FID", `-1`},
		"id true":                 {"FID", `true`},
		"id with commas":          {"FID", `"900,001"`},
		"line id text":            {"FEntity_FEntryID", `"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := one(cell[0], cell[1])
			if strings.HasPrefix(cell[0], "FQty") || cell[0] == "FStockID.FNumber" || cell[0] == "FEntity_FEntryID" {
				require.Equal(t, cell[0], r.billProblem(t).GetField())
				return
			}
			_, _, problem := r.read(t)
			require.Equal(t, cell[0], problem.GetField())
			require.NotEmpty(t, problem.GetDetail())
		})
	}
}

// Other forms that leave no doubt are read.
func TestFurtherFormsThatAreRead(t *testing.T) {
	want, _, problem := one().read(t)
	require.Nil(t, problem)
	for name, r := range map[string]table{
		"exponents":       one("FID", `9.00001E5`, "FEntity_FEntryID", `"1.0"`),
		"short offset":    one("FCANCELDATE", `"2026-11-29T18:30:00.1+08"`),
		"offset, no mark": one("FCANCELDATE", `"2026-11-29 18:30:00.1 +08:00"`),
		"many digits":     one("FCANCELDATE", `"2026-11-29T18:30:00.1000000"`),
		"other zone":      one("FCANCELDATE", `"2026-11-29T05:30:00.1-05:00"`),
		"blanks around":   one("FCANCELDATE", `" 2026-11-29T18:30:00.1 "`),
		"id in text":      one("FID", `" 900001 "`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bill, _, problem := r.read(t)
			require.Nil(t, problem)
			require.Equal(t, want.String(), bill.String())
		})
	}
	for value, quantity := range map[string]string{
		`1E+3`: "1E+3", `"1.5e2"`: "1.5e2", `" 12.50 "`: "12.50", `null`: "", `""`: "", `-0.0`: "-0.0",
	} {
		bill, _, problem := one("FQty", value).read(t)
		require.Nil(t, problem)
		require.Equal(t, quantity, products(bill)[0].GetQuantity())
	}
}

// Rows of one bill that come twice and differ are that bill's problem, whichever comes first.
func TestDoubledRowsThatDifferAreNamed(t *testing.T) {
	for key, values := range map[string][2]string{
		"FQty": {"1", "2"}, "FNote": {`"a"`, `"b"`}, "FStockID.FNumber": {`"A"`, `"B"`},
	} {
		r := table{Keys: []string{key}, Rows: [][]json.RawMessage{{[]byte(values[0])}, {[]byte(values[1])}}}
		require.NotEmpty(t, r.billProblem(t).GetDetail(), key)
	}
}

// "No such field" in the words of ten languages: an optional key is left out, one that is a part of a longer word is
// not meant, and one that we need stops by its name.
func TestNoSuchFieldInTenLanguages(t *testing.T) {
	for language, sentence := range map[string]string{
		"German": "Das Feld „%s“ existiert nicht.", "French": "Le champ « %s » n'existe pas.",
		"Spanish": "El campo '%s' no existe", "Russian": "Поле %s не существует",
		"Japanese": "フィールド%sは存在しません", "Korean": "필드 %s가 없습니다",
		"Vietnamese": "Trường %s không tồn tại.", "Thai": "ไม่มีฟิลด์%sอยู่",
		"Turkish": "%s'ın alanı yok", "Arabic": "الحقل (%s) غير موجود", "Chinese": "字段%s不存在",
		"SQL": "Invalid column name '%s'.", "a list": "[%s]", "HTML": "<b>%s</b>",
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			ask := func(key string) error {
				b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
				text, err := json.Marshal(strings.ReplaceAll(sentence, "%s", key))
				require.NoError(t, err)
				answer := `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":` + string(text) +
					`}],"MsgCode":"9"}}}]]`
				require.NoError(t, b.vendor.AddFault(behaviour.Fault{
					Answer: "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" + answer,
				}))
				_, err = b.client.GetBill(t.Context(),
					&kingdeev1.GetBillRequest{FormId: formID, Id: b.vendor.Truth().Bills[0].BillID})
				return err
			}
			require.NoError(t, ask("FRowType"))
			require.NoError(t, ask("frowtype"))
			for _, other := range []string{
				"FRowTypeId", "XFRowType", "FRowType_1", "FRowTypé", "ÜFRowType", "FRowType2", "T_X.FRowType",
			} {
				require.Error(t, ask(other), other)
			}
			requireError(t, ask("FStockID"), codes.InvalidArgument, kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN,
				"field", "FStockID.FNumber")
		})
	}
}

// The key may stand in the error's own member, or in another error than the first.
func TestNoSuchFieldWhereverTheKeyStands(t *testing.T) {
	for _, errs := range []string{
		`[{"FieldName":"FRowType","Message":"字段不存在","DIndex":0}]`, `[{"Message":"查询失败"},{"Message":"字段 FRowType 不存在"}]`,
	} {
		b := setup(t, nil, func(c *sandbox.Config) { c.Seed = sample.DefaultSeed })
		answer := `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":` + errs + `,"MsgCode":9}}}]]`
		require.NoError(t,
			b.vendor.AddFault(behaviour.Fault{Answer: "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" + answer}))
		_, err := b.client.GetBill(t.Context(),
			&kingdeev1.GetBillRequest{FormId: formID, Id: b.vendor.Truth().Bills[0].BillID})
		require.NoError(t, err)
	}
}

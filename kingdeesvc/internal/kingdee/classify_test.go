package kingdee

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	lost = `{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"FieldName":null,` +
		`"Message":"会话信息已丢失，请重新登录","DIndex":0}],"SuccessEntitys":[],"SuccessMessages":[],"MsgCode":1}}}`
	field = `{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"FieldName":null,` +
		`"Message":"元数据中标识为FSupplierId的字段不存在","DIndex":0}],"MsgCode":9}}}`
)

func coded(code string) string {
	return `[[{"Result":{"ResponseStatus":{"ErrorCode":500,"IsSuccess":false,"Errors":[{"Message":"文本"}],"MsgCode":` +
		code + `}}}]]`
}

// The fourteen failure shapes as public clients document them (F1 kingdee-go/k3cloud; F2, F3, F6 n8n-nodes-kingdee;
// F4 deep-project/kingdee; F7 k3cloud_webapi_sdk; F8, F10, F12 seen by integrators; F9 opendeploy pull 8; F11 the
// public gateway).
func TestClassifyTheFourteenShapes(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		class  Class
		shape  Shape
		code   int
		field  string
		text   string
	}{
		"F1 session": {200, "[[" + lost + "]]", SessionLost, 1, 1, "", "会话信息已丢失"},
		"F1 field":   {200, "[[" + field + "]]", FieldUnknown, 1, 9, "FSupplierId", ""},
		"F2":         {200, "[[" + lost + ",null,null]]", SessionLost, 2, 1, "", ""},
		"F3":         {200, "[" + field + "]", FieldUnknown, 3, 9, "FSupplierId", ""},
		"F4":         {200, lost, SessionLost, 4, 1, "", ""},
		"F4 success as text": {200, `{"Result":{"ResponseStatus":{"IsSuccess":"false","Errors":[{"Message":"x"}],` +
			`"MsgCode":"12"}}}`, Refused, 4, 12, "", "x"},
		"F5": {200, `{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"您没有该功能的操作权限"}],` +
			`"MsgCode":2}}`, Permission, 5, 2, "", ""},
		"F6": {
			200, `[{"FieldName":null,"Message":"会话信息已丢失，请重新登录","DIndex":0}]`, SessionLost, 6, NoCode, "", "",
		},
		"F6 english": {200, `[{"FieldName":null,"Message":"Session information is lost, please login ` +
			`again","DIndex":0}]`, SessionLost, 6, NoCode, "", ""},
		"F7": {200, `response_error:{"Message":"发生了异常",` +
			`"InnerExWrapper":{"Message":"里面的"}}`, Refused, 7, NoCode, "", "发生了异常; 里面的"},
		"F7 no json": {200, `response_error:oops`, Refused, 7, NoCode, "", "oops"},
		"F8": {
			200, `[{"actionname":"showConfirm","params":[{"msg":"请求被拦截规则[caller_in_less_Point_Bracket]阻止"}]}]`,
			FilterInvalid, 8, NoCode, "", "caller_in_less_Point_Bracket",
		},
		"F9": {
			200, `401 Forbidden ByRspRetStatusCode -- N001: Unexpectable request.`, LoginRefused, 9, NoCode, "", "N001",
		},
		"F10":          {200, "\n<!DOCTYPE html><html>登录</html>", Unreadable, 10, NoCode, "", ""},
		"F10 redirect": {302, ``, Unreadable, 10, NoCode, "", "KINGDEE_BASE_URL"},
		"F10 404":      {404, `<html>`, Unreadable, 10, NoCode, "", ""},
		"F10 403":      {403, `<html>`, Refused, 10, NoCode, "", ""},
		"F11": {519, `{"errcode":4006,"description":"timestamp is out of ` +
			`date","description_cn":"时间戳已过期"}`, Refused, 11, 4006, "", "时间戳已过期"},
		"F11 with 200": {
			200, `{"errcode":5001,"description":"API not found"}`, Refused, 11, 5001, "", "API not found",
		},
		"F12 500": {500, `<html>`, Unreachable, 12, NoCode, "", ""},
		"F12 502": {502, `Bad gateway`, Unreachable, 12, NoCode, "", ""},
		"F12 504": {504, ``, Unreachable, 12, NoCode, "", ""},
		"F13": {
			200, `"[[{\"Result\":{\"ResponseStatus\":{\"IsSuccess\":false,\"MsgCode\":1}}}]]"`, SessionLost, 1, 1,
			"", "",
		},
		"F13 twice":      {200, `"\"[[1]]\""`, Unreadable, 13, NoCode, "", ""},
		"F14 empty":      {200, ` `, Unreadable, 14, NoCode, "", ""},
		"F14 cut rows":   {200, `[[1,2],[3`, Unreadable, 14, NoCode, "", ""},
		"F14 cut list":   {200, `[{"Result":`, Unreadable, 14, NoCode, "", ""},
		"F14 cut object": {200, `{"Result":{"Resp`, Unreadable, 14, NoCode, "", ""},
		"F14 cut text":   {200, `"[[1`, Unreadable, 14, NoCode, "", ""},

		"form": {200, `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"业务对象不存在"}],` +
			`"MsgCode":0}}}]]`, FormUnknown, 1, 0, "", ""},
		"code over text": {200, `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"会话信息已丢失"}],` +
			`"MsgCode":12}}}]]`, Refused, 1, 12, "", ""},
		"text, code 0": {200, `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"会话信息已丢失，` +
			`请重新登录"}],"MsgCode":0}}}]]`, SessionLost, 1, 0, "", ""},
		"exception":     {200, coded("4"), Busy, 1, 4, "", ""},
		"form empty":    {200, coded("5"), FormUnknown, 1, 5, "", ""},
		"database":      {200, coded("6"), Busy, 1, 6, "", ""},
		"licence":       {200, coded("7"), Refused, 1, 7, "", ""},
		"parameter":     {200, coded("8"), FilterInvalid, 1, 8, "", ""},
		"no data":       {200, coded("10"), NotFound, 1, 10, "", ""},
		"network lock":  {200, coded("13"), Busy, 1, 13, "", ""},
		"call limit":    {200, coded("14"), Throttled, 1, 14, "", ""},
		"administrator": {200, coded("15"), Refused, 1, 15, "", ""},
		"code is absent": {
			200, `[[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":null}}}]]`, Refused, 1, NoCode,
			"", "no text",
		},
		"429":            {429, ``, Throttled, 10, NoCode, "", ""},
		"number":         {200, `17`, Unreadable, 0, NoCode, "", ""},
		"rows of text":   {200, `["a","b"]`, Unreadable, 0, NoCode, "", ""},
		"odd objects":    {200, `[{"a":1}]`, Unreadable, 0, NoCode, "", ""},
		"odd first cell": {200, `[[{"a":1}]]`, Unreadable, 0, NoCode, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, fault := classifyBytes(c.status, []byte(c.body))
			require.NotNil(t, fault)
			require.Equal(t, c.class, fault.Class)
			require.Equal(t, c.shape, fault.Shape)
			require.Equal(t, c.code, fault.Code)
			require.Equal(t, c.field, fault.Field)
			require.Contains(t, fault.Message, c.text)
			require.Equal(t, c.status, fault.HTTPStatus)
		})
	}
}

func TestClassifyLetsDataPass(t *testing.T) {
	got, fault := classifyBytes(200,
		[]byte("\ufeff [[1,\"请登录 Result session 会话信息已丢失\",null,true,52.50,\"a\\\"\\u4e2d\"],[],null,[{\"a\":1}]] "))
	require.Nil(t, fault)
	require.True(t, got.isRows)
	require.Equal(t, [][]Cell{
		{{Kind: Number, Text: "1"}, {Kind: Text, Text: "请登录 Result session " +
			"会话信息已丢失"}, {}, {Kind: Bool, Text: "true"}, {Kind: Number, Text: "52.50"}, {Kind: Text, Text: `a"中`}},
		{},
		nil,
		{{Kind: Other, Text: `{"a":1}`}},
	}, got.rows)

	for _, empty := range []string{"[]", ` [ ] `, `"[]"`} {
		got, fault = classifyBytes(200, []byte(empty))
		require.Nil(t, fault)
		require.True(t, got.isRows)
		require.Empty(t, got.rows)
	}
	got, fault = classifyBytes(200,
		[]byte(`{"Result":{"ResponseStatus":{"IsSuccess":true,"MsgCode":0},"Result":{"Id":1}}}`))
	require.Nil(t, fault)
	require.False(t, got.isRows)
}

func TestFaultsSayWhatTheVendorSaid(t *testing.T) {
	_, fault := classifyBytes(200, []byte(coded("12")))
	require.EqualError(t, fault, "kingdee: 文本 (MsgCode 12)")
	require.Equal(t, Refused, ClassOf(errors.Join(errors.New("other"), fault)))
	require.Zero(t, ClassOf(errors.New("other")))
}

func FuzzClassify(f *testing.F) {
	for _, body := range []string{
		"[[" + lost + "]]", "[[" + lost + ",null]]", "[" + lost + "]",
		lost, `[{"FieldName":null,"Message":"m","DIndex":0}]`,
		`response_error:{"Message":"m"}`, `[{"actionname":"showConfirm"}]`,
		"401 Forbidden ByRspRetStatusCode -- N001", "<html>",
		`{"errcode":4002}`, `"[[1]]"`, "", `[[1,"a",null,true,1.50]]`, `[[`,
		`{"Result":[[1]]}`, `[[{"Result":{"ResponseStatus":7}}]]`,
	} {
		f.Add(200, []byte(body))
	}
	f.Add(502, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, fault := classifyBytes(status, body)
		if fault != nil {
			if fault.Class == 0 {
				t.Fatalf("a fault of no class: %#v", fault)
			}
			return
		}
		if got.isRows && len(got.rows) > 0 && len(got.rows[0]) > 0 && got.rows[0][0].Kind == Other {
			t.Fatal("a first cell that is an object was taken for data")
		}
		if !got.isRows && len(got.object) == 0 {
			t.Fatal("neither rows nor an object nor a fault")
		}
	})
}

package kingdee

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What other serialisers and gateways make of a login that succeeded.
func TestASuccessfulLoginWrittenInOtherWays(t *testing.T) {
	const good = `"LoginResultType":1,"KDSVCSessionId":"s-9"`
	for name, answer := range map[string]string{
		"whole as text":     `"{\"LoginResultType\":1,\"KDSVCSessionId\":\"s-9\"}"`,
		"in d":              `{"d":{` + good + `}}`,
		"in Result":         `{"Result":{` + good + `,"Context":{"DBid":"acct"}}}`,
		"in data, two deep": `{"code":0,"data":{"result":{` + good + `}}}`,
		"in a list":         `[{` + good + `}]`,
		"in d as text":      `{"d":"{\"LoginResultType\":1,\"KDSVCSessionId\":\"s-9\"}"}`,
		"type as a list":    `{"LoginResultType":[1],"KDSVCSessionId":"s-9"}`,
		"type as a float":   `{"LoginResultType":1.0,"KDSVCSessionId":"s-9"}`,
		"type as a word":    `{"LoginResultType":"Success","KDSVCSessionId":"s-9"}`,
		"type true":         `{"LoginResultType":true,"KDSVCSessionId":"s-9"}`,
		"type as an object": `{"LoginResultType":{"Value":1},"KDSVCSessionId":"s-9"}`,
		"message a number":  `{` + good + `,"Message":0}`,
		"message an object": `{` + good + `,"Message":{"a":{"b":[1]}}}`,
		"message false":     `{` + good + `,"Message":false}`,
		"code a list":       `{` + good + `,"MessageCode":["x"]}`,
		"context a list":    `{` + good + `,"Context":[{"DBid":"acct"}]}`,
		"context a text":    `{` + good + `,"Context":"none"}`,
		"context a number":  `{` + good + `,"Context":7}`,
		"context true":      `{` + good + `,"Context":true}`,
		"all numbers": `{` + good +
			`,"Context":{"DBid":1,"UserName":2,"DataCenterName":3,"DisplayVersion":8.2,"STimeZone":4}}`,
		"all null": `{` + good +
			`,"Context":{"DBid":null,"UserName":null,"DataCenterName":null,"DisplayVersion":null,"STimeZone":null}}`,
		"all lists": `{` + good +
			`,"Context":{"DBid":[],"UserName":[1],"DataCenterName":[null],"DisplayVersion":[[]],"STimeZone":[]}}`,
		"all objects": `{` + good + `,"Context":{"DBid":{},"UserName":{"2052":"张"},` +
			`"DataCenterName":{"zh":"账套"},"DisplayVersion":{},"STimeZone":{}}}`,
		"all bools": `{` + good +
			`,"Context":{"DBid":true,"UserName":false,"DataCenterName":true,"DisplayVersion":false,"STimeZone":false}}`,
		"lower case":            `{"loginresulttype":1,"kdsvcsessionid":"s-9"}`,
		"trailing line":         "{" + good + "}\r\n",
		"byte order mark":       "\ufeff{" + good + "}",
		"ticks an object":       `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":{}}}}`,
		"ticks a bool":          `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":true}}}`,
		"ticks in minutes":      `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":480}}}`,
		"ticks of no zone":      `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":828000000000}}}`,
		"ticks in seconds":      `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":28800}}}`,
		"ticks in milliseconds": `{` + good + `,"Context":{"STimeZone":{"OffsetTicks":28800000}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, &vendor{logins: []string{answer}, answers: []string{`[]`}})
			_, err := f.query(t)
			require.NoError(t, err)
			require.Equal(t, "s-9", f.calls[1].Header.Get("kdservice-sessionid"))
			require.False(t, f.client.Login().HasOffset, "what is no zone is not told")
		})
	}
}

// A refusal keeps the vendor's sentence, however and wherever it stands, and is left alone for half an hour.
func TestARefusedLoginKeepsItsSentence(t *testing.T) {
	for name, answer := range map[string]string{
		"code a number":  `{"LoginResultType":0,"Message":"用户名或密码错误","MessageCode":5003015}`,
		"code negative":  `{"LoginResultType":-5,"Message":"用户名或密码错误","MessageCode":-1}`,
		"code a float":   `{"LoginResultType":0.0,"Message":"用户名或密码错误","MessageCode":5.5}`,
		"code a list":    `{"LoginResultType":"0","Message":"用户名或密码错误","MessageCode":[1]}`,
		"code null":      `{"LoginResultType":false,"Message":"用户名或密码错误","MessageCode":null}`,
		"code an object": `{"LoginResultType":2,"Message":"用户名或密码错误","MessageCode":{"a":1}}`,
		"by language": `{"LoginResultType":0,"Message":[{"Key":2052,"Value":"用户名或密码错误"},{"Key":1033,` +
			`"Value":"wrong"}]}`,
		"by language, a map":      `{"LoginResultType":0,"Message":{"2052":"用户名或密码错误","1033":"wrong"}}`,
		"in a list":               `{"LoginResultType":0,"Message":["用户名或密码错误"]}`,
		"an object":               `{"LoginResultType":0,"Message":{"Text":"用户名或密码错误"}}`,
		"in d":                    `{"d":{"LoginResultType":0,"Message":"用户名或密码错误"}}`,
		"in Result":               `{"Result":{"LoginResultType":0,"Message":"用户名或密码错误"}}`,
		"in a list of one":        `[{"LoginResultType":0,"Message":"用户名或密码错误"}]`,
		"as text":                 `"{\"LoginResultType\":0,\"Message\":\"用户名或密码错误\"}"`,
		"session id all the same": `{"LoginResultType":-1,"Message":"用户名或密码错误","KDSVCSessionId":"s-9"}`,
		"error message":           `{"LoginResultType":0,"Message":null,"ErrorMessage":"用户名或密码错误"}`,
		"response status": `{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"用户名或密码错误"}],` +
			`"MsgCode":0}}}`,
		"exception": `response_error:{"Message":"用户名或密码错误"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t, &vendor{logins: []string{answer}, answers: []string{`[]`}})
			for range 2 {
				_, err := f.query(t)
				require.Equal(t, LoginRefused, ClassOf(err))
				require.ErrorContains(t, err, "用户名或密码错误")
				require.Equal(t, 1, f.count("LoginBySign"))
				f.now = f.now.Add(50 * time.Second)
			}
		})
	}
}

// A gateway that gives refusals an HTTP status of their own changes nothing of whose word it is.
func TestARefusalUnderAnotherStatusIsTheVendorsWord(t *testing.T) {
	for _, status := range []int{400, 401, 403, 500} {
		f := setup(t, &vendor{status: status, logins: []string{`{"LoginResultType":0,"Message":"用户名或密码错误"}`}})
		_, err := f.query(t)
		require.Equal(t, LoginRefused, ClassOf(err))
		require.ErrorContains(t, err, "用户名或密码错误")
		fault, _ := asFault(err)
		require.Equal(t, 30*time.Minute, fault.RetryAfter)
	}
	f := setup(t, &vendor{status: 502, logins: []string{goodLogin}})
	_, err := f.query(t)
	require.Equal(t, Unreachable, ClassOf(err), "a success under a failure's status is none")
}

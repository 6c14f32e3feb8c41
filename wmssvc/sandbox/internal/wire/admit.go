package wire

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// refusal is a protocol failure: the request never became a cancel. It is answered as 200 with flag=failure, the only
// form that clients of this vendor are known to look at.
type refusal struct {
	code string // symbolic; only sign-check-failure and client.protocol.invalid-argument have public sources
	text string // without the dialect's prefix
}

func refuse(code, format string, args ...any) *refusal {
	return &refusal{code: code, text: fmt.Sprintf(format, args...)}
}

// Codes of protocol failures.
const (
	// with text "Illegal request": https://developer.alibaba.com/docs/api.htm?apiId=47902
	codeSign = "sign-check-failure"
	// an interface that is not there: https://www.yuque.com/huice-wiki/bhxv6e/enclt9
	codeMethod    = "client.protocol.invalid-argument"
	codeParameter = "invalid-parameter"
	codeAccount   = "invalid-account"
	codeTimestamp = "invalid-timestamp"
	codeBody      = "invalid-request"
)

// chinaTime is the vendor's wall clock. China has had no daylight saving since 1991, so the offset is enough.
var chinaTime = time.FixedZone("Asia/Shanghai", 8*60*60)

// admit checks a request's query and signature and says whose it is and which method it calls.
func (d *dialect) admit(
	rawQuery string, body []byte, accounts []warehouse.Account, now time.Time, tolerance time.Duration,
) (warehouse.Account, string, *refusal) {
	params, bad := readParams(rawQuery)
	if bad != nil {
		return warehouse.Account{}, "", bad
	}
	for _, name := range d.required {
		if params[name] == "" {
			return warehouse.Account{}, "", refuse(codeParameter, "缺少参数%s", name)
		}
	}
	for name, want := range d.fixed {
		if params[name] != want {
			return warehouse.Account{}, "", refuse(codeParameter, "参数%s不正确，应为%s", name, want)
		}
	}
	i := slices.IndexFunc(accounts, func(a warehouse.Account) bool { return d.tenant(a) == params[d.tenantParam] })
	if i < 0 {
		return warehouse.Account{}, "", refuse(codeAccount, "%s不存在", d.tenantParam)
	}
	if accounts[i].AppKey != params[d.appKey] {
		return warehouse.Account{}, "", refuse(codeAccount, "%s不存在", d.appKey)
	}
	matches := func(want string) bool { return sameSign(params["sign"], want) }
	if !slices.ContainsFunc(d.expectedSign(params, body, accounts[i].Secret), matches) {
		return warehouse.Account{}, "", refuse(codeSign, "Illegal request")
	}
	if bad := checkTimestamp(params["timestamp"], now, tolerance); bad != nil {
		return warehouse.Account{}, "", bad
	}
	if !slices.Contains(d.cancels, params["method"]) {
		return warehouse.Account{}, "", refuse(codeMethod, "接口%s未部署或暂不支持", params["method"])
	}
	return accounts[i], params["method"], nil
}

func readParams(rawQuery string) (map[string]string, *refusal) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(codeParameter, "请求参数无法解析")
	}
	params := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) > 1 {
			return nil, refuse(codeParameter, "参数%s重复", name)
		}
		params[name] = all[0]
	}
	return params, nil
}

// checkTimestamp reads the wall-clock time of the request, with or without its inner space (clients of both habits
// work), and compares it with the sandbox's clock. A tolerance below zero lets every time pass.
func checkTimestamp(text string, now time.Time, tolerance time.Duration) *refusal {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, chinaTime)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-0215:04:05", text, chinaTime)
	}
	if err != nil {
		return refuse(codeTimestamp, "时间戳格式不正确，应为yyyy-MM-dd HH:mm:ss")
	}
	if tolerance >= 0 && now.Sub(at).Abs() > tolerance {
		return refuse(codeTimestamp, "时间戳超出允许范围")
	}
	return nil
}

package wire

import (
	"net/http"
)

// failure is an answer that is no success, ready to be written.
type failure struct {
	status      int
	contentType string
	body        []byte
	// raw, if set, is a whole HTTP answer that stands for all the others.
	raw string
}

// Content types of answers.
const (
	TypeJSON = "application/json; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
)

// shape builds one failure body. columns is the number of cells of a row (F2).
// Sources: F1 github.com/kingdee-go/k3cloud; F2, F3 and F6
// github.com/luka-n8n-nodes/n8n-nodes-kingdee; F4 github.com/deep-project/kingdee;
// F7 github.com/takewiki/k3cloud_webapi_sdk; F9 github.com/qiaolei227/opendeploy.
func shape(name string, e *vendorError, columns int) failure {
	ok := func(body []byte) failure { return failure{status: http.StatusOK, contentType: TypeJSON, body: body} }
	switch name {
	case "F2":
		cells := make([]any, max(columns, 1))
		cells[0] = e.body()
		return ok(mustJSON([][]any{cells}))
	case "F3":
		return ok(mustJSON([]resultBody{e.body()}))
	case "F4":
		return ok(e.object())
	case "F5":
		return ok(mustJSON(map[string]responseStatus{"ResponseStatus": e.body().Result.ResponseStatus}))
	case "F6":
		return ok(mustJSON(e.body().Result.ResponseStatus.Errors))
	case "F7":
		fault := mustJSON(map[string]any{"Message": e.text, "InnerExWrapper": nil})
		return failure{status: http.StatusOK, contentType: typeText, body: append([]byte("response_error:"), fault...)}
	case "F8":
		return ok([]byte(`[{"actionname":"showConfirm","params":[{"msg":"请求被拦截规则[caller_in_less_Point_Bracket]阻止"}]}]`))
	case "F9":
		return page(http.StatusOK, typeText, "401 Forbidden ByRspRetStatusCode -- N001: Unexpectable request.")
	case "F10":
		return page(http.StatusOK, typeHTML,
			"<!DOCTYPE html><html><head><title>金蝶云星空 登录</title></head><body></body></html>")
	case "F11":
		return page(519, TypeJSON,
			`{"errcode":4006,"description":"timestamp is out of date","description_cn":"时间戳已过期"}`)
	case "F12":
		return errorPage(http.StatusBadGateway)
	case "F13":
		return ok(mustJSON(string(e.rows())))
	case "F14":
		return ok(nil)
	default:
		return ok(e.rows())
	}
}

func page(status int, contentType, text string) failure {
	return failure{status: status, contentType: contentType, body: []byte(text)}
}

// errorPage is what the web server in front answers with.
func errorPage(status int) failure {
	text := http.StatusText(status)
	return page(status, typeHTML, "<html><head><title>"+text+"</title></head><body><h1>"+text+"</h1></body></html>")
}

package wire

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// pages are what a proxy answers, by kind.
var pages = map[string]func(*reply){
	"bad_gateway":     badGateway,
	"unavailable":     page(http.StatusServiceUnavailable, "<html><body>503 Service Unavailable</body></html>"),
	"gateway_timeout": page(http.StatusGatewayTimeout, "<html><body>504 Gateway Time-out</body></html>"),
	"redirect":        redirect,
	"maintenance":     page(http.StatusOK, "<html><body>系统维护中，请稍后再试</body></html>"),
}

func page(status int, body string) func(*reply) {
	return func(r *reply) { r.status, r.contentType, r.body = status, "text/html; charset=utf-8", []byte(body) }
}

// platformFault is what the platform below Qimen says when it does not let a request through. Codes and words follow
// its public table (a copy: http://blog.unvs.cn/archives/taobao-oauth-top-error-code.html).
type platformFault struct {
	XMLName xml.Name `xml:"error_response" json:"-"`
	Code    int      `xml:"code" json:"code"`
	Msg     string   `xml:"msg" json:"msg"`
	SubCode string   `xml:"sub_code,omitempty" json:"sub_code,omitempty"`
	SubMsg  string   `xml:"sub_msg,omitempty" json:"sub_msg,omitempty"`
	Request string   `xml:"request_id" json:"request_id"`
}

var platformFaults = map[string]platformFault{
	behaviour.FrontCallLimit: {
		Code: 7, Msg: "App Call Limited", SubCode: "accesscontrol.limited-by-app-access-count",
	},
	"signature": {Code: 25, Msg: "Invalid signature", SubCode: "isv.invalid-signature"},
	"app_key":   {Code: 29, Msg: "Invalid app Key"},
	"permission": {
		Code: 11, Msg: "Insufficient isv permissions", SubCode: "isv.permission-api-package-limit",
	},
	"clock":                      {Code: 31, Msg: "Invalid timestamp"},
	behaviour.FrontRouterTimeout: {Code: 15, Msg: "Remote service error", SubCode: "isp.top-remote-connection-timeout"},
}

// usualBan is how many seconds a call limit names that is not bounded in time.
const usualBan = 12

// answerInFront makes out the answer of what stands in front.
func answerInFront(out *reply, p *behaviour.Personality, kind string, left int) {
	if bend, ok := pages[kind]; ok {
		bend(out)
		return
	}
	fault := platformFaults[kind]
	fault.Request = "sandbox"
	if kind == behaviour.FrontCallLimit {
		if left == 0 {
			left = usualBan
		}
		fault.SubMsg = fmt.Sprintf("This ban will last for %d more seconds", left)
	}
	if p.FrontFormat == "json" {
		out.contentType = "application/json;charset=utf-8"
		// texts and a number: nothing that cannot be written
		out.body, _ = json.Marshal(map[string]platformFault{"error_response": fault})
		return
	}
	body, _ := xml.Marshal(fault) // the same
	out.body = append([]byte(`<?xml version="1.0" encoding="utf-8" ?>`), body...)
}

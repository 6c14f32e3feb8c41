package kingdee

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/loose"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/rowscan"
)

// answer is a body that is no failure: the rows of a query, or the object of any other call.
type answer struct {
	isRows bool
	rows   [][]Cell
	object json.RawMessage
}

// classify sorts a body in the order that survives every failure shape known from public clients:
// HTTP status, response_error:, HTML, JSON (one level of string encoding removed), object, array, rows.
//
//	F1  [[{"Result":{"ResponseStatus":…}}]]          F8   [{"actionname":"showConfirm",…}]
//	F2  [[{"Result":…}, null, …]]                    F9   401 Forbidden ByRspRetStatusCode -- …
//	F3  [{"Result":{"ResponseStatus":…}}]            F10  HTML
//	F4  {"Result":{"ResponseStatus":…}}              F11  {"errcode":…}, usually with HTTP 519
//	F5  {"ResponseStatus":…}                         F12  HTTP 5xx
//	F6  [{"FieldName":…,"Message":…,"DIndex":0}]     F13  the whole once more as a JSON string
//	F7  response_error:{…}                           F14  empty or cut body
//
// A text inside data never decides anything.
func classify(status int, got received) (answer, *Fault) {
	if got.fault != nil {
		return answer{}, got.fault
	}
	if got.rows != nil {
		return answer{isRows: true, rows: got.rows}, nil
	}
	body := bytes.TrimSpace(trimBody(got.raw))
	if !succeeded(status) {
		return answer{}, classifyStatus(status, body)
	}
	return classifyText(status, body, false)
}

func succeeded(status int) bool {
	return status == http.StatusOK || status == http.StatusPartialContent
}

func classifyStatus(status int, body []byte) *Fault {
	if fault := gatewayError(status, body); fault != nil {
		return fault
	}
	fault := &Fault{Shape: 10, Code: NoCode, HTTPStatus: status, Message: http.StatusText(status)}
	switch {
	case status >= 500:
		fault.Class, fault.Shape = Unreachable, 12
	case status == http.StatusTooManyRequests:
		fault.Class = Throttled
	case status == http.StatusRequestTimeout:
		fault.Class = Unreachable
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		fault.Class, fault.Odd = Refused, true
	case slices.Contains([]int{
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
	}, status):
		fault.Class = Refused
	default:
		fault.Class, fault.Odd = Unreadable, true
		fault.Message = "not the WebAPI: is KINGDEE_BASE_URL right?"
	}
	return fault
}

// unexpectable is F9. 401 and 403 were seen (qiaolei227/opendeploy pull 8, vip.kingdee.com/knowledge
// 537229068048283648).
var unexpectable = regexp.MustCompile(`^\d{3} (Forbidden|Unauthorized)|^[^\[{<"]{0,60}ByRspRetStatusCode`)

// noJSON tells a body that was cut from one that never was JSON.
func noJSON(status int, body []byte, err error) *Fault {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset < int64(len(body)) {
		return unreadable(0, status, "neither rows nor an object: "+clip(body))
	}
	return broken(14, status, "cut answer")
}

func classifyText(status int, body []byte, unwrapped bool) (answer, *Fault) {
	switch {
	case len(body) == 0:
		return answer{}, unreadable(14, status, "empty answer")
	case bytes.HasPrefix(body, []byte("response_error:")):
		return answer{}, exception(status, bytes.TrimPrefix(body, []byte("response_error:")))
	case body[0] == '<':
		return answer{}, unreadable(10, status, "an HTML page instead of an answer")
	case unexpectable.Match(body):
		return answer{}, &Fault{
			Class: LoginRefused, Shape: 9, Code: NoCode, Message: clip(body), HTTPStatus: status, Odd: true,
		}
	case body[0] == '"' && !unwrapped:
		var inner string
		if err := json.Unmarshal(body, &inner); err != nil {
			return answer{}, noJSON(status, body, err)
		}
		got, fault := classifyText(status, bytes.TrimSpace([]byte(inner)), true)
		if fault != nil && fault.Class == Unreadable {
			fault.Shape = 13
		}
		return got, fault
	case body[0] == '{':
		return classifyObject(status, body)
	case body[0] == '[':
		return classifyArray(status, body)
	}
	return answer{}, unreadable(0, status, "neither rows nor an object: "+clip(body))
}

func classifyObject(status int, body []byte) (answer, *Fault) {
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return answer{}, noJSON(status, body, err)
	}
	if fault := gatewayError(status, body); fault != nil {
		return answer{}, fault
	}
	if fault := statusFault(status, body, 4); fault != nil {
		return answer{}, fault
	}
	return answer{object: body}, nil
}

func classifyArray(status int, body []byte) (answer, *Fault) {
	first := bytes.TrimLeft(body[1:], " \t\r\n")
	if len(first) > 0 && first[0] == '{' {
		return answer{}, classifyList(status, body)
	}
	rows, err := rowscan.All(bytes.NewReader(body))
	if fault := badRows(status, err); fault != nil {
		return answer{}, fault
	}
	if len(rows) > 0 && len(rows[0]) > 0 && rows[0][0].Kind == Other {
		shape := Shape(1)
		if len(rows[0]) > 1 {
			shape = 2
		}
		if fault := statusFault(status, []byte(rows[0][0].Text), shape); fault != nil {
			return answer{}, fault
		}
		return answer{}, unreadable(0, status, "the first cell is an object without a failure in it")
	}
	return answer{isRows: true, rows: rows}, nil
}

// classifyList takes an array whose first element is an object: F3, F6, F8.
func classifyList(status int, body []byte) *Fault {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return noJSON(status, body, err)
	}
	if fault := statusFault(status, list[0], 3); fault != nil {
		return fault
	}
	first := loose.Read(list[0])
	switch {
	case strings.EqualFold(first.Text("actionname"), "showConfirm"):
		return &Fault{Class: FilterInvalid, Shape: 8, Code: NoCode, HTTPStatus: status,
			Message: "a request filter of the server stopped the query: " + clip(list[0])}
	case first.At("message") != nil && first.At("dindex") != nil:
		return classifyError(6, status, NoCode, first.Text("message"))
	}
	return unreadable(0, status, "a list of unknown objects")
}

// statusFault finds a ResponseStatus that is no success; nil when there is none. shape is what it is called where the
// object stood; an object that carries the status at its own top level is F5.
func statusFault(status int, raw []byte, shape Shape) *Fault {
	top := loose.Read(raw)
	inner := top.At("responsestatus")
	if nested := top.Object("result").At("responsestatus"); nested != nil {
		inner = nested
	} else if shape == 4 {
		shape = 5
	}
	if inner == nil {
		return nil
	}
	found := responseStatus{loose.Read(inner)}
	if found.Object == nil {
		return unreadable(shape, status, "a ResponseStatus that cannot be read")
	}
	if found.Truth("issuccess") {
		return nil
	}
	fault := classifyError(shape, status, found.code(), found.message())
	fault.said = found.said()
	return fault
}

// gatewayCodes are the refusals of the public gateway that are known.
var gatewayCodes = []int{4002, 4006, 5001}

// gatewayError reads F11, the public gateway's own refusals: 4002 AppID empty, 4006 timestamp out of date, 5001
// no such API.
func gatewayError(status int, body []byte) *Fault {
	if len(body) == 0 || body[0] != '{' {
		return nil
	}
	gateway := loose.Read(body)
	if gateway["errcode"] == nil {
		return nil
	}
	text := gateway.Text("description_cn")
	if text == "" {
		text = gateway.Text("description")
	}
	code := NoCode
	if given, ok := gateway.Whole("errcode"); ok &&
		given == int64(int32(given)) { //nolint:gosec // that is what is asked
		code = int(given)
	}
	return &Fault{Class: Refused, Shape: 11, Code: code, HTTPStatus: status, Message: "gateway: " + text,
		Odd: status < 500 && !slices.Contains(gatewayCodes, code)}
}

// exception reads F7, whose JSON is a KDException: a message and perhaps an inner one.
func exception(status int, body []byte) *Fault {
	thrown := loose.Read(bytes.TrimSpace(body))
	if thrown == nil {
		return classifyError(7, status, NoCode, clip(body))
	}
	parts := []string{thrown.Text("message"), thrown.Object("innerexwrapper").Text("message")}
	return classifyError(7, status, NoCode, strings.Trim(strings.Join(parts, "; "), "; "))
}

// clip shortens vendor text for a message.
func clip(body []byte) string {
	const most = 300
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:cut], len(text))
}

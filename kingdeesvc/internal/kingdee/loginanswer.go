package kingdee

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/loose"
)

// LoginInfo is what a successful login says about where we are.
type LoginInfo struct {
	DataCenterID   string
	DataCenterName string
	UserName       string
	Version        string
	// UTCOffset is the server's zone as STimeZone gives it; HasOffset is false when it gave none.
	UTCOffset time.Duration
	HasOffset bool
}

// lockedTexts are what a login says that came after too many wrong ones (luka-n8n-nodes/n8n-nodes-kingdee).
var lockedTexts = []string{"次数超限", "账号已被锁定", "用户已被锁定"}

// readLogin takes LoginResultType 1 and a session id for success and nothing else; the other values mean different
// things in different vendor pages. A refusal is the vendor's word under any HTTP status. What cannot be read of
// Context is not told.
func readLogin(status int, body received, cookies *jar) (string, LoginInfo, *Fault) {
	login := findLogin(body.raw, wrappings)
	if login == nil || succeededLogin(login) && !succeeded(status) {
		answer, fault := classify(status, body)
		if fault == nil {
			fault = unreadable(0, status,
				strings.TrimSuffix("the login's answer cannot be read: "+sentence(loose.Read(answer.object)), ": "))
			return "", LoginInfo{}, fault
		}
		return "", LoginInfo{}, refusedLogin(fault)
	}
	if !succeededLogin(login) {
		text := refusalText(login)
		return "", LoginInfo{}, &Fault{Class: refusalClass(text), Code: NoCode, HTTPStatus: status,
			Message: fmt.Sprintf("%s [LoginResultType %s]", text, login.Text("loginresulttype"))}
	}
	id := login.Text("kdsvcsessionid")
	if id == "" {
		id = cookies.session()
	}
	if id == "" {
		return "", LoginInfo{}, unreadable(0, status, "the login succeeded and gave no KDSVCSessionId")
	}
	return id, readContext(login.Object("context")), nil
}

// wrappings is how deep a login's answer may lie in others: .NET's services wrap in d, gateways in data or result, some
// serialisers in a list of one or in a text.
const wrappings = 4

// findLogin answers the one object that has a LoginResultType; nil where there is none, or more than one.
func findLogin(raw json.RawMessage, deep int) loose.Object {
	raw = bytes.TrimSpace(trimBody(raw))
	if deep == 0 || len(raw) == 0 {
		return nil
	}
	var parts []json.RawMessage
	switch raw[0] {
	case '"':
		var inner string
		if json.Unmarshal(raw, &inner) == nil {
			parts = []json.RawMessage{[]byte(inner)}
		}
	case '[':
		parts = loose.List(raw)
	case '{':
		object := loose.Read(raw)
		if object.At("loginresulttype") != nil {
			return object
		}
		parts = slices.Collect(maps.Values(object))
	}
	var found loose.Object
	for _, part := range parts {
		login := findLogin(part, deep-1)
		if login != nil && found != nil {
			return nil
		}
		if login != nil {
			found = login
		}
	}
	return found
}

// refusalText is the vendor's sentence, with its code.
func refusalText(login loose.Object) string {
	text := cmp.Or(sentence(login), "login refused without a text")
	if code := login.Text("messagecode"); code != "" {
		text = fmt.Sprintf("%s (%s)", text, code)
	}
	return text
}

// sentence is what an answer says in words; what cannot be read as a text is given as it came.
func sentence(answer loose.Object) string {
	for _, name := range []string{"message", "errormessage", "msg", "error", "description"} {
		raw := answer.At(name)
		if text := loose.Text(raw); text != "" {
			return text
		}
		if len(raw) > len(`""`) {
			return clip(raw)
		}
	}
	return ""
}

// succeededLogin: 1 is Success of the vendor's enumeration, which some serialisers write by its name.
func succeededLogin(login loose.Object) bool {
	if len(login.List("loginresulttype")) != 1 {
		return false
	}
	word := login.Text("loginresulttype")
	result, isNumber := loose.Whole(json.RawMessage(word))
	return isNumber && result == 1 || strings.EqualFold(word, "success") || strings.EqualFold(word, "true")
}

// ticksOfQuarter are a quarter of an hour, in which all zones are counted: .NET has ten million ticks a second.
const ticksOfQuarter = 15 * 60 * 10_000_000

func readContext(context loose.Object) LoginInfo {
	info := LoginInfo{
		DataCenterID:   context.Text("dbid"),
		DataCenterName: context.Text("datacentername"),
		UserName:       context.Text("username"),
		Version:        context.Text("displayversion"),
	}
	// What is no zone on earth, such as an offset in another unit, is no answer.
	ticks, told := context.Object("stimezone").Whole("offsetticks")
	if told && ticks%ticksOfQuarter == 0 && ticks >= -12*4*ticksOfQuarter && ticks <= 14*4*ticksOfQuarter {
		info.UTCOffset, info.HasOffset = time.Duration(ticks)*100, true
	}
	return info
}

// refusedLogin is a login that was answered by a failure. A page, and what is none of the vendor's shapes, is not the
// vendor's word.
func refusedLogin(fault *Fault) *Fault {
	switch {
	case fault.Shape == 10 && fault.Class == Refused:
		fault.Class = Unreadable
	case fault.Class == Unreachable, fault.Class == Unreadable, fault.Class == Throttled, fault.Class == Busy:
	default:
		fault.Class = refusalClass(fault.Message)
	}
	return fault
}

func refusalClass(text string) Class {
	if containsAny(text, lockedTexts) {
		return AccountLocked
	}
	return LoginRefused
}

// lacks says whether the vendor's own words are that it has no such method: one of its failures names the method. A
// page that somebody else shows instead, whatever its status, says nothing about methods.
func lacks(status int, body received, method string) bool {
	raw := bytes.TrimSpace(trimBody(body.raw))
	if bytes.HasPrefix(raw, []byte("response_error:")) {
		return bytes.Contains(raw, []byte(method))
	}
	_, fault := classify(status, body)
	return fault != nil && fault.Shape >= 1 && fault.Shape <= 6 && strings.Contains(fault.Message, method)
}

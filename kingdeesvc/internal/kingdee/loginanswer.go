package kingdee

import (
	"bytes"
	"fmt"
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

// readLogin takes LoginResultType 1 and a session id for success and nothing else; the other values mean different things
// in different vendor pages. What cannot be read of Context is not told.
func readLogin(status int, body received, cookies *jar) (string, LoginInfo, *Fault) {
	answer, fault := classify(status, body)
	if list := loose.List(trimBody(body.raw)); fault != nil && succeeded(status) && len(list) == 1 {
		if loose.Read(list[0]).At("loginresulttype") != nil {
			answer.object, fault = list[0], nil // a list of the one answer
		}
	}
	if fault != nil {
		return "", LoginInfo{}, refusedLogin(fault)
	}
	login := loose.Read(answer.object)
	if login.At("loginresulttype") == nil {
		return "", LoginInfo{}, unreadable(0, status, "the login's answer cannot be read")
	}
	if !succeededLogin(login) {
		text := login.Text("message")
		if text == "" {
			text = "login refused without a text"
		}
		if code := login.Text("messagecode"); code != "" {
			text = fmt.Sprintf("%s (%s)", text, code)
		}
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

// succeededLogin: 1 is Success of the vendor's enumeration, which some serialisers write by its name.
func succeededLogin(login loose.Object) bool {
	result, isNumber := login.Whole("loginresulttype")
	word := login.Text("loginresulttype")
	return isNumber && result == 1 || strings.EqualFold(word, "success") || strings.EqualFold(word, "true")
}

func readContext(context loose.Object) LoginInfo {
	info := LoginInfo{
		DataCenterID:   context.Text("dbid"),
		DataCenterName: context.Text("datacentername"),
		UserName:       context.Text("username"),
		Version:        context.Text("displayversion"),
	}
	// .NET ticks: ten million a second. What is no zone on earth is no answer.
	ticks, told := context.Object("stimezone").Whole("offsetticks")
	if seconds := ticks / 10_000_000; told && seconds > -86400 && seconds < 86400 {
		info.UTCOffset, info.HasOffset = time.Duration(seconds)*time.Second, true
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

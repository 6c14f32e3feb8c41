package kingdee

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
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
// in different vendor pages.
func readLogin(status int, body received) (string, LoginInfo, *Fault) {
	answer, fault := classify(status, body)
	if fault != nil {
		switch fault.Class {
		case Unreachable, Unreadable, Throttled, Busy:
		default:
			fault.Class = refusalClass(fault.Message)
		}
		return "", LoginInfo{}, fault
	}
	var login struct {
		LoginResultType *int   `json:"LoginResultType"`
		Message         string `json:"Message"`
		MessageCode     string `json:"MessageCode"`
		SessionID       string `json:"KDSVCSessionId"`
		Context         struct {
			DBID           string `json:"DBid"`
			DataCenterName string `json:"DataCenterName"`
			UserName       string `json:"UserName"`
			DisplayVersion string `json:"DisplayVersion"`
			STimeZone      *struct {
				OffsetTicks *int64 `json:"OffsetTicks"`
			} `json:"STimeZone"`
		} `json:"Context"`
	}
	if err := json.Unmarshal(answer.object, &login); err != nil || login.LoginResultType == nil {
		return "", LoginInfo{}, unreadable(0, status, "the login's answer cannot be read")
	}
	if *login.LoginResultType != 1 {
		text := login.Message
		if text == "" {
			text = "login refused without a text"
		}
		if login.MessageCode != "" {
			text = fmt.Sprintf("%s (%s)", text, login.MessageCode)
		}
		return "", LoginInfo{}, &Fault{Class: refusalClass(text), Code: NoCode, HTTPStatus: status,
			Message: fmt.Sprintf("%s [LoginResultType %d]", text, *login.LoginResultType)}
	}
	if login.SessionID == "" {
		return "", LoginInfo{}, unreadable(0, status, "the login succeeded and gave no KDSVCSessionId")
	}
	info := LoginInfo{
		DataCenterID:   login.Context.DBID,
		DataCenterName: login.Context.DataCenterName,
		UserName:       login.Context.UserName,
		Version:        login.Context.DisplayVersion,
	}
	if zone := login.Context.STimeZone; zone != nil && zone.OffsetTicks != nil {
		// .NET ticks: ten million a second. What is no zone on earth is no answer.
		if seconds := *zone.OffsetTicks / 10_000_000; seconds > -86400 && seconds < 86400 {
			info.UTCOffset, info.HasOffset = time.Duration(seconds)*time.Second, true
		}
	}
	return login.SessionID, info, nil
}

func refusalClass(text string) Class {
	if containsAny(text, lockedTexts) {
		return AccountLocked
	}
	return LoginRefused
}

// lacks says whether the server answered that it has no such method: it knows no page of that name, or an exception of its
// names the method.
func lacks(status int, body received, method string) bool {
	switch status {
	case 404, 405, 501:
		return true
	}
	return strings.HasPrefix(string(body.raw), "response_error:") && strings.Contains(string(body.raw), method)
}

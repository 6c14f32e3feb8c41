package kingdee

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

const authService = "Kingdee.BOS.WebApi.ServicesStub.AuthService."

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

// session holds the one login. Its fields are guarded by the caller's slot, except info and the refusal, which are also
// read from outside.
type session struct {
	auth Auth
	now  func() time.Time
	id   string

	mu      sync.Mutex
	info    LoginInfo
	refusal refusal
}

// refusal remembers a login that was answered with anything but success. Accounts lock after a few attempts
// (luka-n8n-nodes/n8n-nodes-kingdee: about 30 minutes), so the next one waits: 1, 2, 4 … 30 minutes.
type refusal struct {
	fault *Fault
	until time.Time
	pause time.Duration
}

const (
	firstPause   = time.Minute
	longestPause = 30 * time.Minute
)

// refused answers the remembered refusal while its pause lasts.
func (s *session) refused() *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.refusal.until.Sub(s.now())
	if s.refusal.fault == nil || left <= 0 {
		return nil
	}
	fault := *s.refusal.fault
	fault.RetryAfter = left
	return &fault
}

func (s *session) refuse(fault *Fault) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal.pause = min(max(2*s.refusal.pause, firstPause), longestPause)
	s.refusal.fault, s.refusal.until = fault, s.now().Add(s.refusal.pause)
	told := *fault
	told.RetryAfter = s.refusal.pause
	return &told
}

func (s *session) accept(id string, info LoginInfo) {
	s.id = id
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info, s.refusal = info, refusal{}
}

func (s *session) login() LoginInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// open logs in once. A login that got no answer is Unreachable and may be tried again; any answer that is no success is
// remembered.
func (s *session) open(ctx context.Context, t *transport) (Meta, error) {
	if fault := s.refused(); fault != nil {
		return Meta{}, fault
	}
	call := s.auth.Login(s.now())
	status, body, meta, err := t.post(ctx, authService+call.Method, "", map[string]any{"parameters": call.Parameters})
	if err != nil {
		return meta, fmt.Errorf("%s: %w", call.Method, err)
	}
	id, info, fault := readLogin(status, body)
	if fault == nil {
		s.accept(id, info)
		return meta, nil
	}
	if fault.Class != Unreachable {
		fault = s.refuse(fault)
	}
	return meta, fmt.Errorf("%s: %w", call.Method, fault)
}

// readLogin takes LoginResultType 1 and a session id for success and nothing else; the other values mean different things
// in different vendor pages.
func readLogin(status int, body []byte) (string, LoginInfo, *Fault) {
	answer, fault := classify(status, body)
	if fault != nil {
		switch fault.Class {
		case Unreachable, Unreadable, Throttled, Busy:
		default:
			fault.Class = LoginRefused
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
		return "", LoginInfo{}, &Fault{Class: LoginRefused, Code: NoCode, HTTPStatus: status,
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

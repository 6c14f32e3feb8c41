package wire

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// dispatch does the work of one call and gives the answer.
func (s *Face) dispatch(
	w http.ResponseWriter, r *http.Request, class, method string, body []byte, p behaviour.Personality,
) failure {
	ok := func(body []byte) failure { return failure{status: http.StatusOK, contentType: TypeJSON, body: body} }
	refuse := (*vendorError).object
	if method == "executebillquery" {
		refuse = (*vendorError).rows
	}
	args, err := parseBody(r.Header.Get("Content-Type"), body)
	if err != nil {
		return ok(refuse(&vendorError{behaviour.MsgParameter, err.Error()}))
	}
	switch {
	case class == "accountservice" && method == "getdatacenterlist":
		return ok(mustJSON([]map[string]any{
			{"Id": s.Account.AcctID, "Number": "001", "Name": s.Account.DataCenterName},
		}))
	case class == "authservice" && method == "logout":
		s.sessions.close(sessionID(r))
		return ok([]byte("true"))
	case class == "authservice":
		return s.serveLogin(w, r, method, args, p)
	case class != "dynamicformservice" || method == "billquery" && p.OldServer:
		return errorPage(http.StatusNotFound)
	}
	x := s.authorise(w, r, p)
	if x == nil && p.LostAnswer != "" {
		return failure{raw: p.LostAnswer}
	}
	if x == nil {
		return ok(refuse(&vendorError{behaviour.MsgSessionLost, sessionLostText}))
	}
	if !p.ParallelSessions {
		leave, err := x.enter(r.Context())
		if err != nil {
			return errorPage(http.StatusServiceUnavailable)
		}
		defer leave()
	}
	answer, err := s.work(method, args, p)
	var vendor *vendorError
	switch {
	case err == nil:
		return ok(answer)
	case errors.As(err, &vendor):
		return ok(refuse(vendor.in(x.lcid)))
	default:
		return ok(refuse(&vendorError{behaviour.MsgException, err.Error()}))
	}
}

// work is what a session is needed for.
func (s *Face) work(method string, args arguments, p behaviour.Personality) ([]byte, error) {
	data, err := args.data()
	if err != nil {
		return nil, &vendorError{behaviour.MsgParameter, err.Error()}
	}
	switch method {
	case "executebillquery", "billquery":
		q, err := s.readQuery(data, p)
		if err != nil {
			return nil, err
		}
		if q.count {
			return q.appendCount(nil, len(s.match(q, p, s.Now())), method == "billquery"), nil
		}
		rows := s.run(q, p, s.Now(), s.Conduct.Random(p))
		if method == "billquery" {
			return q.appendObjects(nil, rows, p, s.Conduct.AllDamage()), nil
		}
		return q.appendRows(nil, rows, p, s.Conduct.AllDamage()), nil
	case "view":
		return s.view(args, data, p)
	default:
		return nil, &vendorError{behaviour.MsgParameter, "不支持的操作: " + method}
	}
}

func (s *Face) serveLogin(
	w http.ResponseWriter, r *http.Request, method string, args arguments, p behaviour.Personality,
) failure {
	order, known := loginOrder(method)
	if !known {
		return errorPage(http.StatusNotFound)
	}
	if p.NoKickOffLogins && strings.HasSuffix(method, "2") {
		text := "未找到方法: Kingdee.BOS.WebApi.ServicesStub.AuthService." + published(method)
		return shape("F7", &vendorError{behaviour.MsgException, text}, 1)
	}
	in, err := readLogin(order, args)
	if err != nil {
		refused := &refusedLogin{0, "ParameterError", err.Error()}
		return failure{
			status: http.StatusOK, contentType: TypeJSON, body: s.loginAnswer(&session{id: randomID()}, refused, p),
		}
	}
	now := s.Now()
	refused := s.checkLogin(method, in, now, p)
	s.lockout.note(refused == nil, p.LockAfterFailures, now)
	if refused != nil {
		refused.text = speak(refused.text, in["lcid"])
		x := &session{id: randomID(), aspID: randomID()}
		setCookies(w, x)
		return failure{status: http.StatusOK, contentType: TypeJSON, body: s.loginAnswer(x, refused, p)}
	}
	kick := !strings.EqualFold(in["iskickoff"], "false")
	x := s.sessions.open(in["username"], p.OneSessionPerUser && kick, now)
	x.node, x.lcid = s.balance(w, r, p), in["lcid"]
	setCookies(w, x)
	return failure{status: http.StatusOK, contentType: TypeJSON, body: s.loginAnswer(x, nil, p)}
}

func setCookies(w http.ResponseWriter, x *session) {
	http.SetCookie(w, aspCookie(x.aspID))
	http.SetCookie(w, &http.Cookie{Name: sessionName, Value: x.id, Path: "/"})
}

func aspCookie(value string) *http.Cookie {
	return &http.Cookie{Name: aspSessionName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// authorise finds the call's session, or opens one for a signed call; nil if the
// caller is nobody.
func (s *Face) authorise(w http.ResponseWriter, r *http.Request, p behaviour.Personality) *session {
	now := s.Now()
	idle := time.Duration(p.SessionIdleSeconds) * time.Second
	if idle <= 0 {
		idle = 20 * time.Minute
	}
	node := s.balance(w, r, p)
	if id := sessionID(r); id != "" {
		if p.SessionLossRate > 0 && s.Conduct.Random(p).Float64() < p.SessionLossRate {
			s.sessions.close(id)
		}
		life := time.Duration(p.SessionLifeSeconds) * time.Second
		if x := s.sessions.use(id, now, idle, life); x != nil && x.node == node {
			if !p.CookiesAtLoginOnly {
				setCookies(w, x)
			}
			return x
		}
	}
	if !s.signedCall(r.Header) {
		if !p.CookiesAtLoginOnly { // the web server in front opens a session of its own for whoever comes without one
			http.SetCookie(w, aspCookie(randomID()))
		}
		return nil
	}
	x := s.sessions.open(s.Account.Username, false, now)
	x.node, x.lcid = node, signedLanguage(r.Header)
	setCookies(w, x)
	return x
}

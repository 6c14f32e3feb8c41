package wire

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// serviceOf reads /K3Cloud/<service>.common.kdsvc, in any case and with doubled
// slashes, and gives the service's class and method in lower case.
func serviceOf(path string) (class, method string, ok bool) {
	path = strings.ToLower(path)
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	name, under := strings.CutPrefix(path, "/k3cloud/")
	name, suffixed := strings.CutSuffix(name, ".common.kdsvc")
	dot := strings.LastIndexByte(name, '.')
	if !under || !suffixed || dot < 0 {
		return "", "", false
	}
	class, method = name[:dot], name[dot+1:]
	switch class {
	case "kingdee.bos.webapi.servicesstub.authservice",
		"kingdee.bos.webapi.servicesstub.dynamicformservice",
		"kingdee.bos.servicefacade.servicesstub.account.accountservice":
		return class[strings.LastIndexByte(class, '.')+1:], method, true
	}
	return "", "", false
}

// group is the service that faults are aimed at.
func group(class, method string) string {
	switch {
	case class == "authservice" && method != "logout":
		return behaviour.ServiceLogin
	case method == "executebillquery" || method == "billquery":
		return behaviour.ServiceQuery
	case method == "view":
		return behaviour.ServiceView
	default:
		return ""
	}
}

// ServeHTTP answers one call of the vendor's API.
func (s *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	class, method, ok := serviceOf(r.URL.Path)
	if !ok || r.Method != http.MethodPost {
		write(w, errorPage(http.StatusNotFound))
		return
	}
	s.calls.add(method)
	p := s.Conduct.Personality()
	fault, faulty := s.Conduct.TakeFault(group(class, method))
	if !faulty && group(class, method) == behaviour.ServiceQuery {
		fault, faulty = s.Conduct.RandomFault(p)
	}
	// The body is read first: net/http notices that a caller left only once its request is here whole.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		write(w, errorPage(http.StatusRequestEntityTooLarge))
		return
	}
	delay := time.Duration(p.LatencyMillis+fault.DelayMillis) * time.Millisecond
	if why := s.pause(r.Context(), delay); why != "" {
		s.Log.DebugContext(r.Context(), "delayed call ended early", "method", method, "why", why)
		cut(w, false)
		return
	}
	if fault.ExpireSessions {
		s.sessions.expire()
	}
	if fault.Action != "" {
		if _, err := s.Clerk.Do(r.Context(), fault.Bill, fault.Action, books.Edit{}, ""); err != nil {
			s.Log.DebugContext(r.Context(), "the fault's action was refused", "err", err)
		}
	}
	if fault.Drop == behaviour.DropBefore {
		cut(w, false)
		return
	}
	if fault.Answer != "" {
		s.writeAnswer(w, fault.Answer)
		return
	}
	if f, ok := faultFailure(fault, body, r.Header.Get("Content-Type")); faulty && ok {
		write(w, f)
		return
	}
	answer := s.dispatch(w, r, class, method, body, p)
	if answer.raw != "" {
		s.writeAnswer(w, answer.raw)
		return
	}
	s.Log.DebugContext(r.Context(), "call answered", "method", method,
		"status", answer.status, "bytes", len(answer.body))
	switch fault.Drop {
	case behaviour.DropAfter:
		cut(w, false)
	case behaviour.DropInside:
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
		answer.body = answer.body[:len(answer.body)/2]
		write(w, answer)
		cut(w, true)
	case behaviour.DropHalf:
		answer.body = answer.body[:len(answer.body)/2]
		write(w, answer)
	default:
		write(w, answer)
	}
}

// faultFailure is the answer that a fault puts in place of the work, if it is one.
func faultFailure(f behaviour.Fault, body []byte, contentType string) (failure, bool) {
	if f.Status != 0 {
		return errorPage(f.Status), true
	}
	if f.Shape == "" {
		return failure{}, false
	}
	e := &vendorError{f.MsgCode, f.Message}
	if e.text == "" {
		e.text = "发生意外错误"
		if f.MsgCode == behaviour.MsgSessionLost {
			e.text = sessionLostText
		}
	}
	columns := 1
	if args, err := parseBody(contentType, body); err == nil {
		if data, err := args.data(); err == nil {
			columns = strings.Count(data.text("fieldkeys"), ",") + 1
		}
	}
	return shape(f.Shape, e, columns), true
}

func write(w http.ResponseWriter, f failure) {
	w.Header().Set("Content-Type", f.contentType)
	w.WriteHeader(f.status)
	_, _ = w.Write(f.body)
}

// cut closes the connection; what was written so far arrives only if flush is set.
func cut(w http.ResponseWriter, flush bool) {
	rc := http.NewResponseController(w)
	if flush {
		_ = rc.Flush()
	}
	conn, _, err := rc.Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// pause waits. It says why it ended before its time, which ends the call too.
func (s *Face) pause(ctx context.Context, d time.Duration) string {
	if d <= 0 {
		return ""
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ""
	case <-ctx.Done():
		return "the caller left"
	case <-s.closing:
		return "the sandbox stops"
	}
}

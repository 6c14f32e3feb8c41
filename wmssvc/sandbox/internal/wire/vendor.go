package wire

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// maxBody bounds a request; the vendor's limit is not public.
const maxBody = 1 << 20

// serveVendor answers one dialect. What the client does meanwhile changes nothing: a cancel that was read is carried
// out even if nobody waits for the answer any more, as behind a real web server.
func (s *Face) serveVendor(d *dialect) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		} else if err != nil {
			return // the client went away while sending
		}
		out := s.answer(d, r, body)
		if out == nil {
			out = &reply{wire: wireDrop} // stopping
		}
		if err := out.send(w); err != nil {
			s.Log.DebugContext(r.Context(), "answer not delivered", "err", err)
		}
	}
}

// answer handles one request up to the finished reply; nil if the server stops meanwhile.
func (s *Face) answer(d *dialect, r *http.Request, body []byte) *reply {
	p := s.Conduct.Current()
	out := &reply{status: http.StatusOK, contentType: "text/xml;charset=utf-8", target: r.URL.RequestURI()}
	front, left := s.Conduct.InFront(p, s.Now())
	if front != behaviour.FrontNone && front != behaviour.FrontRouterTimeout {
		answerInFront(out, p, front, left)
		return out
	}
	account, method, bad := d.admit(r.URL.RawQuery, body, s.Accounts, p.Clock(s.Now()), p.ClockTolerance())
	var req warehouse.Request
	if bad == nil {
		req, bad = d.readCancel(method, account.SID, body, p)
	}
	if bad != nil {
		v := warehouse.Decision{Flag: warehouse.FlagFailure, Code: bad.code, Text: bad.text}
		s.rejected.add(warehouse.Rejection{At: s.Now(), Dialect: d.name, Code: bad.code, Message: bad.text})
		out.body = render(v, d, p)
		return out
	}

	plan, fault := noFault, behaviour.Fault{}
	if !s.throttle.allow(account.SID, p.RatePerMinute, s.Now()) {
		plan = faultPlans[behaviour.FaultThrottle]
	} else if fault = s.Conduct.TakeFault(req.Key.OrderCode, p.Chaos); fault.Kind != "" {
		plan = faultPlans[fault.Kind]
	}
	if plan.shape != nil {
		shaped := *p
		plan.shape(&shaped)
		p = &shaped
	}
	delay := time.Duration(fault.DelayMS) * time.Millisecond
	before := time.Duration(p.LatencyMS) * time.Millisecond
	if !plan.late {
		before += delay
	}
	if !s.wait(before) {
		return nil
	}
	plan.Mute = plan.Mute || front == behaviour.FrontRouterTimeout
	v := s.Book.Cancel(&req, plan.Course, fault.Kind, p, s.Now())
	if plan.late && !s.wait(delay) {
		return nil
	}
	out.reset = fault.Reset
	out.body = render(v, d, p)
	if plan.bend != nil {
		plan.bend(out)
	}
	if front == behaviour.FrontRouterTimeout {
		answerInFront(out, p, front, left)
	}
	return out
}

// wait lets time pass; false if the server stops first.
func (s *Face) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stopping:
		return false
	}
}

package behaviour

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// Services that a fault can be aimed at.
const (
	ServiceAny   = "any"
	ServiceLogin = "login"
	ServiceQuery = "query" // ExecuteBillQuery and BillQuery
	ServiceView  = "view"
)

// Where a connection is cut.
const (
	DropBefore = "before" // nothing was done
	DropAfter  = "after"  // the work was done, the answer is lost
	DropInside = "inside" // half of the answer arrives
	DropHalf   = "half"   // half of the answer arrives and passes for the whole: JSON cut short, the other F14
)

// Fault is something that goes wrong with the next calls. At most one of Shape,
// Status, Answer and Drop may be set; DelayMillis, ExpireSessions and Action may
// stand alone.
type Fault struct {
	// Service is what the fault is aimed at; empty means ServiceQuery.
	Service string `json:"service,omitempty"`
	// Skip lets so many calls pass first; Count is how many are hit (0 means 1).
	Skip  int `json:"skip,omitempty"`
	Count int `json:"count,omitempty"`
	// Shape answers with one of the documented failure bodies, F1 to F14, in which
	// MsgCode and Message are used where the shape has a place for them.
	Shape   string  `json:"shape,omitempty"`
	MsgCode MsgCode `json:"msg_code,omitempty"`
	Message string  `json:"message,omitempty"`
	// Status answers with this HTTP status and an error page.
	Status int `json:"status,omitempty"`
	// Answer is a whole HTTP answer: status line, head and body.
	Answer string `json:"answer,omitempty"`
	// Drop cuts the connection, or only the answer: DropBefore, DropAfter, DropInside or DropHalf.
	Drop string `json:"drop,omitempty"`
	// DelayMillis delays the answer.
	DelayMillis int `json:"delay_millis,omitempty"`
	// ExpireSessions ends all sessions before the call is looked at.
	ExpireSessions bool `json:"expire_sessions,omitempty"`
	// Action is done to Bill (number or id) just before the call is answered: with
	// Skip, bills change while somebody reads them page by page. An action that the
	// bill's state forbids is left out.
	Action books.Action `json:"action,omitempty"`
	Bill   string       `json:"bill,omitempty"`
}

// FailWith is the commonest fault: the next count queries answer F1 with a code.
func FailWith(code MsgCode, count int) Fault {
	return Fault{Service: ServiceQuery, Shape: "F1", MsgCode: code, Count: count}
}

func (f Fault) validate() error {
	set := 0
	for _, given := range []bool{f.Shape != "", f.Status != 0, f.Answer != "", f.Drop != ""} {
		if given {
			set++
		}
	}
	switch {
	case set > 1:
		return errors.New("fault: only one of shape, status, answer and drop may be set")
	case set == 0 && f.DelayMillis == 0 && !f.ExpireSessions && f.Action == "":
		return errors.New(
			"fault: one of shape, status, answer, drop, delay_millis, expire_sessions and action must be set",
		)
	case f.Answer != "" && !isAnswer(f.Answer):
		return errors.New("fault: answer is no HTTP answer")
	case (f.Action == "") != (f.Bill == ""):
		return errors.New("fault: action and bill belong together")
	case f.Shape != "" && !slices.Contains(ShapeNames(), f.Shape):
		return fmt.Errorf("fault: shape %q is not one of %s", f.Shape, strings.Join(ShapeNames(), " "))
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("fault: status %d is not between 400 and 599", f.Status)
	case f.Drop != "" && !slices.Contains([]string{DropBefore, DropAfter, DropInside, DropHalf}, f.Drop):
		return fmt.Errorf("fault: drop %q is not before, after, inside or half", f.Drop)
	case !slices.Contains([]string{ServiceAny, ServiceLogin, ServiceQuery, ServiceView}, f.Service):
		return fmt.Errorf("fault: service %q is not any, login, query or view", f.Service)
	case f.Skip < 0 || f.Count < 0 || f.DelayMillis < 0:
		return errors.New("fault: skip, count and delay_millis must not be negative")
	}
	return nil
}

// faultQueue hands faults to calls, oldest first.
type faultQueue struct {
	mu   sync.Mutex
	list []Fault
}

func (q *faultQueue) add(f Fault) error {
	if f.Service == "" {
		f.Service = ServiceQuery
	}
	if err := f.validate(); err != nil {
		return err
	}
	f.Count = max(f.Count, 1)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, f)
	return nil
}

// take gives the fault of a call to a service, if one is due. Faults that are
// still to be skipped count the call and let the next one have it.
func (q *faultQueue) take(service string) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.list {
		f := &q.list[i]
		if f.Service != ServiceAny && f.Service != service {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		taken := *f
		if f.Count--; f.Count == 0 {
			q.list = slices.Delete(q.list, i, i+1)
		}
		return taken, true
	}
	return Fault{}, false
}

func (q *faultQueue) pending() []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.list)
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = nil
}

// ShapeNames are the failure shapes met with this API, in the order of how often
// public clients handle them.
func ShapeNames() []string {
	return []string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14"}
}

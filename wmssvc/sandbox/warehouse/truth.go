package warehouse

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Truth is what really happened to one key: the order, if there ever was one, and every cancel that arrived for it.
type Truth struct {
	Key
	Order    *Order    `json:"order,omitempty"`    // nil: no such order was ever created
	Requests int       `json:"requests"`           // cancels that arrived and could be read
	Effects  int       `json:"effects"`            // how often one of them cancelled the order; once per life at most
	Arrivals []Arrival `json:"arrivals,omitempty"` // the newest 100 of them
}

// Arrival is one cancel request that was admitted and could be read.
type Arrival struct {
	ID           int64               `json:"id"` // rises with each request since the server started
	At           time.Time           `json:"at"`
	Dialect      string              `json:"dialect"`
	Method       string              `json:"method"`
	Asked        Key                 `json:"asked"` // as sent; lenient matching may have led to another key
	OwnerCode    string              `json:"owner_code,omitempty"`
	OrderID      string              `json:"order_id,omitempty"`
	CancelReason string              `json:"cancel_reason,omitempty"`
	ExtendProps  map[string]string   `json:"extend_props,omitempty"`
	Outcome      Outcome             `json:"outcome"`
	TookEffect   bool                `json:"took_effect"`         // it changed the order to 已取消
	EffectAt     *time.Time          `json:"effect_at,omitempty"` // later than At after an intercept
	Life         int                 `json:"life,omitempty"`      // the order's life it met; 0: no order
	Fault        behaviour.FaultKind `json:"fault,omitempty"`     // the fault played on this request
	// false: the client was given no readable answer of the WMS
	Answered bool   `json:"answered"`
	Flag     string `json:"flag"` // what was, or would have been, answered
	Code     string `json:"code"`
	Message  string `json:"message"`
}

// Outcome is what the WMS made of a cancel, whatever it then answered.
type Outcome string

// The outcomes of a cancel.
const (
	OutcomeCancelled    Outcome = "cancelled"    // the order is cancelled now, and was not before
	OutcomeAlready      Outcome = "already"      // it had been cancelled before
	OutcomeIntercepting Outcome = "intercepting" // it is at work; the warehouse tries to stop it
	OutcomeRefused      Outcome = "refused"      // its state does not allow it
	OutcomeUnknown      Outcome = "unknown"      // there is no order of that number
	OutcomeMismatch     Outcome = "mismatch"     // the number exists with another warehouse, type, owner or id
	OutcomeAmbiguous    Outcome = "ambiguous"    // several orders fit what was asked
	OutcomeThrottled    Outcome = "throttled"    // not looked at: over the rate
	OutcomeNotDone      Outcome = "not_done"     // not looked at: a fault came first
)

// Rejection is a request that never became a cancel: wrong account, signature, time or body.
type Rejection struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Dialect string    `json:"dialect"`
	Code    string    `json:"code"`
	Message string    `json:"message"`
}

func (t Truth) clone() Truth {
	t.Arrivals = slices.Clone(t.Arrivals)
	if t.Order != nil {
		o := *t.Order
		o.History = slices.Clone(o.History)
		t.Order = &o
	}
	return t
}

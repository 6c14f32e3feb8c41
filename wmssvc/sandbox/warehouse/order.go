package warehouse

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxCode is how many characters a code may have: https://www.yuque.com/huice-wiki/bhxv6e/gzkx6g and siblings.
const MaxCode = 50

// Key identifies an order. The vendor knows no other identity and no idempotency key.
type Key struct {
	SID           string `json:"sid,omitempty"`  // the account; empty when creating or asking: the first account
	WarehouseCode string `json:"warehouse_code"` // at most 50 characters
	OrderCode     string `json:"order_code"`     // at most 50 characters
	OrderType     string `json:"order_type"`     // QTRK, SCCK, …
}

func (k Key) String() string {
	return strings.Join([]string{k.SID, k.WarehouseCode, k.OrderCode, k.OrderType}, "/")
}

// Order is one document in the warehouse.
type Order struct {
	Key
	OwnerCode  string `json:"owner_code,omitempty"`   // checked in Qimen only, when both sides have one
	WMSOrderID string `json:"wms_order_id,omitempty"` // the WMS's own number; given out when empty
	State      State  `json:"state"`                  // empty on creation: 已审核
	// a cancel caught it at work, and the intercept goes on (拦截中)
	Intercepting bool      `json:"intercepting,omitempty"`
	Life         int       `json:"life"` // 1, and one more each time the number was created again
	CreatedAt    time.Time `json:"created_at"`
	History      []Change  `json:"history,omitempty"` // the newest 100
}

// Change is one step in an order's life.
type Change struct {
	At   time.Time `json:"at"`
	From State     `json:"from,omitempty"` // empty: it was created
	To   State     `json:"to"`
	By   string    `json:"by"` // created, warehouse, cancel or intercept
	Note string    `json:"note,omitempty"`
}

// keep bounds the lists that a long-running client could grow without end; counts stay exact.
const keep = 100

func bounded[T any](list []T) []T {
	if len(list) > keep {
		return slices.Clone(list[len(list)-keep:])
	}
	return list
}

func (o *Order) move(at time.Time, to State, by, note string) {
	o.History = bounded(append(o.History, Change{At: at, From: o.State, To: to, By: by, Note: note}))
	o.State = to
}

func (k Key) validate() error {
	for _, f := range []struct{ name, value string }{
		{"warehouse_code", k.WarehouseCode}, {"order_code", k.OrderCode},
	} {
		if strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%s is required", f.name)
		}
		if utf8.RuneCountInString(f.value) > MaxCode {
			return fmt.Errorf("%s is longer than %d characters", f.name, MaxCode)
		}
	}
	if !knownType(k.OrderType) {
		return fmt.Errorf("order_type %q is not known", k.OrderType)
	}
	return nil
}

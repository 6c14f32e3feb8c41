package sandbox

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// store holds the bills. Every *Bill in it is immutable: a change puts a changed
// copy in its place, so that a query may keep what it found without the lock.
type store struct {
	zone *time.Location
	// changed is called, under the lock, after each change; it must not block.
	changed func()

	mu      sync.RWMutex
	bills   []*Bill // ascending by id
	byNo    map[string]int64
	past    map[int64]*History
	pending map[int64]pending
	next    counters
}

// counters are the last identifiers given away.
type counters struct {
	Bill   int64 `json:"bill"`
	Entry  int64 `json:"entry"`
	Detail int64 `json:"detail"`
	Number int64 `json:"number"`
	Event  int64 `json:"event"`
}

// pending is a change that readers do not see yet.
type pending struct {
	before *Bill // nil for a new bill
	until  time.Time
}

func newStore(zone *time.Location, changed func()) *store {
	st := &store{zone: zone, changed: changed}
	st.clear()
	return st
}

func (st *store) clear() {
	st.bills = nil
	st.byNo = map[string]int64{}
	st.past = map[int64]*History{}
	st.pending = map[int64]pending{}
	st.next = counters{Bill: 100_000, Entry: 200_000, Detail: 300_000, Number: 100}
}

// reset forgets everything.
func (st *store) reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.clear()
	st.changed()
}

func (st *store) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(st.bills, id, func(b *Bill, id int64) int { return cmp.Compare(b.ID, id) })
}

// find needs the lock; nil if there is no such bill.
func (st *store) find(id int64) *Bill {
	if i, ok := st.search(id); ok {
		return st.bills[i]
	}
	return nil
}

func (st *store) byID(id int64) *Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.find(id)
}

func (st *store) byNumber(billNo string) *Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.find(st.byNo[billNo])
}

// all is every bill, ascending by id; the slice is the caller's.
func (st *store) all() []*Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return slices.Clone(st.bills)
}

// visible is what a reader sees of b at a moment; nil if nothing. It needs the lock.
func (st *store) visible(b *Bill, now time.Time) *Bill {
	if len(st.pending) == 0 {
		return b
	}
	if p, ok := st.pending[b.ID]; ok && now.Before(p.until) {
		return p.before
	}
	return b
}

// stamp is a moment as Kingdee stores it: milliseconds, in the server's zone.
func (st *store) stamp(t time.Time) time.Time {
	return t.In(st.zone).Truncate(time.Millisecond)
}

// record notes what happened to b; it needs the lock.
func (st *store) record(b *Bill, a Action, at time.Time, remark string) {
	st.next.Event++
	e := Event{
		Seq: st.next.Event, At: at, Action: a, Remark: remark,
		DocumentStatus: b.DocumentStatus, CancelStatus: b.CancelStatus,
	}
	if a == ActionAudit {
		e.Orders = b.Orders()
		for i := range e.Orders {
			e.Orders[i].AuditSeq = e.Seq
		}
	}
	h := st.past[b.ID]
	if h == nil {
		h = &History{BillID: b.ID, BillNo: b.BillNo}
		st.past[b.ID] = h
	}
	h.Events = append(h.Events, e)
}

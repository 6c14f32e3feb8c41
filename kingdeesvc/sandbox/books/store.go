package books

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/filter"
)

// Store holds the bills. Every *Bill in it is immutable: a change puts a changed
// copy in its place, so that a query may keep what it found without the lock.
type Store struct {
	acctID string
	Zone   *time.Location
	saver  *saver
	kept   atomic.Pointer[state] // the copy that goBack restores

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

// Open opens the bills of a data centre: those of the state file, if it is there. Stop ends the writing of that
// file; an empty path keeps nothing.
func Open(acctID, stateFile string, zone *time.Location, log *slog.Logger) (st *Store, loaded bool, err error) {
	st = &Store{acctID: acctID, Zone: zone, saver: newSaver(stateFile, log)}
	st.clear()
	loaded, err = st.load()
	return st, loaded, err
}

// Start begins to write the state file after each change.
func (st *Store) Start() { st.saver.start(st.snapshot) }

// Stop writes the state file for the last time.
func (st *Store) Stop() error { return st.saver.stop() }

func (st *Store) clear() {
	st.bills = nil
	st.byNo = map[string]int64{}
	st.past = map[int64]*History{}
	st.pending = map[int64]pending{}
	st.next = counters{Bill: 100_000, Entry: 200_000, Detail: 300_000, Number: 100}
}

// Reset forgets everything.
func (st *Store) Reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.clear()
	st.saver.changed()
}

func (st *Store) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(st.bills, id, func(b *Bill, id int64) int { return cmp.Compare(b.ID, id) })
}

// find needs the lock; nil if there is no such bill.
func (st *Store) find(id int64) *Bill {
	if i, ok := st.search(id); ok {
		return st.bills[i]
	}
	return nil
}

func (st *Store) byID(id int64) *Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.find(id)
}

func (st *Store) byNumber(billNo string) *Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.find(st.byNo[billNo])
}

// All is every bill, ascending by id; the slice is the caller's.
func (st *Store) All() []*Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return slices.Clone(st.bills)
}

// Each calls see, in order of ids, for the bills of a range as a reader sees them at a moment, until it has enough. It
// holds the lock meanwhile.
func (st *Store) Each(ids filter.Range, now time.Time, see func(*Bill) (more bool)) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, b := range st.candidates(ids) {
		if b = st.visible(b, now); b != nil && !see(b) {
			return
		}
	}
}

// candidates are the bills of a range, ascending.
func (st *Store) candidates(ids filter.Range) []*Bill {
	if ids.Listed {
		var list []*Bill
		for _, id := range ids.IDs {
			if b := st.find(id); b != nil {
				list = append(list, b)
			}
		}
		return list
	}
	from, _ := st.search(ids.Min)
	to, found := st.search(ids.Max)
	if found {
		to++
	}
	return st.bills[from:max(from, to)]
}

// Seen is the bill with an id or, where that is 0, with a number as a reader sees it at a moment; nil if there is none.
func (st *Store) Seen(id int64, number string, now time.Time) *Bill {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if id == 0 {
		id = st.byNo[number]
	}
	b := st.find(id)
	if b == nil {
		return nil
	}
	return st.visible(b, now)
}

// visible is what a reader sees of b at a moment; nil if nothing. It needs the lock.
func (st *Store) visible(b *Bill, now time.Time) *Bill {
	if len(st.pending) == 0 {
		return b
	}
	if p, ok := st.pending[b.ID]; ok && now.Before(p.until) {
		return p.before
	}
	return b
}

// stamp is a moment as Kingdee stores it: milliseconds, in the server's zone.
func (st *Store) stamp(t time.Time) time.Time {
	return t.In(st.Zone).Truncate(time.Millisecond)
}

// record notes what happened to b; it needs the lock.
func (st *Store) record(b *Bill, a Action, at time.Time, remark string) {
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

// Package warehouse is what the sandbox keeps: orders and their states, what a cancel does to an order, what really
// happened to each key, and the file in which all of it outlives the process.
//
// Book holds the orders and carries out cancels; Clerk does what people in the warehouse do. A request comes here read,
// in no protocol's words, and leaves as a decision with the WMS's text.
package warehouse

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Errors of the order book.
var (
	ErrNotFound = errors.New("no such order")
	ErrConflict = errors.New("not possible in the order's state")
)

const (
	shardCount = 64
	// maxUnknown bounds what is remembered of numbers that were never created; beyond it requests are only counted.
	maxUnknown = 100_000
)

// entry is all that is known of one key. Its shard's lock guards it.
type entry struct {
	seq      int64
	truth    Truth
	endAt    time.Time // when a running intercept ends by itself; zero: by hand
	endState State
}

type codeKey struct{ sid, orderCode string }

type shard struct {
	mu     sync.Mutex
	byCode map[codeKey][]*entry // all entries of one number, in order of appearance
}

// Book is the order book and its truth. Numbers are spread over shards, so that requests for different numbers do not
// wait for each other; everything about one number happens under one lock, and is in the journal before that opens.
type Book struct {
	seed    maphash.Seed
	shards  [shardCount]shard
	journal *journal

	listMu sync.RWMutex
	list   []*entry // by seq, for paging

	nextID    atomic.Int64
	orders    atomic.Int64
	unknown   atomic.Int64
	arrivals  atomic.Int64
	effects   atomic.Int64
	forgotten atomic.Int64 // arrivals for unknown numbers beyond maxUnknown
}

func newBook(j *journal) *Book {
	b := &Book{seed: maphash.MakeSeed(), journal: j}
	for i := range b.shards {
		b.shards[i].byCode = map[codeKey][]*entry{}
	}
	return b
}

func (b *Book) shard(k codeKey) *shard {
	return &b.shards[maphash.Comparable(b.seed, k)%shardCount]
}

func (k Key) code() codeKey { return codeKey{k.SID, k.OrderCode} }

func (s *shard) entry(k Key) *entry {
	for _, e := range s.byCode[k.code()] {
		if e.truth.Key == k {
			return e
		}
	}
	return nil
}

// add makes an entry; the caller holds the shard's lock.
func (b *Book) add(s *shard, k Key) *entry {
	e := &entry{truth: Truth{Key: k}}
	b.listMu.Lock()
	e.seq = int64(len(b.list)) + 1
	b.list = append(b.list, e)
	b.listMu.Unlock()
	s.byCode[k.code()] = append(s.byCode[k.code()], e)
	return e
}

// errRenumber: the number is a cancelled order's, and its successor gets another one.
var errRenumber = errors.New("the number is a cancelled order's")

// create puts an order into the book. A known number is refused, unless it is cancelled and p lets it begin again, or
// go on under a new one.
func (b *Book) create(o Order, p *behaviour.Personality, now time.Time) (Order, error) {
	number := o.OrderCode
	for successor := 1; ; successor++ {
		if err := o.validate(); err != nil {
			return Order{}, fmt.Errorf("%w: %w", behaviour.ErrInvalid, err)
		}
		created, err := b.createOnce(o, p, now)
		if !errors.Is(err, errRenumber) {
			return created, err
		}
		o.OrderCode = fmt.Sprintf("%s-%d", number, successor)
	}
}

func (b *Book) createOnce(o Order, p *behaviour.Personality, now time.Time) (Order, error) {
	s := b.shard(o.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(o.Key)
	life, history := 1, []Change(nil)
	switch {
	case e == nil:
		e = b.add(s, o.Key)
	case e.truth.Order == nil:
		b.unknown.Add(-1)
	default:
		e.endDue(b, now)
		old := e.truth.Order
		if old.State == StateCancelled && p.RenumberCancelled {
			return Order{}, errRenumber
		}
		if old.State != StateCancelled || !p.RecreateCancelled {
			return Order{}, fmt.Errorf("%w: %s already exists (%s)", ErrConflict, o.Key, old.State)
		}
		life, history = old.Life+1, old.History
		b.orders.Add(-1)
	}
	b.orders.Add(1)
	if o.State == "" {
		o.State = StateApproved
	}
	if o.CreatedAt.IsZero() {
		o.CreatedAt = now
	}
	if o.WMSOrderID == "" {
		o.WMSOrderID = fmt.Sprintf("WMS%08d", e.seq)
	}
	o.Life, o.Intercepting = life, false
	o.History = bounded(append(history, Change{At: now, To: o.State, By: "created"}))
	e.truth.Order = &o
	b.journal.entry(e)
	return *e.truth.clone().Order, nil
}

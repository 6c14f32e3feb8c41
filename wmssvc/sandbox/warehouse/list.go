package warehouse

import (
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Page sizes of lists.
const (
	defaultPage = 100
	maxPage     = 10_000
)

// Filter selects from the book; an empty field selects everything.
type Filter struct {
	SID, WarehouseCode, OrderCode, OrderType string
	State                                    State
	Requested                                bool   // only what a cancel arrived for
	Effective                                bool   // only what a cancel request really cancelled
	Unknown                                  bool   // only numbers that never existed; truths only
	PageSize                                 int    // 100 if 0, at most 10,000
	PageToken                                string // from the page before
}

func (f Filter) selects(t *Truth) bool {
	return (f.SID == "" || f.SID == t.SID) &&
		(f.WarehouseCode == "" || f.WarehouseCode == t.WarehouseCode) &&
		(f.OrderCode == "" || f.OrderCode == t.OrderCode) &&
		(f.OrderType == "" || f.OrderType == t.OrderType) &&
		(f.State == "" || (t.Order != nil && f.State == t.Order.State)) &&
		(!f.Requested || t.Requests > 0) && (!f.Effective || t.Effects > 0) && (!f.Unknown || t.Order == nil)
}

// TruthPage is one page of truths, in the order in which the keys appeared.
type TruthPage struct {
	Truths        []Truth `json:"truths"`
	NextPageToken string  `json:"next_page_token,omitempty"` // empty: the last page
}

// OrderPage is one page of orders, oldest number first.
type OrderPage struct {
	Orders        []Order `json:"orders"`
	NextPageToken string  `json:"next_page_token,omitempty"` // empty: the last page
}

// truths returns a page of what f selects and keep, if given, accepts.
func (b *Book) truths(f Filter, now time.Time, keep func(*Truth) bool) (TruthPage, error) {
	after, err := readToken(f.PageToken)
	if err != nil {
		return TruthPage{}, err
	}
	size := f.PageSize
	if size == 0 {
		size = defaultPage
	}
	if size < 0 || size > maxPage {
		return TruthPage{}, fmt.Errorf("%w: page_size %d is not within 1 and %d", behaviour.ErrInvalid, size, maxPage)
	}
	page := TruthPage{Truths: []Truth{}}
	all := b.entries()
	for i := min(after, len(all)); i < len(all); i++ {
		if f.OrderCode != "" && all[i].truth.OrderCode != f.OrderCode { // the key never changes: no lock needed
			continue
		}
		t, ok := b.copyOf(all[i], now, func(t *Truth) bool { return f.selects(t) && (keep == nil || keep(t)) })
		if !ok {
			continue
		}
		if len(page.Truths) == size {
			page.NextPageToken = strconv.Itoa(i)
			return page, nil
		}
		page.Truths = append(page.Truths, t)
	}
	return page, nil
}

// each walks everything that f selects, whatever its page says.
func (b *Book) each(f Filter, now func() time.Time) iter.Seq[Truth] {
	return func(yield func(Truth) bool) {
		for _, e := range b.entries() {
			if t, ok := b.copyOf(e, now(), f.selects); ok && !yield(t) {
				return
			}
		}
	}
}

// copyOf copies an entry if it is wanted.
func (b *Book) copyOf(e *entry, now time.Time, want func(*Truth) bool) (Truth, bool) {
	s := b.shard(e.truth.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	e.endDue(b, now)
	if !want(&e.truth) {
		return Truth{}, false
	}
	return e.truth.clone(), true
}

func readToken(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	at, err := strconv.Atoi(token)
	if err != nil || at < 0 {
		return 0, fmt.Errorf("%w: page_token %q is not one of ours", behaviour.ErrInvalid, token)
	}
	return at, nil
}

// truth returns what is known of one key.
func (b *Book) truth(k Key, now time.Time) (Truth, error) {
	s := b.shard(k.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(k)
	if e == nil {
		return Truth{Key: k}, fmt.Errorf("%w: %s", ErrNotFound, k)
	}
	e.endDue(b, now)
	return e.truth.clone(), nil
}

// ByState counts the orders in each state.
func (b *Book) ByState(now time.Time) map[State]int {
	counts := map[State]int{}
	for _, e := range b.entries() {
		b.copyOf(e, now, func(t *Truth) bool {
			if t.Order != nil {
				counts[t.Order.State]++
			}
			return false
		})
	}
	return counts
}

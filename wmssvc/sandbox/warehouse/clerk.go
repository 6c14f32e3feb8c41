package warehouse

import (
	"fmt"
	"iter"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Clerk does in the order book what people do in the warehouse. Its methods may be called from any goroutine.
type Clerk struct {
	book     *Book
	accounts []Account
	now      func() time.Time
	rules    func() *behaviour.Personality
}

// NewClerk gives a book to a clerk who works for these accounts by this clock; rules are how the WMS behaves at the
// moment.
func NewClerk(b *Book, accounts []Account, now func() time.Time, rules func() *behaviour.Personality) *Clerk {
	return &Clerk{b, accounts, now, rules}
}

// CreateOrder puts one order into the warehouse. An empty SID means the first account, an empty State 已审核. ErrInvalid
// and ErrConflict (the number exists with this warehouse and type) say why not.
func (c *Clerk) CreateOrder(o Order) (Order, error) {
	if err := c.own(&o.Key); err != nil {
		return Order{}, err
	}
	return c.book.create(o, c.rules(), c.now())
}

// BulkResult says what became of many orders.
type BulkResult struct {
	Created  int           `json:"created"`
	Problems []BulkProblem `json:"problems"`
}

// BulkProblem is one order that was not created.
type BulkProblem struct {
	Index int    `json:"index"` // in the list that was sent
	Key   Key    `json:"key"`
	Error string `json:"error"`
}

// CreateOrders creates many; one that cannot be created does not stop the others.
func (c *Clerk) CreateOrders(orders []Order) BulkResult {
	result := BulkResult{Problems: []BulkProblem{}}
	for i, o := range orders {
		if _, err := c.CreateOrder(o); err != nil {
			result.Problems = append(result.Problems, BulkProblem{Index: i, Key: o.Key, Error: err.Error()})
			continue
		}
		result.Created++
	}
	return result
}

// SetState does what a person in the warehouse would. ErrNotFound, ErrInvalid or ErrConflict say why not.
func (c *Clerk) SetState(m Move) (Order, error) {
	if err := c.own(&m.Key); err != nil {
		return Order{}, err
	}
	return c.book.move(m, c.now())
}

// Truth returns what is known of one key. ErrNotFound: no such order, and no cancel for it ever arrived.
func (c *Clerk) Truth(k Key) (Truth, error) {
	if err := c.own(&k); err != nil {
		return Truth{}, err
	}
	return c.book.truth(k, c.now())
}

// Truths lists truths, those of numbers that never existed among them.
func (c *Clerk) Truths(f Filter) (TruthPage, error) { return c.book.truths(f, c.now(), nil) }

// EachTruth walks all truths that f selects, without pages, in the order in which the keys appeared. Keys that appear
// meanwhile are left out.
func (c *Clerk) EachTruth(f Filter) iter.Seq[Truth] { return c.book.each(f, c.now) }

// Orders lists the order book.
func (c *Clerk) Orders(f Filter) (OrderPage, error) {
	page, err := c.book.truths(f, c.now(), func(t *Truth) bool { return t.Order != nil })
	if err != nil {
		return OrderPage{}, err
	}
	orders := OrderPage{Orders: make([]Order, len(page.Truths)), NextPageToken: page.NextPageToken}
	for i, t := range page.Truths {
		orders.Orders[i] = *t.Order
	}
	return orders, nil
}

// own fills in the first account, and refuses one that does not exist.
func (c *Clerk) own(k *Key) error {
	if k.SID == "" {
		k.SID = c.accounts[0].SID
	}
	for _, a := range c.accounts {
		if a.SID == k.SID {
			return nil
		}
	}
	return fmt.Errorf("%w: no account has the sid %q", behaviour.ErrInvalid, k.SID)
}

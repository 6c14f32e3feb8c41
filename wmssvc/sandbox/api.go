package sandbox

import (
	"fmt"
	"iter"
	"time"
)

// CreateOrder puts one order into the warehouse. An empty SID means the first account, an empty State 已审核. ErrInvalid
// and ErrConflict (the number exists with this warehouse and type) say why not.
func (s *Server) CreateOrder(o Order) (Order, error) {
	if err := s.own(&o.Key); err != nil {
		return Order{}, err
	}
	return s.book.create(o, s.personality.Load(), s.now())
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
func (s *Server) CreateOrders(orders []Order) BulkResult {
	result := BulkResult{Problems: []BulkProblem{}}
	for i, o := range orders {
		if _, err := s.CreateOrder(o); err != nil {
			result.Problems = append(result.Problems, BulkProblem{Index: i, Key: o.Key, Error: err.Error()})
			continue
		}
		result.Created++
	}
	return result
}

// SetState does what a person in the warehouse would. ErrNotFound, ErrInvalid or ErrConflict say why not.
func (s *Server) SetState(m Move) (Order, error) {
	if err := s.own(&m.Key); err != nil {
		return Order{}, err
	}
	return s.book.move(m, s.now())
}

// Truth returns what is known of one key. ErrNotFound: no such order, and no cancel for it ever arrived.
func (s *Server) Truth(k Key) (Truth, error) {
	if err := s.own(&k); err != nil {
		return Truth{}, err
	}
	return s.book.truth(k, s.now())
}

// Truths lists truths, those of numbers that never existed among them.
func (s *Server) Truths(f Filter) (TruthPage, error) { return s.book.truths(f, s.now(), nil) }

// EachTruth walks all truths that f selects, without pages, in the order in which the keys appeared. Keys that appear
// meanwhile are left out.
func (s *Server) EachTruth(f Filter) iter.Seq[Truth] { return s.book.each(f, s.now) }

// Orders lists the order book.
func (s *Server) Orders(f Filter) (OrderPage, error) {
	page, err := s.book.truths(f, s.now(), func(t *Truth) bool { return t.Order != nil })
	if err != nil {
		return OrderPage{}, err
	}
	orders := OrderPage{Orders: make([]Order, len(page.Truths)), NextPageToken: page.NextPageToken}
	for i, t := range page.Truths {
		orders.Orders[i] = *t.Order
	}
	return orders, nil
}

// Personality returns how the sandbox behaves now.
func (s *Server) Personality() Personality { return s.personality.Load().clone() }

// SetPersonality replaces all of it, from the next request on; empty fields get their defaults.
func (s *Server) SetPersonality(p Personality) error {
	s.personalMu.Lock()
	defer s.personalMu.Unlock()
	p = p.clone().withDefaults()
	if err := p.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	s.personality.Store(&p)
	s.personalSince.Store(s.now().UnixNano())
	s.book.journal.append(line{Personality: &p})
	return nil
}

// AddFaults queues faults, all of them or none.
func (s *Server) AddFaults(all ...Fault) error { return s.faults.add(all...) }

// Faults lists what is still to be played.
func (s *Server) Faults() []Fault { return s.faults.list() }

// ClearFaults forgets the queue. Chaos of the personality goes on.
func (s *Server) ClearFaults() { s.faults.clear() }

// Rejections lists the newest 1000 requests that never became a cancel, oldest first, and how many there were.
func (s *Server) Rejections() ([]Rejection, int64) { return s.rejections.newest() }

// Status sums up the sandbox.
type Status struct {
	Sandbox    string        `json:"sandbox"` // always "wms"
	URL        string        `json:"url"`
	QimenURL   string        `json:"qimen_url"`
	SIDs       []string      `json:"sids"`
	Time       time.Time     `json:"time"`
	Orders     int64         `json:"orders"`
	States     map[State]int `json:"states"`
	Cancels    int64         `json:"cancels"`               // requests that were admitted and readable
	Effects    int64         `json:"effects"`               // how many of them cancelled an order
	Rejected   int64         `json:"rejected"`              // requests that never became a cancel
	Unknown    int64         `json:"unknown"`               // keys that were asked for and never existed
	Forgotten  int64         `json:"forgotten,omitempty"`   // cancels of unknown keys beyond the first 100,000 such keys
	StateError string        `json:"state_error,omitempty"` // the state file can no longer be trusted, and why
}

// Status sums up the sandbox. It walks the whole book.
func (s *Server) Status() Status {
	_, rejected := s.rejections.newest()
	status := Status{
		Sandbox: headerSandboxValue, URL: s.URL(), QimenURL: s.QimenURL(), Time: s.now(),
		Orders: s.book.orders.Load(), States: s.book.byState(s.now()), Cancels: s.book.arrivals.Load(),
		Effects: s.book.effects.Load(), Rejected: rejected, Unknown: s.book.unknown.Load(), Forgotten: s.book.forgotten.Load(),
	}
	for _, a := range s.accounts {
		status.SIDs = append(status.SIDs, a.SID)
	}
	if err := s.book.journal.failure(); err != nil {
		status.StateError = err.Error()
	}
	return status
}

// Reset forgets orders, truth, faults and rejections and returns to the personality of the start.
func (s *Server) Reset() error {
	s.personalMu.Lock()
	defer s.personalMu.Unlock()
	p := s.first
	if err := s.book.reset(line{Personality: &p}); err != nil {
		return err
	}
	s.personality.Store(&p)
	s.personalSince.Store(s.now().UnixNano())
	s.faults.clear()
	s.rejections.clear()
	return nil
}

// own fills in the first account, and refuses one that does not exist.
func (s *Server) own(k *Key) error {
	if k.SID == "" {
		k.SID = s.accounts[0].SID
	}
	for _, a := range s.accounts {
		if a.SID == k.SID {
			return nil
		}
	}
	return fmt.Errorf("%w: no account has the sid %q", ErrInvalid, k.SID)
}

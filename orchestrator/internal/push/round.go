package push

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// billAsked is what a round asks for a cancellation: its bill by id, and who carries its number.
type billAsked struct {
	scheme, number string
	bill           int64
}

func askedFor(d ledger.Due) billAsked {
	return billAsked{scheme: d.Scheme, number: d.BillNo, bill: d.BillID}
}

// answers are what was read for each; what is missing could not be read.
type answers map[billAsked]*freshRead

// round is one reading of some bills. Whoever needs one of them meanwhile waits for it and asks for nothing.
type round struct {
	asks map[billAsked]bool
	// holders are the ids that are read beside the bills' own.
	holders map[int64]bool
	// done is closed when it is over; answers and err belong to whoever waits for that.
	done    chan struct{}
	answers answers
	err     error
}

// rounds are those under way in this process.
type rounds struct {
	mu       sync.Mutex
	underWay map[*round]bool
	turn     chan struct{}
}

// join puts to each round under way what it reads already, and begins one for the rest; nil where nothing is left.
func (r *rounds) join(due []ledger.Due, holders map[int64][]int64) (mine *round, own []ledger.Due,
	others map[*round][]ledger.Due) {
	r.mu.Lock()
	defer r.mu.Unlock()
	others = map[*round][]ledger.Due{}
next:
	for _, d := range due {
		for other := range r.underWay {
			if other.reads(d, holders[d.ID]) {
				others[other] = append(others[other], d)
				continue next
			}
		}
		own = append(own, d)
	}
	if len(own) == 0 {
		return nil, nil, others
	}
	mine = &round{asks: map[billAsked]bool{}, holders: map[int64]bool{}, done: make(chan struct{})}
	for _, d := range own {
		mine.asks[askedFor(d)] = true
		for _, id := range holders[d.ID] {
			mine.holders[id] = true
		}
	}
	if r.underWay == nil {
		r.underWay = map[*round]bool{}
	}
	r.underWay[mine] = true
	return mine, own, others
}

// reads says whether a round answers all that is to be known of a cancellation.
func (r *round) reads(d ledger.Due, holders []int64) bool {
	return r.asks[askedFor(d)] && !slices.ContainsFunc(holders, func(id int64) bool { return !r.holders[id] })
}

// end lets those who wait for a round have what came of it.
func (r *rounds) end(ended *round, got answers, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended.answers, ended.err = got, err
	delete(r.underWay, ended)
	close(ended.done)
}

// takeTurn waits until no other round that takes turns is under way. Where Kingdee is slow, rounds beside each other
// would only make each other's first answer old.
func (r *rounds) takeTurn(ctx context.Context) (over func(), err error) {
	r.mu.Lock()
	if r.turn == nil {
		r.turn = make(chan struct{}, 1)
	}
	turn := r.turn
	r.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait adds what other rounds came to, and answers the cancellations of those that came to nothing: that says nothing
// of them.
func (a answers) wait(ctx context.Context, others map[*round][]ledger.Due) (failed map[int64]bool, err error) {
	failed = map[int64]bool{}
	for other, due := range others {
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		maps.Copy(a, other.answers)
		for _, d := range due {
			failed[d.ID] = other.err != nil
		}
	}
	return failed, nil
}

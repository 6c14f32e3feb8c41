package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// step is one thing that people do to a bill, or to its order.
type step struct {
	At     time.Duration
	Number string
	Do     deed
	// Stock is the warehouse that a bill moves to, or whose order is worked on.
	Stock string `json:",omitempty"`
	// Bill is what to make, for create.
	Bill *books.Bill `json:",omitempty"`
}

type deed string

// What people do. A bill is named by its number; create makes it and audits it.
const (
	create  deed = "create"
	audit   deed = "audit"
	unaudit deed = "unaudit"
	void    deed = "void" // un-audits it first, if need be
	restore deed = "restore"
	move    deed = "move" // other warehouse, audited again
	remove  deed = "delete"
	begin   deed = "begin" // the warehouse begins work on its order
	finish  deed = "done"  // the warehouse has received all of it
)

// standing is how a bill stands between two steps.
type standing int

const (
	live standing = iota
	open          // neither audited nor voided
	voided
	gone
)

// organisations are whose stock the bills are about.
var organisations = []string{"100", "200", "300"}

var stocks = []string{"CK001", "CK002", "CK003", "CK004", "CK005"}

const (
	// before is how many bills are there when the baseline is read.
	before = 15
	// lifeSteps bounds what happens to one bill.
	lifeSteps = 14
)

// makeSteps lets bills be made all the time and lead a life each. deleteVoided: this Kingdee lets voided bills be
// deleted.
func makeSteps(r *rand.Rand, storm, fresh time.Duration, deleteVoided bool) []step {
	var steps []step
	for i := 0; ; i++ {
		at := time.Duration(max(0, i-before)) * fresh
		if at >= storm {
			break
		}
		w := walk{
			r: r, number: fmt.Sprintf("HD%05d", i+1), organisation: organisations[max(0, i%5-2)],
			deleteVoided: deleteVoided, voidsOnly: i%3 == 0,
		}
		steps = append(steps, w.life(at, storm)...)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

// walk is one bill number on its way through its bills' lives.
type walk struct {
	r            *rand.Rand
	number       string
	organisation string
	deleteVoided bool
	// voidsOnly: its bills end by a void, and no other trigger ever holds for long.
	voidsOnly bool
	stock     string
	standing  standing
}

func (w *walk) life(at, storm time.Duration) []step {
	steps := []step{w.make(at)}
	for range lifeSteps {
		at += w.pause()
		if at >= storm {
			return steps
		}
		next, ok := w.next(at)
		if !ok {
			return steps
		}
		steps = append(steps, next)
	}
	return steps
}

// pause is short where the sending of a cancel races with what happens next.
func (w *walk) pause() time.Duration {
	if w.standing == voided && w.r.IntN(2) == 0 {
		return between(w.r, 0, 1500*time.Millisecond)
	}
	return between(w.r, 50*time.Millisecond, 6*time.Second)
}

func (w *walk) next(at time.Duration) (step, bool) {
	s := step{At: at, Number: w.number}
	switch n := w.r.IntN(100); w.standing {
	case live:
		switch {
		case n < 34 && !w.voidsOnly:
			s.Do, w.standing = unaudit, open
		case n < 84:
			s.Do, w.standing = void, voided
		case n < 94:
			s.Do, s.Stock = begin, w.stock
		default:
			s.Do, s.Stock = finish, w.stock
		}
	case open:
		switch {
		case n < 20:
			s.Do, w.standing = audit, live
		case n < 45 || w.voidsOnly:
			s.Do, w.standing = void, voided
		case n < 65:
			w.stock = stocks[w.r.IntN(len(stocks))]
			s.Do, s.Stock, w.standing = move, w.stock, live
		case n < 80:
			s.Do, w.standing = remove, gone
		default:
			return s, false // un-audited it stays
		}
	case voided:
		switch {
		case w.deleteVoided && n < 10:
			s.Do, w.standing = remove, gone
		case n < 55:
			s.Do, w.standing = restore, open
		default:
			return s, false
		}
	case gone:
		if n < 60 {
			return s, false
		}
		s = w.make(at)
	}
	return s, true
}

// make is a new bill under the number, with one or two product lines and components of its own.
func (w *walk) make(at time.Duration) step {
	bill := &books.Bill{BillNo: w.number, AffairType: books.Assembly, StockOrg: w.organisation}
	if w.r.IntN(5) == 0 {
		bill.AffairType = books.Dassembly
	}
	for i := range 1 + w.r.IntN(2) {
		stock := stocks[w.r.IntN(len(stocks))]
		if i == 0 {
			w.stock = stock
		}
		bill.Lines = append(bill.Lines, books.Line{
			Goods: books.Goods{Material: "CP.LH.001", Unit: "Pcs", Qty: "10", Stock: stock},
			Components: []books.Component{
				{Goods: books.Goods{Material: "WL.SP.101", Unit: "Pcs", Qty: "60", Stock: "CK003"}},
			},
		})
	}
	w.standing = live
	return step{At: at, Number: w.number, Do: create, Bill: bill}
}

package ruletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Habits are what differs from one Kingdee to another.
type Habits struct {
	// KeepsApprove: an un-audit leaves the approve date. KeepsCancel: a restore leaves the cancel date.
	KeepsApprove, KeepsCancel bool
	// CancelIsDate: the cancel date has no time of day. NoCancelDate: there is none.
	CancelIsDate, NoCancelDate bool
	// StillModify: an un-audit does not move the modify date.
	StillModify bool
}

// RandomHabits turns each on at random.
func RandomHabits(r *rand.Rand) Habits {
	flip := func() bool { return r.IntN(3) == 0 }
	return Habits{
		KeepsApprove: flip(), KeepsCancel: flip(), CancelIsDate: flip(), NoCancelDate: flip(), StillModify: flip(),
	}
}

// Life is one audit of a bill, with the warehouse orders that were made of it.
type Life struct {
	Begin time.Time
	// End is when it was live no longer; zero while it is.
	End        time.Time
	Warehouses []string
	// Seen is set by the test: somebody read the bill live in this life, and remembered it.
	Seen bool
}

// Kingdee is one bill and what happened to it.
type Kingdee struct {
	Habits
	Bill rule.Bill
	Now  time.Time
	// Gone: it was deleted.
	Gone  bool
	Lives []Life
	// Audits and Restores count what a reader may have missed.
	Audits, Restores int
	// Submitted: it once went beyond a draft without being audited, which its letter may still show.
	Submitted bool
	moves     int
}

// NewKingdee is a bill that was just created.
func NewKingdee(habits Habits, id int64, number string, now time.Time) *Kingdee {
	k := &Kingdee{Habits: habits, Now: now}
	k.Bill = rule.Bill{
		ID: id, Number: number, Org: "100", Kind: form.Assembly,
		DocumentStatus: rule.Created, CancelStatus: rule.NotVoided,
		CancelIsDate: k.CancelIsDate, CreateTime: now, ModifyTime: now,
	}
	k.Edit()
	return k
}

// Edit moves the goods to another warehouse.
func (k *Kingdee) Edit() {
	k.moves++
	k.Bill.Lines = map[string][]rule.Line{"products": {{ID: 1, Warehouse: fmt.Sprintf("WH%d", k.moves%4)}}}
}

// Step does one thing that a person may do in the bill's state, after this long, and names it. Deleting needs leave,
// because nothing comes after it.
func (k *Kingdee) Step(r *rand.Rand, after time.Duration, mayDelete bool) string {
	k.Now = k.Now.Add(after)
	if k.Gone {
		return "nothing"
	}
	switch {
	case k.Bill.CancelStatus == rule.Voided:
		return k.Restore()
	case k.Bill.DocumentStatus == rule.Audited:
		return k.UnAudit()
	}
	k.Bill.ModifyTime = k.Now
	switch n := r.IntN(12); {
	case n == 0 && mayDelete:
		k.Gone = true
		return "delete"
	case n < 3:
		k.Edit()
		return "edit"
	case n < 5:
		k.Bill.DocumentStatus, k.Submitted = rule.InApproval, true
		return "submit"
	case n < 6:
		k.Bill.DocumentStatus = rule.Created
		return "withdraw"
	case n < 9:
		return k.Audit()
	default:
		return k.Void()
	}
}

// Audit makes the bill live, and its orders.
func (k *Kingdee) Audit() string {
	k.Bill.DocumentStatus, k.Bill.ApproveTime, k.Bill.ModifyTime = rule.Audited, k.Now, k.Now
	k.Audits++
	k.begin()
	return "audit"
}

// begin is the moment at which the bill is live, with its orders.
func (k *Kingdee) begin() {
	life := Life{Begin: k.Now}
	for _, line := range k.Bill.Lines["products"] {
		life.Warehouses = append(life.Warehouses, line.Warehouse)
	}
	k.Lives = append(k.Lives, life)
}

// UnAudit ends the bill's life.
func (k *Kingdee) UnAudit() string {
	k.Bill.DocumentStatus = rule.Reaudit
	if !k.StillModify {
		k.Bill.ModifyTime = k.Now
	}
	if !k.KeepsApprove {
		k.Bill.ApproveTime = time.Time{}
	}
	k.Lives[len(k.Lives)-1].End = k.Now
	return "unaudit"
}

// Void is 作废. A bill that is live ends with it.
func (k *Kingdee) Void() string {
	if k.Bill.State().Live() {
		k.Lives[len(k.Lives)-1].End = k.Now
	}
	k.Bill.CancelStatus, k.Bill.ModifyTime = rule.Voided, k.Now
	switch {
	case k.NoCancelDate:
		k.Bill.CancelTime = time.Time{}
	case k.CancelIsDate:
		k.Bill.CancelTime = time.Date(k.Now.Year(), k.Now.Month(), k.Now.Day(), 0, 0, 0, 0, k.Now.Location())
	default:
		k.Bill.CancelTime = k.Now
	}
	return "void"
}

// Restore takes the void back. A bill that was voided while it was live is live again.
func (k *Kingdee) Restore() string {
	k.Bill.CancelStatus, k.Bill.ModifyTime = rule.NotVoided, k.Now
	k.Restores++
	if !k.KeepsCancel {
		k.Bill.CancelTime = time.Time{}
	}
	if k.Bill.State().Live() {
		k.begin()
	}
	return "restore"
}

// LiveFor is how long the bill had been live at this moment; negative when it was not.
func (k *Kingdee) LiveFor(at time.Time) time.Duration { return k.LiveIn("", at) }

// LiveIn is LiveFor for a life that made an order in this warehouse; empty = in any.
func (k *Kingdee) LiveIn(warehouse string, at time.Time) time.Duration {
	for _, life := range k.Lives {
		if !at.Before(life.Begin) && (life.End.IsZero() || at.Before(life.End)) &&
			(warehouse == "" || slices.Contains(life.Warehouses, warehouse)) {
			return at.Sub(life.Begin)
		}
	}
	return -1
}

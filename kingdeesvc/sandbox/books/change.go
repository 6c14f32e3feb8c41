package books

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Change is one action on a present bill.
type Change struct {
	Action Action
	Edit   Edit
	At     time.Time
	remark string
	Rules  Rules
}

// stamp is the moment of a change by the clock that stamps bills.
func (c Change) stamp(st *Store) time.Time {
	return st.stamp(c.At.Add(c.Rules.StampShift))
}

// Apply carries a change out and returns the bill as it is then (as it last was,
// for a deletion).
func (st *Store) Apply(id int64, c Change) (*Bill, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.applyLocked(id, c)
}

func (st *Store) applyLocked(id int64, c Change) (*Bill, error) {
	i, ok := st.search(id)
	if !ok {
		return nil, ErrNotFound
	}
	before := st.bills[i]
	after := before.successor(c.Action)
	at := c.stamp(st)
	if err := transition(after, c.Action, c.Edit, at, c.Rules); err != nil {
		return nil, err
	}
	if c.Action == ActionEdit {
		st.numberLines(after)
		st.rezone(after)
		if err := validate(after); err != nil {
			return nil, err
		}
	}
	st.bills[i] = after
	st.hide(before.ID, before, c)
	st.record(after, c.Action, at, c.remark)
	if c.Action == ActionDelete {
		st.bills = slices.Delete(st.bills, i, i+1)
		delete(st.byNo, after.BillNo)
		st.past[id].Deleted = true
	}
	st.saver.changed()
	return after, nil
}

// successor is a copy to change; it shares its lines unless the action edits them.
func (b *Bill) successor(a Action) *Bill {
	if a == ActionEdit {
		return b.Clone()
	}
	next := *b
	return &next
}

// hide keeps readers on the former version for as long as the rules delay a commit. It needs the lock; before is nil
// for a new bill.
func (st *Store) hide(id int64, before *Bill, c Change) {
	maps.DeleteFunc(st.pending, func(_ int64, p pending) bool { return !c.At.Before(p.until) })
	if c.Rules.CommitDelay <= 0 {
		return
	}
	if p, ok := st.pending[id]; ok {
		before = p.before
	}
	st.pending[id] = pending{before, c.At.Add(c.Rules.CommitDelay)}
}

// Create adds a bill; id, number and stamps that are not given are assigned.
func (st *Store) Create(b *Bill, c Change) (*Bill, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.createLocked(b, c)
}

func (st *Store) createLocked(b *Bill, c Change) (*Bill, error) {
	b = b.Clone()
	at := c.stamp(st)
	st.complete(b, at)
	if err := validate(b); err != nil {
		return nil, err
	}
	if b.DocumentStatus != StatusDraft && b.DocumentStatus != StatusCreated {
		return nil, fmt.Errorf("%w: document_status %q: a new bill is Z (draft) or A (created)",
			ErrInvalid, b.DocumentStatus)
	}
	if _, taken := st.byNo[b.BillNo]; taken {
		return nil, fmt.Errorf("%s: %w", b.BillNo, ErrNumberTaken)
	}
	st.next.Bill += 3
	b.ID = st.next.Bill
	st.numberLines(b)
	st.bills = append(st.bills, b)
	st.byNo[b.BillNo] = b.ID
	st.hide(b.ID, nil, c)
	st.record(b, ActionCreate, at, c.remark)
	st.saver.changed()
	return b, nil
}

// complete fills what Kingdee itself fills in a new bill.
func (st *Store) complete(b *Bill, at time.Time) {
	if b.Form == "" {
		b.Form = AssembledApp
	}
	f, _ := formOf(b.Form)
	if b.DocumentStatus == "" {
		b.DocumentStatus = StatusCreated
	}
	if b.BillType == "" {
		b.BillType = f.billType
	}
	if b.AffairType == "" && len(f.kinds) > 0 {
		b.AffairType = f.kinds[0]
	}
	if b.Date.IsZero() {
		b.Date = at
	}
	st.rezone(b)
	b.Date = Midnight(b.Date)
	b.CancelStatus = NotVoided
	b.CreateDate, b.ModifyDate = at, at
	b.ApproveDate, b.CancelDate, b.CloseDate, b.CloseStatus = time.Time{}, time.Time{}, time.Time{}, ""
	if f.closes {
		b.CloseStatus = NotClosed
	}
	for b.BillNo == "" {
		st.next.Number++
		number := fmt.Sprintf("%s%06d", f.prefix, st.next.Number)
		if _, taken := st.byNo[number]; !taken {
			b.BillNo = number
		}
	}
}

// numberLines gives new lines their keys; lines that have one keep it.
func (st *Store) numberLines(b *Bill) {
	for i := range b.Lines {
		line := &b.Lines[i]
		if line.EntryID == 0 {
			st.next.Entry++
			line.EntryID = st.next.Entry
		}
		st.next.Entry = max(st.next.Entry, line.EntryID)
		for j := range line.Components {
			c := &line.Components[j]
			if c.DetailID == 0 {
				st.next.Detail++
				c.DetailID = st.next.Detail
			}
			st.next.Detail = max(st.next.Detail, c.DetailID)
		}
	}
}

// ErrInvalid is a bill that Kingdee would not save.
var ErrInvalid = errors.New("invalid bill")

func validate(b *Bill) error {
	f, known := formOf(b.Form)
	switch {
	case !known:
		return fmt.Errorf("%w: there is no form %q", ErrInvalid, b.Form)
	case len(f.kinds) == 0 && b.AffairType != "":
		return fmt.Errorf("%w: affair_type %q: form %s has no such field", ErrInvalid, b.AffairType, b.Form)
	case len(f.kinds) > 0 && !slices.Contains(f.kinds, b.AffairType):
		return fmt.Errorf("%w: affair_type %q is neither %s", ErrInvalid, b.AffairType, strings.Join(f.kinds, " nor "))
	case len(b.BillNo) > 80:
		return fmt.Errorf("%w: bill_no is longer than 80 bytes", ErrInvalid)
	case !decimalText(b.Fee):
		return fmt.Errorf("%w: fee %q is not a decimal", ErrInvalid, b.Fee)
	}
	for i := range b.Lines {
		line := &b.Lines[i]
		if len(line.Components) > 0 && f.ways[b.AffairType].components == "" {
			return fmt.Errorf("%w: line %d: lines of form %s have no components", ErrInvalid, i+1, b.Form)
		}
		if !decimalText(line.Fee) || !decimalText(line.Qty) {
			return fmt.Errorf("%w: line %d: qty %q or fee %q is not a decimal", ErrInvalid, i+1, line.Qty, line.Fee)
		}
		for j := range line.Components {
			if qty := line.Components[j].Qty; !decimalText(qty) {
				return fmt.Errorf("%w: line %d, component %d: qty %q is not a decimal", ErrInvalid, i+1, j+1, qty)
			}
		}
	}
	return nil
}

// decimalText accepts plain decimals; empty stands for 0.
func decimalText(s string) bool {
	if s == "" {
		return true
	}
	digits, dots := 0, 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.' && digits > 0 && i < len(s)-1:
			dots++
		case r == '-' && i == 0:
		default:
			return false
		}
	}
	return digits > 0 && dots <= 1
}

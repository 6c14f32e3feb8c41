package books

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Clerk does what people do to bills in Kingdee. Its methods mirror the control API and may be called from any
// goroutine.
type Clerk struct {
	store *Store
	desk  Desk
}

// Desk is what a clerk works with besides the bills.
type Desk struct {
	// Now is the clock of the stamps.
	Now func() time.Time
	// Rules are the server's rules for bills as they are at the moment.
	Rules func() Rules
	// Learn makes the bill's own fields known to queries.
	Learn func(*Bill)
	// OnAudit, if set, is called after each audit, outside all locks, with a copy of the bill.
	OnAudit func(Bill)
	// Log receives a debug line for each change.
	Log *slog.Logger
}

// NewClerk gives a store to a clerk.
func NewClerk(st *Store, d Desk) *Clerk { return &Clerk{st, d} }

// Create makes a new bill: a draft (Z) or a created one (A, the default). What is
// zero in b is assigned as Kingdee would: id, entry ids, number, bill type, date.
// A number may be given if no present bill holds it.
func (c *Clerk) Create(ctx context.Context, b Bill) (Bill, error) {
	return c.CreateWith(ctx, b, "")
}

// CreateWith is Create with a remark for the bill's history.
func (c *Clerk) CreateWith(ctx context.Context, b Bill, remark string) (Bill, error) {
	created, err := c.store.Create(&b, c.change(ActionCreate, Edit{}, remark))
	if err != nil {
		return Bill{}, fmt.Errorf("create bill: %w", err)
	}
	c.desk.Learn(created)
	c.desk.Log.DebugContext(ctx, "bill changed", "action", ActionCreate, "bill_no", created.BillNo)
	return *created.Clone(), nil
}

// Submit hands a bill in for audit (提交).
func (c *Clerk) Submit(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionSubmit, Edit{}, "")
}

// Audit approves a submitted bill (审核); OnAudit hears of it.
func (c *Clerk) Audit(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionAudit, Edit{}, "")
}

// Approve submits and audits.
func (c *Clerk) Approve(ctx context.Context, ref string) (Bill, error) {
	if _, err := c.Submit(ctx, ref); err != nil {
		return Bill{}, err
	}
	return c.Audit(ctx, ref)
}

// Unaudit takes an audit back (反审核): C becomes D.
func (c *Clerk) Unaudit(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionUnaudit, Edit{}, "")
}

// Edit changes the content of a bill that is neither submitted, audited nor voided.
func (c *Clerk) Edit(ctx context.Context, ref string, edit Edit) (Bill, error) {
	return c.Do(ctx, ref, ActionEdit, edit, "")
}

// Void voids a bill (作废); an audited one must be un-audited first.
func (c *Clerk) Void(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionVoid, Edit{}, "")
}

// UnauditAndVoid is what people do to an audited bill that is not wanted.
func (c *Clerk) UnauditAndVoid(ctx context.Context, ref string) (Bill, error) {
	if _, err := c.Unaudit(ctx, ref); err != nil {
		return Bill{}, err
	}
	return c.Void(ctx, ref)
}

// Restore takes a void back (反作废).
func (c *Clerk) Restore(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionRestore, Edit{}, "")
}

// Delete removes a bill; its number may be given again.
func (c *Clerk) Delete(ctx context.Context, ref string) (Bill, error) {
	return c.Do(ctx, ref, ActionDelete, Edit{}, "")
}

// Do carries out one action on the bill that ref names, by number or by id, and
// returns the bill as it is then. It fails with ErrNotFound, a *FlowError or
// ErrInvalid, and then nothing has changed.
func (c *Clerk) Do(ctx context.Context, ref string, a Action, edit Edit, remark string) (Bill, error) {
	id, err := c.Resolve(ref)
	if err != nil {
		return Bill{}, err
	}
	b, err := c.store.Apply(id, c.change(a, edit, remark))
	if err != nil {
		return Bill{}, fmt.Errorf("%s bill %s: %w", a, ref, err)
	}
	c.desk.Learn(b)
	c.desk.Log.DebugContext(ctx, "bill changed", "action", a, "bill_no", b.BillNo)
	if a == ActionAudit && c.desk.OnAudit != nil {
		c.desk.OnAudit(*b.Clone())
	}
	return *b.Clone(), nil
}

// Bill finds a bill by number or by id.
func (c *Clerk) Bill(ref string) (Bill, error) {
	id, err := c.Resolve(ref)
	if err != nil {
		return Bill{}, err
	}
	b := c.store.byID(id)
	if b == nil {
		return Bill{}, fmt.Errorf("bill %s: %w", ref, ErrNotFound)
	}
	return *b.Clone(), nil
}

// Bills are all present bills, ascending by id.
func (c *Clerk) Bills() []Bill {
	present := c.store.All()
	bills := make([]Bill, len(present))
	for i, b := range present {
		bills[i] = *b.Clone()
	}
	return bills
}

// Resolve gives the id of a reference; a number wins over an id.
func (c *Clerk) Resolve(ref string) (int64, error) {
	if b := c.store.byNumber(ref); b != nil {
		return b.ID, nil
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && c.store.byID(id) != nil {
		return id, nil
	}
	return 0, fmt.Errorf("bill %s: %w", ref, ErrNotFound)
}

func (c *Clerk) change(a Action, edit Edit, remark string) Change {
	return Change{Action: a, Edit: edit, At: c.desk.Now(), remark: remark, Rules: c.desk.Rules()}
}

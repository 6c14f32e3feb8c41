package sandbox

import (
	"context"
	"fmt"
	"strconv"
)

// Create makes a new bill: a draft (Z) or a created one (A, the default). What is
// zero in b is assigned as Kingdee would: id, entry ids, number, bill type, date.
// A number may be given if no present bill holds it.
func (s *Server) Create(ctx context.Context, b Bill) (Bill, error) {
	return s.create(ctx, b, "")
}

func (s *Server) create(ctx context.Context, b Bill, remark string) (Bill, error) {
	created, err := s.store.create(&b, s.change(ActionCreate, Edit{}, remark))
	if err != nil {
		return Bill{}, fmt.Errorf("create bill: %w", err)
	}
	s.fields.learn(created)
	s.log.DebugContext(ctx, "bill changed", "action", ActionCreate, "bill_no", created.BillNo)
	return *created.clone(), nil
}

// Submit hands a bill in for audit (提交).
func (s *Server) Submit(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionSubmit, Edit{}, "")
}

// Audit approves a submitted bill (审核); Config.OnAudit hears of it.
func (s *Server) Audit(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionAudit, Edit{}, "")
}

// Approve submits and audits.
func (s *Server) Approve(ctx context.Context, ref string) (Bill, error) {
	if _, err := s.Submit(ctx, ref); err != nil {
		return Bill{}, err
	}
	return s.Audit(ctx, ref)
}

// Unaudit takes an audit back (反审核): C becomes D.
func (s *Server) Unaudit(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionUnaudit, Edit{}, "")
}

// Edit changes the content of a bill that is neither submitted, audited nor voided.
func (s *Server) Edit(ctx context.Context, ref string, edit Edit) (Bill, error) {
	return s.Do(ctx, ref, ActionEdit, edit, "")
}

// Void voids a bill (作废); an audited one must be un-audited first.
func (s *Server) Void(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionVoid, Edit{}, "")
}

// UnauditAndVoid is what people do to an audited bill that is not wanted.
func (s *Server) UnauditAndVoid(ctx context.Context, ref string) (Bill, error) {
	if _, err := s.Unaudit(ctx, ref); err != nil {
		return Bill{}, err
	}
	return s.Void(ctx, ref)
}

// Restore takes a void back (反作废).
func (s *Server) Restore(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionRestore, Edit{}, "")
}

// Delete removes a bill; its number may be given again.
func (s *Server) Delete(ctx context.Context, ref string) (Bill, error) {
	return s.Do(ctx, ref, ActionDelete, Edit{}, "")
}

// Do carries out one action on the bill that ref names, by number or by id, and
// returns the bill as it is then. It fails with ErrNotFound, a *FlowError or
// ErrInvalid, and then nothing has changed.
func (s *Server) Do(ctx context.Context, ref string, a Action, edit Edit, remark string) (Bill, error) {
	id, err := s.resolve(ref)
	if err != nil {
		return Bill{}, err
	}
	b, err := s.store.apply(id, s.change(a, edit, remark))
	if err != nil {
		return Bill{}, fmt.Errorf("%s bill %s: %w", a, ref, err)
	}
	s.fields.learn(b)
	s.log.DebugContext(ctx, "bill changed", "action", a, "bill_no", b.BillNo)
	if a == ActionAudit && s.cfg.OnAudit != nil {
		s.cfg.OnAudit(*b.clone())
	}
	return *b.clone(), nil
}

// Bill finds a bill by number or by id.
func (s *Server) Bill(ref string) (Bill, error) {
	id, err := s.resolve(ref)
	if err != nil {
		return Bill{}, err
	}
	b := s.store.byID(id)
	if b == nil {
		return Bill{}, fmt.Errorf("bill %s: %w", ref, ErrNotFound)
	}
	return *b.clone(), nil
}

// Bills are all present bills, ascending by id.
func (s *Server) Bills() []Bill {
	present := s.store.all()
	bills := make([]Bill, len(present))
	for i, b := range present {
		bills[i] = *b.clone()
	}
	return bills
}

// resolve gives the id of a reference; a number wins over an id.
func (s *Server) resolve(ref string) (int64, error) {
	if b := s.store.byNumber(ref); b != nil {
		return b.ID, nil
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && s.store.byID(id) != nil {
		return id, nil
	}
	return 0, fmt.Errorf("bill %s: %w", ref, ErrNotFound)
}

func (s *Server) change(a Action, edit Edit, remark string) change {
	return change{action: a, edit: edit, at: s.cfg.Now(), remark: remark, rules: s.Personality()}
}

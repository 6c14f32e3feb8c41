package books

import (
	"context"
	"fmt"
	"time"
)

// maxBulk bounds one call of Bulk.
const maxBulk = 1_000_000

// Bulk describes many bills to make at once; what is zero is chosen.
type Bulk struct {
	Count int `json:"count"`
	// Lines is how many product lines each has (1), Components how many component
	// lines each of those has (1).
	Lines      int `json:"lines"`
	Components int `json:"components"`
	// Prefix begins their numbers ("BULK-"), six digits follow.
	Prefix string `json:"prefix"`
	// Stocks are the warehouses of the product lines (CK001), taken in turn; the
	// components leave CK003.
	Stocks     []string `json:"stocks"`
	AffairType string   `json:"affair_type"`
	Org        string   `json:"org"`
	// Draft leaves them created and not audited; Void un-audits and voids them.
	Draft bool `json:"draft"`
	Void  bool `json:"void"`
}

// Bulk makes bills, audits them unless told otherwise, and gives their numbers in
// order. All of them carry one stamp per action. OnAudit hears of each.
func (c *Clerk) Bulk(ctx context.Context, spec Bulk) ([]string, error) {
	if spec.Count < 1 || spec.Count > maxBulk {
		return nil, fmt.Errorf("%w: count %d is not between 1 and %d", ErrInvalid, spec.Count, maxBulk)
	}
	spec = spec.withDefaults()
	at, rules := c.desk.Now(), c.desk.Rules()
	numbers, audited, err := c.store.bulk(ctx, spec, at, rules)
	c.desk.Log.DebugContext(ctx, "bills made", "count", len(numbers))
	c.report(audited)
	if err != nil || !spec.Void {
		return numbers, err
	}
	return numbers, c.VoidMany(ctx, numbers)
}

func (c *Clerk) report(audited []*Bill) {
	if c.desk.OnAudit == nil {
		return
	}
	for _, b := range audited {
		c.desk.OnAudit(*b.Clone())
	}
}

// VoidMany un-audits, where needed, and voids bills by number, all with one stamp.
// It stops at the first that refuses.
func (c *Clerk) VoidMany(ctx context.Context, numbers []string) error {
	at, rules := c.desk.Now(), c.desk.Rules()
	st := c.store
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, number := range numbers {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := st.find(st.byNo[number])
		if b == nil {
			return fmt.Errorf("void bill %s: %w", number, ErrNotFound)
		}
		if b.DocumentStatus == StatusAudited {
			if _, err := st.applyLocked(b.ID, Change{Action: ActionUnaudit, At: at, Rules: rules}); err != nil {
				return err
			}
		}
		if _, err := st.applyLocked(b.ID, Change{Action: ActionVoid, At: at, Rules: rules}); err != nil {
			return err
		}
	}
	return nil
}

func (b Bulk) withDefaults() Bulk {
	b.Lines, b.Components = max(b.Lines, 1), max(b.Components, 1)
	if b.Prefix == "" {
		b.Prefix = "BULK-"
	}
	if len(b.Stocks) == 0 {
		b.Stocks = []string{"CK001"}
	}
	if b.AffairType == "" {
		b.AffairType = Assembly
	}
	if b.Org == "" {
		b.Org = "100"
	}
	return b
}

func (st *Store) bulk(
	ctx context.Context, spec Bulk, at time.Time, rules Rules,
) (numbers []string, audited []*Bill, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := range spec.Count {
		if ctx.Err() != nil {
			return numbers, audited, ctx.Err()
		}
		b, err := st.createLocked(spec.bill(len(st.past)+1, i), Change{At: at, Rules: rules})
		if err != nil {
			return numbers, audited, err
		}
		numbers = append(numbers, b.BillNo)
		if spec.Draft {
			continue
		}
		for _, a := range []Action{ActionSubmit, ActionAudit} {
			if b, err = st.applyLocked(b.ID, Change{Action: a, At: at, Rules: rules}); err != nil {
				return numbers, audited, err
			}
		}
		audited = append(audited, b)
	}
	return numbers, audited, nil
}

func (b Bulk) bill(n, i int) *Bill {
	bill := &Bill{
		BillNo: fmt.Sprintf("%s%06d", b.Prefix, n), AffairType: b.AffairType, StockOrg: b.Org,
		OwnerType: "BD_OwnerOrg", Owner: b.Org, SubOwnerType: "BD_OwnerOrg", SubOwner: b.Org,
		Lines: make([]Line, b.Lines),
	}
	for j := range bill.Lines {
		line := &bill.Lines[j]
		line.Goods = OrdinaryGoods("CP.LH.001", "10", b.Stocks[(i+j)%len(b.Stocks)], b.Org)
		line.Components = make([]Component, b.Components)
		for k := range line.Components {
			line.Components[k].Goods = OrdinaryGoods("WL.SP.101", "60", "CK003", b.Org)
		}
	}
	return bill
}

// OrdinaryGoods is an ordinary line's content.
func OrdinaryGoods(material, qty, stock, org string) Goods {
	return Goods{
		Material: material, Unit: "Pcs", Qty: qty, Stock: stock, StockStatus: "KCZT01_SYS",
		OwnerType: "BD_OwnerOrg", Owner: org, KeeperType: "BD_KeeperOrg", Keeper: org,
	}
}

package intake

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// beforeCutover notes a bill that was known live, and that owes nothing of what it has for the scheme because it ended
// before the cutover of a part: a person hears of it.
func (p *Pager) beforeCutover(page *ledger.Page, d rule.Decision, bill rule.Bill) {
	part, before := d.BeforePart()
	if !before || d.After.LastSnapshot == nil {
		return
	}
	if orders, err := p.entry.Wanted(*d.After.LastSnapshot); err != nil || len(orders) == 0 {
		return
	}
	page.Before = append(page.Before, ledger.BeforeCutover{
		Part: part, Bill: ledger.NumberedBill{ID: bill.ID, Number: bill.Number},
	})
}

// tellBefore has people hear of the bills of a page that ended before the cutover of a part.
func tellBefore(ctx context.Context, tx pgx.Tx, scheme string, ended []ledger.BeforeCutover) error {
	bills := map[rule.Part][]ledger.NumberedBill{}
	var parts []rule.Part
	for _, e := range ended {
		if bills[e.Part] == nil {
			parts = append(parts, e.Part)
		}
		bills[e.Part] = append(bills[e.Part], e.Bill)
	}
	for _, part := range parts {
		if err := ledger.TellBeforeCutover(ctx, tx, scheme, part, bills[part]); err != nil {
			return err
		}
	}
	return nil
}

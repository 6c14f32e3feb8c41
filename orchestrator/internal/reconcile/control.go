package reconcile

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// controlViews is how many bills of an organisation are tried: the newest may have been deleted, too.
const controlViews = 10

// controls says of which organisations bills can be read, by the same call that says of others that they are gone. It
// remembers what it asked, so that it serves one page of missing bills.
type controls struct {
	chunk         *reconcileChunk
	organisations map[string]*organisation
}

// organisation is what is known of the bills of one.
type organisation struct {
	// latest is the highest FID of a bill that could be read; 0 = none was.
	latest int64
	// hidden: of those that should be there none could be read.
	hidden bool
}

// confirm says what becomes of a bill of which Kingdee says that there is none. gone: a bill of its organisation that
// was made after it can be read. hidden: none of its organisation can that should be there. Neither: none was made
// after it so far, and it is asked again by the next reconcile run.
func (c *controls) confirm(ctx context.Context, m ledger.Missing) (gone, hidden bool, err error) {
	known := c.organisations[m.Org]
	if known == nil {
		known = &organisation{}
		c.organisations[m.Org] = known
	}
	if m.BillID < known.latest || known.hidden {
		return m.BillID < known.latest, known.hidden, nil
	}
	scheme := c.chunk.reconcile.Scheme
	later, err := c.chunk.ledger.LaterBills(ctx, scheme, m.Org, m.BillID, controlViews)
	if err != nil {
		return false, false, err
	}
	if len(later) > 0 {
		known.latest, err = c.chunk.anyReadable(ctx, later)
		known.hidden = known.latest == 0
		return !known.hidden, known.hidden, err
	}
	if known.latest > 0 {
		return false, false, nil
	}
	others, err := c.chunk.ledger.LaterBills(ctx, scheme, m.Org, 0, controlViews)
	if err != nil {
		return false, false, err
	}
	known.latest, err = c.chunk.anyReadable(ctx, others)
	known.hidden = known.latest == 0
	return false, known.hidden, err
}

// anyReadable answers the first of these bills that can be read; 0 when none can.
func (c *reconcileChunk) anyReadable(ctx context.Context, ids []int64) (int64, error) {
	for _, id := range ids {
		switch err := c.get(ctx, id); {
		case err == nil:
			return id, nil
		case cannotAsk(ctx, err):
			return 0, err
		}
	}
	return 0, nil
}

package push

import (
	"context"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// handOver writes the intents of a group and sends those that got a lease; it answers how many those are.
func (p *push) handOver(ctx context.Context, group []ledger.Due) (int, error) {
	wanted := make([]ledger.Due, 0, len(group))
	for _, d := range group {
		if !p.Sendable(p.entry, d) {
			continue
		}
		d.SendBefore = p.SendBefore(p.entry, d)
		wanted = append(wanted, d)
	}
	if len(wanted) == 0 {
		return 0, nil
	}
	// A lease is not cut off by the end of the stream: whether it was written must be known.
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	leased, err := p.Store.Lease(write, wanted, p.Hold)
	if err != nil {
		return 0, &ledgerError{err}
	}
	p.mu.Lock()
	for _, d := range leased {
		p.inFlight[attemptKey{d.ID, d.Attempt}] = d
	}
	p.mu.Unlock()
	crashpoint.Here(crashpoint.AfterIntent)
	for i, d := range leased {
		if p.halt.called() {
			p.keep(leased[i:], "sending was stopped before it was handed over")
			return len(leased), nil
		}
		if err := p.stream.Send(&wmsv1.CancelOrdersRequest{Order: p.orderOf(d)}); err != nil {
			p.keep(leased[i+1:], "the stream ended before it was handed over")
			return len(leased), err
		}
		crashpoint.Here(crashpoint.AfterSend)
	}
	return len(leased), nil
}

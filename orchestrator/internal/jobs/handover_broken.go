//go:build broken_intent

package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// handOver is broken on purpose: it sends a group and writes the intents afterwards. Whatever dies in between leaves
// requests that the ledger knows nothing of. The chaos test must find that.
func (p *push) handOver(ctx context.Context, group []ledger.Due) (int, error) {
	wanted := make([]ledger.Due, 0, len(group))
	for _, d := range group {
		if !p.sendable(p.entry, d) {
			continue
		}
		d.SendBefore = p.sendBefore(p.entry, d)
		wanted = append(wanted, d)
	}
	if len(wanted) == 0 {
		return 0, nil
	}
	loaded := slices.Clone(wanted)
	for i := range wanted {
		wanted[i].Attempt++
		p.mu.Lock()
		p.inFlight[attemptKey{wanted[i].ID, wanted[i].Attempt}] = wanted[i]
		p.mu.Unlock()
		if err := p.stream.Send(&wmsv1.CancelOrdersRequest{Order: p.orderOf(wanted[i])}); err != nil {
			return i + 1, err
		}
		crashpoint.Here(crashpoint.AfterSend)
	}
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := p.store.Lease(write, loaded, p.hold); err != nil {
		return len(wanted), &ledgerError{err}
	}
	crashpoint.Here(crashpoint.AfterIntent)
	return len(wanted), nil
}

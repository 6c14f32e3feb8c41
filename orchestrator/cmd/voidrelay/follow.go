package main

import (
	"context"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// followEvery is how often follow asks.
const followEvery = time.Second

// follow prints each change of a cancellation until a signal, or until a service ends by itself. An orchestrator that
// does not answer for a while is asked again.
func (sh *shell) follow(ctx context.Context, s *stage, client *install.Client) error {
	seen := make(map[int64]string)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for first := true; ; first = false {
		page, err := client.Cancellations.ListCancellations(ctx,
			&orchestratorv1.ListCancellationsRequest{PageSize: 100})
		if err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "cancellations not read", "err", err)
		}
		for i := len(page.GetCancellations()) - 1; i >= 0; i-- {
			c := page.GetCancellations()[i]
			now := fmt.Sprintf("%s/%d", c.GetState(), c.GetAttempts())
			if seen[c.GetCancellationId()] == now {
				continue
			}
			seen[c.GetCancellationId()] = now
			if !first {
				sh.printf("%s  %s  %s  %s  %s  %s\n",
					clock(c.GetUpdateTime().AsTime()), c.GetBillNo(), order(c), stateWords(c.GetState()),
					c.GetDisposition(), c.GetVendorMessage())
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.stack.Ended():
			return err
		case <-tick.C:
		}
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

// crowd voids many bills at once and prints how long the path takes from the first pass that saw them to the last outcome.
func (t *town) crowd(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	numbers, err := t.vendors.Kingdee.Bulk(ctx, kingdee.Bulk{Count: n, Prefix: "MANY-", Stocks: []string{"CK001", "CK002", "CK004"}})
	if err != nil {
		return err
	}
	seen := time.Now()
	if err := t.client.Pass(ctx); err != nil {
		return err
	}
	fmt.Printf("%-34s %s  (%d audited bills seen and stored)\n", "reading them live", round(time.Since(seen)), n)
	begin := time.Now()
	if err := t.vendors.Kingdee.VoidMany(ctx, numbers); err != nil {
		return err
	}
	if err := t.client.Settled(ctx); err != nil {
		return err
	}
	c, err := t.span(ctx, begin)
	if err != nil {
		return err
	}
	if c.done != n {
		return fmt.Errorf("%d of %d cancellations are done", c.done, n)
	}
	fmt.Printf("%-34s %s, %.0f cancellations/s  (reading and deciding %s, sending %s)\n", fmt.Sprintf("%d voided at once", n),
		round(c.last.Sub(c.pass)), float64(n)/c.last.Sub(c.pass).Seconds(), round(c.first.Sub(c.pass)), round(c.last.Sub(c.first)))
	return nil
}

// span is when things happened, by the ledger's clock, which is this machine's.
type span struct {
	done              int
	pass, first, last time.Time
}

func (t *town) span(ctx context.Context, since time.Time) (span, error) {
	pool, err := store.Open(ctx, t.database.URL())
	if err != nil {
		return span{}, err
	}
	defer pool.Close()
	var s span
	err = pool.QueryRow(ctx, `
		select count(*) filter (where c.state = 'done'), min(p.start_time), min(a.intent_time), max(c.outcome_time)
		from voidrelay.cancellation c
		join voidrelay.pass p on p.pass_id = c.pass_id
		join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
		where c.create_time >= $1 and c.attempt = a.attempt`, since).Scan(&s.done, &s.pass, &s.first, &s.last)
	if err != nil {
		return span{}, fmt.Errorf("ask the ledger when: %w", err)
	}
	return s, nil
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
)

// singlePause lies between two voids: not a divisor of the poll interval, so that they fall anywhere within it.
const singlePause = 37 * time.Millisecond

// latencies voids bills one by one and prints how long the WMS waited for each cancel.
func (t *town) latencies(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	numbers, err := t.vendors.Kingdee.Bulk(ctx, kingdee.Bulk{Count: n, Prefix: "ONE-"})
	if err != nil {
		return err
	}
	if err := t.client.Settled(ctx); err != nil {
		return err
	}
	voided := make(map[string]time.Time, n)
	for _, number := range numbers {
		// Bulk says that the bill is un-audited first; what counts is the void.
		if _, err := t.vendors.Kingdee.UnauditAndVoid(ctx, number); err != nil {
			return err
		}
		voided[number] = time.Now()
		if err := pause(ctx, singlePause); err != nil {
			return err
		}
	}
	if err := t.client.Settled(ctx); err != nil {
		return err
	}
	waits := make([]time.Duration, 0, n)
	for truth := range t.vendors.WMS.EachTruth(wms.Filter{Effective: true}) {
		at, ours := voided[truth.OrderCode]
		for _, arrival := range truth.Arrivals {
			if ours && arrival.TookEffect {
				waits = append(waits, arrival.At.Sub(at))
			}
		}
	}
	if len(waits) != n {
		return fmt.Errorf("%d of %d orders were cancelled", len(waits), n)
	}
	slices.Sort(waits)
	fmt.Printf("%-34s p50 %s  p99 %s  max %s  (%d bills, one at a time, 1s poll)\n", "void to cancelled",
		round(quantile(waits, 0.50)), round(quantile(waits, 0.99)), round(waits[n-1]), n)
	return nil
}

// quantile of sorted values: the smallest that q of them do not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
)

// Rounds of ours and the bare loop, turn by turn, against one WMS.
const (
	ratioRounds = 3
	ratioWarm   = 500  // of each before the first round
	ratioCount  = 4000 // of each in a round, unless asked for otherwise
	// ratioPoll keeps passes out of the comparison but for those asked for: it is about sending.
	ratioPoll = time.Hour
)

var ratioLatencies = []time.Duration{0, 20 * time.Millisecond}

// ratio compares cancellations a second, from the first intent to the last outcome in the ledger, with requests a second of the
// bare loop.
func (b *bench) ratio(ctx context.Context) (err error) {
	needed := len(ratioLatencies) * (ratioWarm + ratioRounds*b.round)
	s, err := b.start(ctx, "ratio", needed, ratioPoll)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	loop := newBare(s.vendors.WMS)
	left, extra := s.bills, []wsandbox.Key{}
	turn := func(count int) (ours, bares float64, err error) {
		voids := left[:count]
		left = left[count:]
		if ours, err = s.pushRate(ctx, voids); err != nil {
			return 0, 0, err
		}
		keys := bareOrders(len(extra), count)
		extra = append(extra, keys...)
		if err := s.orders(ctx, keys); err != nil {
			return 0, 0, err
		}
		took, err := loop.cancel(ctx, keys)
		return ours, float64(count) / took.Seconds(), err
	}
	for _, wait := range ratioLatencies {
		if err := s.control.latency(ctx, wait); err != nil {
			return err
		}
		if _, _, err := turn(ratioWarm); err != nil {
			return err
		}
		var ratios, ours, bares []float64
		for range ratioRounds {
			o, r, err := turn(b.round)
			if err != nil {
				return err
			}
			ratios, ours, bares = append(ratios, o/r), append(ours, o), append(bares, r)
		}
		b.figure(fmt.Sprintf("ours to the bare loop, WMS latency %s, median of %d", wait, ratioRounds),
			fmt.Sprintf("%.2f (%.0f/s to %.0f/s)", median(ratios), median(ours), median(bares)), "a first figure, no promise")
	}
	if _, err := s.check(ctx, s.bills[:len(s.bills)-len(left)], extra); err != nil {
		return err
	}
	return s.statistics(ctx)
}

// pushRate voids bills, has a pass see them, and answers how many cancellations a second were made of them once they were owed.
func (s *stack) pushRate(ctx context.Context, voids []string) (float64, error) {
	if err := s.void(ctx, voids); err != nil {
		return 0, err
	}
	var done int
	if err := s.pool.QueryRow(ctx, `select count(*) from cancellation`).Scan(&done); err != nil {
		return 0, err
	}
	if err := s.pass(ctx); err != nil {
		return 0, err
	}
	if err := s.settled(ctx, done+len(voids)); err != nil {
		return 0, err
	}
	var took float64
	err := s.pool.QueryRow(ctx, `
select extract(epoch from max(c.outcome_time) - min(a.intent_time))
from cancellation c join attempt a using (cancellation_id) where c.bill_no = any($1)`, voids).Scan(&took)
	return float64(len(voids)) / took, err
}

func bareOrders(from, count int) []wsandbox.Key {
	keys := make([]wsandbox.Key, count)
	for i := range keys {
		keys[i] = orderKey(fmt.Sprintf("BARE-%06d", from+i))
	}
	return keys
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// orderType is what the shipped scheme cancels.
const orderType = "QTRK"

// orderKey is what the shipped scheme calls the order of a bill in CK001.
func orderKey(billNo string) wsandbox.Key {
	return wsandbox.Key{SID: wsandbox.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: billNo, OrderType: orderType}
}

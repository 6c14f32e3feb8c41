package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Rounds of ours and the bare loop, turn by turn, against one WMS.
const (
	rounds     = 5
	warmCount  = 500  // of each before the first round
	ratioCount = 4000 // of each in a round, unless asked for otherwise
	// ratioIncremental keeps incremental runs out of the comparison but for those asked for: it is about sending.
	ratioIncremental = time.Hour
)

type ratioLatency struct {
	wait time.Duration
	aim  string
}

var ratioLatencies = []ratioLatency{
	{0, "at least 0.60"}, {20 * time.Millisecond, "at least 0.95"}, {100 * time.Millisecond, "at least 0.97"},
}

// ratio compares cancellations a second, from the first intent to the last outcome in the ledger, with requests a
// second of the bare loop.
func (b *bench) ratio(ctx context.Context) (err error) {
	latencies := slices.DeleteFunc(slices.Clone(ratioLatencies),
		func(l ratioLatency) bool { return b.wait >= 0 && l.wait != b.wait })
	needed := len(latencies) * (b.warm + b.rounds*b.round)
	s, err := b.start(ctx, "ratio", needed, ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	loop := newBare(s.vendors.WMS)
	left, extra := s.bills, []warehouse.Key{}
	costs := make(cost, len(spenders))
	turn := func(count int) (ours, bares float64, err error) {
		voids := left[:count]
		left = left[count:]
		ours, spent, err := s.pushRate(ctx, voids)
		if err != nil {
			return 0, 0, err
		}
		costs.add(spent)
		keys := bareOrders(len(extra), count)
		extra = append(extra, keys...)
		if err := s.orders(ctx, keys); err != nil {
			return 0, 0, err
		}
		took, err := loop.cancel(ctx, keys)
		return ours, float64(count) / took.Seconds(), err
	}
	for _, latency := range latencies {
		if err := s.control.latency(ctx, latency.wait); err != nil {
			return err
		}
		if _, _, err := turn(b.warm); err != nil {
			return err
		}
		var ratios, ours, bares []float64
		clear(costs)
		for range b.rounds {
			o, r, err := turn(b.round)
			if err != nil {
				return err
			}
			ratios, ours, bares = append(ratios, o/r), append(ours, o), append(bares, r)
		}
		b.figure(fmt.Sprintf("ours to the bare loop, WMS latency %s, median of %d", latency.wait, b.rounds),
			fmt.Sprintf("%.2f (%.0f/s to %.0f/s)", median(ratios), median(ours), median(bares)), latency.aim)
		b.figure("  each of them", fmt.Sprintf("%.2f", ratios), "")
		costs.figures(b, "push", b.rounds*b.round)
	}
	if _, err := s.check(ctx, s.bills[:len(s.bills)-len(left)], extra); err != nil {
		return err
	}
	return s.statistics(ctx)
}

// pushRate voids bills, has a run see them while sending is paused, then lets it go on, and answers how many
// cancellations a second were made of them, and what that cost.
func (s *stack) pushRate(ctx context.Context, voids []string) (float64, cost, error) {
	if err := s.owe(ctx, voids); err != nil {
		return 0, nil, err
	}
	before := s.spent()
	if err := s.paused(ctx, false); err != nil {
		return 0, nil, err
	}
	if err := s.until(ctx, `select not exists (select from unsettled_cancellation where state = 'open')`); err != nil {
		return 0, nil, err
	}
	spent := s.since(before)
	var took float64
	err := s.pool.QueryRow(ctx, `
select extract(epoch from max(c.outcome_time) - min(a.intent_time))
from cancellation_now c join attempt a using (cancellation_id) where c.bill_no = any($1)`, voids).Scan(&took)
	return float64(len(voids)) / took, spent, err
}

// owe pauses sending, voids bills, has runs see them and returns when they are owed.
func (s *stack) owe(ctx context.Context, voids []string) error {
	if err := s.paused(ctx, true); err != nil {
		return err
	}
	if err := s.void(ctx, voids); err != nil {
		return err
	}
	return s.runUntil(ctx, 50*time.Millisecond,
		`select count(*) = $1 from unsettled_cancellation where state = 'open'`, len(voids))
}

// paused stops or starts the sending of what is owed.
func (s *stack) paused(ctx context.Context, pause bool) error {
	sql := `update condition set end_time = now() where kind = 'paused' and end_time is null`
	if pause {
		sql = `insert into condition (kind, scheme, blocks_reading, blocks_sending, by_person)
select 'paused', scheme, false, true, true from scheme`
	}
	_, err := s.pool.Exec(ctx, sql)
	return err
}

func bareOrders(from, count int) []warehouse.Key {
	keys := make([]warehouse.Key, count)
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
func orderKey(billNo string) warehouse.Key {
	return warehouse.Key{SID: wsandbox.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: billNo, OrderType: orderType}
}

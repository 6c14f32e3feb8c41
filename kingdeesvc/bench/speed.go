package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// speed streams all bills of a sandbox that answers at once, in turn with a bare client that repeats the same queries.
func (b *bench) speed(ctx context.Context) (err error) {
	vendor, err := startRole(ctx, roleSandbox, billsSetting+"="+strconv.Itoa(b.bills))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vendor.stop()) }()
	queries, err := b.record(ctx, vendor.addr)
	if err != nil {
		return err
	}
	service, err := startService(ctx, vendor.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	c, err := dial(service.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	bare, err := newBare(ctx, vendor.addr)
	if err != nil {
		return err
	}
	defer bare.close()
	for range 2 { // the first read learns what the server is like; neither counts
		if err := b.all(ctx, c); err != nil {
			return err
		}
	}
	var ours, theirs []float64
	for range b.rounds {
		began := time.Now()
		if err := b.all(ctx, c); err != nil {
			return err
		}
		ours = append(ours, float64(b.bills)/time.Since(began).Seconds())
		began = time.Now()
		if err := bare.repeat(ctx, queries); err != nil {
			return err
		}
		theirs = append(theirs, float64(b.bills)/time.Since(began).Seconds())
	}
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i]/theirs[i])
	}
	fmt.Fprintf(b.out, "speed   StreamBills  %d bills of %d lines in %d queries: %.0f bills/s; a bare client "+
		"with the same queries %.0f; ratio %.2f (median of %d rounds, %.2f to %.2f)\n",
		b.bills, linesPerBill, len(queries), median(ours), median(theirs), median(ratios), b.rounds,
		slices.Min(ratios), slices.Max(ratios))
	return nil
}

// all streams every bill and counts them.
func (b *bench) all(ctx context.Context, c *client) error {
	got, err := streamBills(ctx, c)
	if err == nil && (got.bills != int64(b.bills) || got.rows != int64(b.bills*linesPerBill)) {
		err = fmt.Errorf("%+v, want %d bills", got, b.bills)
	}
	return err
}

// record is what kingdeesvc asks for while it streams all bills, once it knows the server.
func (b *bench) record(ctx context.Context, vendor string) (queries []string, err error) {
	tape := newTape(vendor)
	url, stop, err := serve(ctx, tape)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	service, err := startService(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	c, err := dial(service.addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := b.all(ctx, c); err != nil {
		return nil, err
	}
	tape.rewind()
	if err := b.all(ctx, c); err != nil {
		return nil, err
	}
	return tape.rewind(), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

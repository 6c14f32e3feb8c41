package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// hostLatency is that of the WMS to which one host sends and two, turn by turn.
const hostLatency = 100 * time.Millisecond

// hosts compares what two hosts send in a second with what one does, at a slow WMS: once with the adapter that both
// share, whose window is the WMS account's and does not grow, and once with one each.
func (b *bench) hosts(ctx context.Context) (err error) {
	s, err := b.start(ctx, "hosts", b.warm+4*b.rounds*b.hostRound, ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.control.latency(ctx, hostLatency); err != nil {
		return err
	}
	left := s.bills
	push := func(count int) (float64, error) {
		voids := left[:count]
		left = left[count:]
		rate, _, err := s.pushRate(ctx, voids)
		return rate, err
	}
	if _, err := push(b.warm); err != nil {
		return err
	}
	for _, own := range []bool{false, true} {
		var ratios, ones, twos []float64
		for range b.rounds {
			one, err := push(b.hostRound)
			if err != nil {
				return err
			}
			second, err := s.host(ctx, own)
			if err != nil {
				return err
			}
			two, err := push(b.hostRound)
			if err = errors.Join(err, second.stop()); err != nil {
				return err
			}
			ratios, ones, twos = append(ratios, two/one), append(ones, one), append(twos, two)
		}
		what := "one wmssvc for both"
		if own {
			what = "a wmssvc each"
		}
		b.figure(fmt.Sprintf("two orchestrators to one, WMS latency %s, %s", hostLatency, what),
			fmt.Sprintf("%.2f (%.0f/s to %.0f/s)", median(ratios), median(twos), median(ones)), "")
	}
	_, err = s.check(ctx, s.bills[:len(s.bills)-len(left)], nil)
	return err
}

// host is another orchestrator on the same ledger.
type host struct{ orchestrator, wmssvc *install.Process }

// host starts one, with a wmssvc of its own or with ours.
func (s *stack) host(ctx context.Context, own bool) (h host, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, h.stop())
		}
	}()
	target := s.wmssvc.Addrs[0]
	if own {
		if h.wmssvc, err = s.service(ctx, install.RoleWMS, s.vendors.Settings); err != nil {
			return h, err
		}
		target = h.wmssvc.Addrs[0]
	}
	settings := maps.Clone(s.settings)
	settings["WMSSVC_TARGET"] = target
	h.orchestrator, err = s.service(ctx, install.RoleOrchestrator, settings)
	return h, err
}

func (h host) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var err error
	for _, p := range []*install.Process{h.orchestrator, h.wmssvc} {
		if p != nil {
			err = errors.Join(err, p.Stop(ctx))
		}
	}
	return err
}

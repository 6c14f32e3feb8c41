package main

import (
	"context"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// checkWarehouse is what wmssvc asks for when it only wants to know who answers; no warehouse has that code.
const checkWarehouse = "VOIDRELAY-CHECK"

// check holds the ledger against both truths: every voided bill's inbound order was cancelled once, and nothing else
// was, extra apart, which somebody else cancelled and the ledger must not know. It answers when each voided bill's
// order was cancelled.
func (s *stack) check(ctx context.Context, voided []string, extra []warehouse.Key) (map[string]time.Time, error) {
	wanted := make(map[string]bool, len(voided))
	for _, number := range voided {
		wanted[number] = true
	}
	kingdee, err := s.kingdeeTruth(ctx)
	if err != nil {
		return nil, err
	}
	for _, bill := range kingdee.Bills {
		if bill.Voided != wanted[bill.BillNo] || bill.Live == wanted[bill.BillNo] {
			s.fail("bill %s: voided %t, live %t", bill.BillNo, bill.Voided, bill.Live)
		}
	}
	effects, err := s.checkWMS(ctx, wanted, extra)
	if err != nil {
		return nil, err
	}
	return effects, s.checkLedger(ctx, wanted)
}

func (s *stack) checkWMS(
	ctx context.Context, wanted map[string]bool, extra []warehouse.Key,
) (map[string]time.Time, error) {
	others := make(map[string]bool, len(extra))
	for _, key := range extra {
		others[key.OrderCode] = true
	}
	truths, err := s.wmsTruth(ctx)
	if err != nil {
		return nil, err
	}
	effects := make(map[string]time.Time, len(wanted))
	wrong, repeated := 0, 0
	for _, truth := range truths {
		if truth.Order == nil && truth.WarehouseCode == checkWarehouse {
			continue
		}
		due := 0
		if truth.OrderType == orderType && (wanted[truth.OrderCode] || others[truth.OrderCode]) {
			due = 1
		}
		if truth.Order == nil || truth.Effects != due || (due == 0 && truth.Requests > 0) {
			wrong++
			s.logger.ErrorContext(ctx, "order differs", "order", truth.Key.String(),
				"effects", truth.Effects, "requests", truth.Requests)
		}
		repeated += max(0, truth.Requests-1)
		for _, arrival := range truth.Arrivals {
			if arrival.TookEffect && wanted[truth.OrderCode] {
				effects[truth.OrderCode] = arrival.At
			}
		}
	}
	status, err := s.wmsStatus(ctx)
	if err != nil {
		return nil, err
	}
	if wrong > 0 || len(effects) != len(wanted) || status.Rejected > 0 {
		s.fail("%s: %d orders not as they should be, %d of %d cancelled, %d requests rejected", s.name, wrong,
			len(effects), len(wanted), status.Rejected)
	}
	s.figure(fmt.Sprintf("  checked: %d orders cancelled once each, nothing else", len(effects)),
		fmt.Sprintf("%d requests repeated", repeated), "")
	return effects, nil
}

func (s *stack) checkLedger(ctx context.Context, wanted map[string]bool) error {
	rows, err := s.pool.Query(ctx, `select bill_no, state, outcome from cancellation_now`)
	if err != nil {
		return err
	}
	count, wrong := 0, 0
	var number, state, outcome string
	for rows.Next() {
		if err := rows.Scan(&number, &state, &outcome); err != nil {
			return err
		}
		count++
		if !wanted[number] || state != "done" || (outcome != "cancelled" && outcome != "already_cancelled") {
			wrong++
			s.logger.ErrorContext(ctx, "cancellation differs", "bill_no", number, "state", state, "outcome", outcome)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if wrong > 0 || count != len(wanted) {
		s.fail("%s: the ledger has %d cancellations for %d voids, %d of them not as they should be", s.name, count,
			len(wanted), wrong)
	}
	var items int
	if err := s.pool.QueryRow(ctx, `select count(*) from work_item where close_time is null`).Scan(&items); err != nil {
		return err
	}
	if items > 0 {
		s.fail("%s: %d work items", s.name, items)
	}
	return nil
}

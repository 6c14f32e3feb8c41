package main

import (
	"testing"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// Rule 2 (docs/rules.md), whose order it is. The first two stories were excused once: an order cancelled for a deleted
// bill while the one that has its number was un-audited for a moment, and an order that stands because the number was
// given to a bill in another warehouse. The unseen life and the kind that is not asked for were called faults.
func TestJudgeWhoseOrderItIs(t *testing.T) {
	judged(t, map[string]judgement{
		"live again in silence, and its order was cancelled for a bill before it while it was un-audited": {
			func(s *story) {
				s.heldWhileUnAudited()
			}, []fault{wrong, wrong},
		},
		"the same, and told": {func(s *story) {
			s.heldWhileUnAudited()
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 2}}
		}, []fault{wrong}},
		"told of the bill before it, and not of the one that is live": {func(s *story) {
			s.heldWhileUnAudited()
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
		}, []fault{wrong, wrong}},
		"cancelled for a bill before it when it was not there yet, and the WMS would not make it anew": {
			func(s *story) {
				s.bills = []books.BillTruth{
					history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{9.1, books.ActionDelete}),
					history(2, did{20, books.ActionAudit}),
				}
			}, nil,
		},
		"while the bill that has its number is un-audited for longer than the dwell": {func(s *story) {
			s.bills = []books.BillTruth{
				history(1, did{-30, books.ActionAudit}, did{-20, books.ActionUnaudit}, did{-20, books.ActionDelete}),
				history(2, did{-19, books.ActionAudit}, did{9, books.ActionUnaudit}),
			}
			s.cancellation.Bill = 2
		}, nil},
		"deleted, and the bill that has its number has other orders": {func(s *story) {
			s.numberInAnotherWarehouse(did{11, books.ActionAudit})
		}, []fault{lost}},
		"deleted, and the bill that has its number had the order and moved on": {func(s *story) {
			s.numberInAnotherWarehouse(did{11, books.ActionAudit}, did{12, books.ActionUnaudit},
				did{13, books.ActionAudit})
			s.bills[1].Events[0].Orders[0].Stock = "CK001"
		}, []fault{lost}},
		"deleted and its order cancelled, and the bill that has its number made it anew and moved on": {
			func(s *story) {
				s.bills = []books.BillTruth{
					history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{9.1, books.ActionDelete}),
					history(2, did{13, books.ActionAudit}, did{14, books.ActionUnaudit}, did{15, books.ActionAudit}),
				}
				s.bills[1].Events[2].Orders[0].Stock = "CK002"
				s.order.Order.State = warehouse.StateApproved
				s.order.Order.History = append(s.order.Order.History, warehouse.Change{
					At: at(13), From: warehouse.StateCancelled, To: warehouse.StateApproved, By: "created",
				})
			}, nil,
		},
		"a life that nobody saw, over and deleted before its approve date could be read": {func(s *story) {
			s.keepsApprove = true
			s.unseenAndDeleted()
		}, nil},
		"a life that nobody saw, and a run read its approve date before the bill was deleted": {func(s *story) {
			s.keepsApprove = true
			s.unseenAndDeleted()
			s.runs.note(span{at(14.5), at(15.5)})
		}, []fault{lost}},
		"a life that nobody saw made another order, and only the date of its void tells of it": {func(s *story) {
			s.unseenLife()
			s.bills[0].Events[0].Orders[0].Stock = "CK002"
			s.cancellation = nil
			s.standing()
		}, nil},
		"asked for again, when the next bill of its number had made it anew as a kind that is not asked for": {
			func(s *story) {
				s.bills = []books.BillTruth{
					history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{9.1, books.ActionDelete}),
					history(2, did{13, books.ActionAudit}, did{14, books.ActionVoid}),
				}
				s.bills[1].Events[0].Orders[0].AffairType = "Other"
				s.order.Effects, s.order.Requests, s.order.Arrivals = 2, 2, append(s.order.Arrivals, request(15, true))
				s.cancellation.attempts = append(s.cancellation.attempts,
					attempt{Attempt: 2, Intent: at(14.9), Disposition: "cancelled"})
			}, nil,
		},
	})
}

// heldWhileUnAudited has the bill's number given to another after a deletion. That one is live for long, un-audited for
// a second, in which its order is cancelled for the first, and live again.
func (s *story) heldWhileUnAudited() {
	s.bills = []books.BillTruth{
		history(1, did{-30, books.ActionAudit}, did{-20, books.ActionUnaudit}, did{-20, books.ActionDelete}),
		history(2, did{-19, books.ActionAudit}, did{11.5, books.ActionUnaudit}, did{12.5, books.ActionAudit}),
	}
}

// numberInAnotherWarehouse leaves the order of a deleted bill as it was, withdrawn, when its number was given to one
// whose orders are for another warehouse.
func (s *story) numberInAnotherWarehouse(all ...did) {
	other := history(2, all...)
	for i := range other.Events {
		if len(other.Events[i].Orders) > 0 {
			other.Events[i].Orders[0].Stock = "CK002"
		}
	}
	s.bills = []books.BillTruth{
		history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{10, books.ActionDelete}), other,
	}
	s.cancellation.State = "withdrawn"
	s.standing()
}

// unseenAndDeleted has the bill cancelled, then live once more between two runs, with an order in another place, and
// deleted.
func (s *story) unseenAndDeleted() {
	s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit},
		did{10, books.ActionVoid}, did{13, books.ActionRestore}, did{14, books.ActionAudit},
		did{14.3, books.ActionUnaudit}, did{15.6, books.ActionDelete})}
	s.order.Order.State, s.order.Order.Life = warehouse.StateApproved, 2
	s.order.Order.History = append(s.order.Order.History,
		warehouse.Change{At: at(14), From: warehouse.StateCancelled, To: warehouse.StateApproved, By: "created"})
}

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

var midnight = time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)

// at is so many seconds into the story.
func at(seconds float64) time.Time {
	return midnight.Add(time.Duration(seconds * float64(time.Second)))
}

const number = "HD00001"

var key = warehouse.Key{SID: wsandbox.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: number, OrderType: typeIn}

// did is something that happened to a bill.
type did struct {
	at     float64
	action books.Action
}

// history makes a bill's truth of what was done to it. Its one order is key.
func history(id int64, all ...did) books.BillTruth {
	b := books.BillTruth{BillID: id, BillNo: number, AffairType: books.Assembly}
	doc, cancel := books.StatusCreated, books.NotVoided
	for _, d := range all {
		e := books.Event{At: at(d.at), Action: d.action}
		switch d.action {
		case books.ActionAudit:
			doc, b.EverAudited, b.AuditedAt = books.StatusAudited, true, e.At
			e.Orders = []books.Order{
				{BillID: id, BillNo: number, AffairType: books.Assembly, Direction: books.Inbound, Stock: "CK001"},
			}
		case books.ActionUnaudit:
			doc = books.StatusReaudit
		case books.ActionVoid:
			doc, cancel, b.VoidedAt = books.StatusReaudit, books.Voided, e.At
		case books.ActionRestore:
			cancel = books.NotVoided
		case books.ActionDelete:
			b.Deleted = true
		}
		e.DocumentStatus, e.CancelStatus = doc, cancel
		b.Events = append(b.Events, e)
	}
	b.Live = !b.Deleted && doc == books.StatusAudited && cancel == books.NotVoided
	b.Voided = !b.Deleted && cancel == books.Voided
	return b
}

// request is one that reached the WMS.
func request(seconds float64, effect bool) warehouse.Arrival {
	a := warehouse.Arrival{At: at(seconds), Outcome: warehouse.OutcomeAlready, Answered: true}
	if effect {
		a.Outcome, a.TookEffect = warehouse.OutcomeCancelled, true
	}
	return a
}

// story is evidence in the making: a bill audited at 0 and voided at 10, its order cancelled at 12 by the one request
// of the one cancellation, and everything as it should be.
type story struct {
	scheme       *scheme.Scheme
	bills        []books.BillTruth
	order        warehouse.Truth
	cancellation *cancellation
	// also are cancellations of further owners of the order.
	also []cancellation
	work []work
	// runs that were complete, and all that a reconcile run proved gone with the bill.
	runs     *runs
	together []int64
	// The ledger read the bill live at 1, unless neverSeen; Kingdee's cancel dates have a time of day unless
	// cancelIsDate.
	// An un-audit leaves the approve date if keepsApprove.
	neverSeen, cancelIsDate, keepsApprove bool
	// What the operator typed and when he had stopped everything, when a proxy answered for the WMS, and which
	// conditions are open.
	acts           []act
	stops, outages []span
	open           []openCondition
}

func ordinary(t *testing.T) story {
	t.Helper()
	schemes, err := scheme.Load(schemeFile, "scheme.yaml")
	require.NoError(t, err)
	ended := at(12.1)
	return story{
		scheme: schemes[0],
		runs:   &runs{},
		bills:  []books.BillTruth{history(1, did{0, books.ActionAudit}, did{10, books.ActionVoid})},
		order: warehouse.Truth{
			Key: key, Requests: 1, Effects: 1, Arrivals: []warehouse.Arrival{request(12, true)},
			Order: &warehouse.Order{Key: key, State: warehouse.StateCancelled, Life: 1, History: []warehouse.Change{
				{At: at(0), To: warehouse.StateApproved, By: "created"},
				{At: at(12), From: warehouse.StateApproved, To: warehouse.StateCancelled, By: "cancel"},
			}},
		},
		cancellation: &cancellation{
			ID: 1, Bill: 1, Number: number, Generation: 1, Direction: "in", Code: key.WarehouseCode, Order: number,
			Type: typeIn, State: "done", Outcome: "cancelled",
			Created: at(11), Ended: &ended,
			attempts: []attempt{{Cancellation: 1, Attempt: 1, Intent: at(11.9), Disposition: "cancelled"}},
		},
	}
}

// needsAttention gives the cancellation to a person, after the answer that is named like the work item.
func (s *story) needsAttention(kind string) {
	s.cancellation.State, s.cancellation.attempts[0].Disposition = "needs_attention", kind
	s.work = []work{{Kind: kind, Cancellation: 1, Number: number, Created: at(12.5)}}
}

// unknown gives the cancellation to a person after as many requests without an answer as the scheme allows.
func (s *story) unknown() {
	s.needsAttention("outcome_unknown")
	s.standing()
	s.cancellation.attempts = nil
	for i := range s.scheme.Timing().MaxUnknown {
		result := at(12.5 + float64(i))
		s.cancellation.attempts = append(s.cancellation.attempts, attempt{
			Cancellation: 1, Attempt: i + 1, Intent: at(12 + float64(i)), Result: &result, Disposition: "unknown",
		})
	}
}

// sharedWithOneOfMany gives the order a second owner, bill 2, which was taken for one of six that were deleted
// together, and to which this happened after it was voided; a person is asked about both.
func (s *story) sharedWithOneOfMany(after ...did) {
	for id := range int64(6) {
		happened := []did{{0, books.ActionAudit}, {8, books.ActionVoid}}
		if id == 0 {
			happened = append(happened, after...)
		} else {
			happened = append(happened, did{9, books.ActionDelete})
		}
		s.bills = append(s.bills, history(id+2, happened...))
		s.together = append(s.together, id+2)
	}
	other := *s.cancellation
	other.ID, other.Bill, other.attempts = 2, 2, nil
	s.cancellation.attempts = nil
	s.cancellation.State, s.cancellation.Hold, s.cancellation.Ended = "held", "many_deleted", nil
	other.State, other.Hold, other.Ended = "held", "many_deleted", nil
	s.also = []cancellation{other}
	s.work = []work{{Kind: "many_deleted", Created: at(13)}}
	s.standing()
}

// standing leaves the order as it was, with these requests.
func (s *story) standing(requests ...warehouse.Arrival) {
	s.order.Order.State, s.order.Order.History, s.order.Effects = warehouse.StateApproved, s.order.Order.History[:1], 0
	s.order.Arrivals, s.order.Requests = requests, len(requests)
}

// unseenLife has the bill live and voided once more, between two runs, after a run saw its first void.
func (s *story) unseenLife() {
	s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit},
		did{10, books.ActionVoid}, did{13, books.ActionRestore},
		did{14, books.ActionAudit}, did{15, books.ActionVoid})}
	s.runs.note(span{at(10.5), at(12.5)})
	s.order.Order.State, s.order.Order.Life = warehouse.StateApproved, 2
	s.order.Order.History = append(s.order.Order.History,
		warehouse.Change{At: at(14), From: warehouse.StateCancelled, To: warehouse.StateApproved, By: "created"})
}

func (s *story) verdict() *findings {
	e := &evidence{
		scheme: s.scheme, began: at(-100), runs: s.runs, bills: map[string][]books.BillTruth{number: s.bills},
		orders: map[warehouse.Key]warehouse.Truth{key: s.order}, cancellations: map[warehouse.Key][]cancellation{},
		work:     map[string][]work{},
		together: map[int64][][]int64{}, snapshots: map[int64]time.Time{1: at(1)},
		cancelIsDate: s.cancelIsDate, keepsApprove: s.keepsApprove, acts: s.acts, stops: s.stops, outages: s.outages,
		open: s.open,
	}
	if s.neverSeen {
		clear(e.snapshots)
	}
	for _, w := range s.work {
		e.work[w.Number] = append(e.work[w.Number], w)
	}
	for _, id := range s.together {
		e.together[id] = append(e.together[id], s.together, []int64{id})
	}
	e.cancellations[key] = slices.Clone(s.also)
	if s.cancellation != nil {
		e.cancellations[key] = append(e.cancellations[key], *s.cancellation)
	}
	return judge(e)
}

// judgement is a change of the ordinary story, and the faults that are to be found then.
type judgement struct {
	change func(*story)
	want   []fault
}

func judged(t *testing.T, all map[string]judgement) {
	t.Helper()
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			s := ordinary(t)
			c.change(&s)
			var found []fault
			v := s.verdict()
			for _, f := range v.findings {
				found = append(found, f.Fault)
			}
			require.Equal(t, c.want, found, "%v", v.findings)
		})
	}
}

func TestJudge(t *testing.T) {
	judged(t, map[string]judgement{
		"as it should be": {func(*story) {}, nil},
		"nothing is owed": {func(s *story) { s.cancellation = nil; s.standing() }, []fault{lost}},
		"the order was cancelled, and the ledger does not know for whom": {
			func(s *story) { s.cancellation.Bill = 9 }, []fault{lost},
		},
		"done, and the order stands": {
			func(s *story) { s.standing(request(12, false)) }, []fault{lost, lost},
		},
		"given to a person because it was too late": {func(s *story) {
			s.needsAttention("too_late")
			s.standing(warehouse.Arrival{At: at(12), Outcome: warehouse.OutcomeRefused})
		}, nil},
		"given to a person as too late, and the refusal came before its first request": {func(s *story) {
			s.needsAttention("too_late")
			s.standing(warehouse.Arrival{At: at(11), Outcome: warehouse.OutcomeRefused}, request(12, false))
			s.cancellation.attempts = append(s.cancellation.attempts,
				attempt{Attempt: 2, Intent: at(11.95), Disposition: "too_late"})
		}, []fault{lost, unrecorded}},
		"given to a person because another bill had the number, which is still there": {func(s *story) {
			s.needsAttention("claim_unconfirmed")
			s.bills = append(s.bills, history(2, did{0, books.ActionAudit}, did{5, books.ActionVoid}))
			s.standing()
		}, []fault{lost, lost}},
		"given to a person because another bill had the number, and that was deleted": {func(s *story) {
			s.needsAttention("claim_unconfirmed")
			s.bills = append(s.bills,
				history(2, did{0, books.ActionAudit}, did{5, books.ActionUnaudit}, did{6, books.ActionDelete}))
			s.standing()
		}, nil},
		"given to a person as unread, and it is there": {
			func(s *story) { s.needsAttention("bill_unread"); s.standing() }, []fault{lost},
		},
		"given to a person as one of many that were deleted, which it was not": {func(s *story) {
			s.cancellation.State, s.cancellation.Hold, s.together = "held", "many_deleted", []int64{1, 2, 3, 4, 5, 6}
			s.work = []work{{Kind: "many_deleted", Created: at(13)}}
			s.standing()
		}, []fault{lost}},
		"given to a person for another owner of the order, which was one of many that were deleted": {func(s *story) {
			s.sharedWithOneOfMany(did{9, books.ActionDelete})
		}, nil},
		"given to a person for another owner of the order, which was one of many and is still there": {func(s *story) {
			s.sharedWithOneOfMany()
		}, []fault{lost, lost}},
		"cancelled again by a probe, when a life that nobody could see had made it anew": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit},
				did{10, books.ActionVoid}, did{12.2, books.ActionRestore},
				did{12.4, books.ActionAudit}, did{12.6, books.ActionUnaudit}, did{12.6, books.ActionVoid})}
			s.order.Effects, s.order.Requests, s.order.Arrivals = 2, 2, append(s.order.Arrivals, request(13, true))
			s.cancellation.attempts = append(s.cancellation.attempts,
				attempt{Attempt: 2, Intent: at(12.9), Disposition: "cancelled"})
		}, nil},
		"un-audited": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit})}
		}, nil},
		"un-audited, and nothing is owed": {func(s *story) {
			s.bills, s.cancellation = []books.BillTruth{history(1, did{0, books.ActionAudit},
				did{9, books.ActionUnaudit})}, nil
			s.runs.note(span{at(1), at(2)})
			s.standing()
		}, []fault{lost}},
		"un-audited, and sent before the dwell was over": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{11, books.ActionUnaudit})}
		}, []fault{wrong}},
		"un-audited for long but for a moment that a run saw": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{9.5, books.ActionUnaudit},
				did{10, books.ActionAudit}, did{11, books.ActionUnaudit})}
			s.runs.note(span{at(10.3), at(10.9)})
		}, []fault{wrong}},
		"un-audited for long but for a moment that nobody could see": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{9.5, books.ActionUnaudit},
				did{10, books.ActionAudit}, did{11, books.ActionUnaudit})}
		}, nil},
		"deleted": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit},
				did{1, books.ActionUnaudit}, did{2, books.ActionDelete})}
		}, nil},
		"deleted, and sent before anybody could know": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit},
				did{10.2, books.ActionUnaudit}, did{11, books.ActionDelete})}
		}, []fault{wrong}},
		"deleted, and its order stands": {func(s *story) {
			s.bills, s.cancellation = []books.BillTruth{history(1, did{0, books.ActionAudit},
				did{9, books.ActionUnaudit}, did{10, books.ActionDelete})}, nil
			s.runs.note(span{at(1), at(2)})
			s.standing()
		}, []fault{lost}},
		"deleted, and its order stands for the bill that got its number": {func(s *story) {
			s.bills, s.cancellation = []books.BillTruth{
				history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{10, books.ActionDelete}),
				history(2, did{11, books.ActionAudit}),
			}, nil
			s.standing()
		}, nil},
		"given to a person as too late, and it was not": {func(s *story) {
			s.cancellation.State, s.work = "needs_attention", []work{
				{Kind: "too_late", Cancellation: 1, Number: number},
			}
			s.standing(request(12, false))
		}, []fault{lost}},
		"done with the cancellation that is sent for the order": {func(s *story) {
			s.cancellation.sent, s.cancellation.attempts = s.cancellation.attempts, nil
			s.cancellation.SameOrderAs = new(int64)
			s.order.Requests, s.order.Arrivals = 0, nil
		}, nil},
		"given to nobody": {
			func(s *story) { s.cancellation.State = "needs_attention"; s.standing(request(12, false)) }, []fault{lost},
		},
		"withdrawn, and the bill is voided": {
			func(s *story) { s.cancellation.State = "withdrawn"; s.standing(request(12, false)) }, []fault{lost},
		},
		"still open": {
			func(s *story) { s.cancellation.State, s.cancellation.Ended = "open", nil }, []fault{stillOpen},
		},
		"a warehouse is in the scheme, and a work item says that it is not": {func(s *story) {
			s.work = []work{{Kind: "warehouse_not_mapped", Subject: "CK005", Created: at(12)}}
		}, []fault{stillOpen}},
		"a warehouse was not in the scheme, and its work item is closed": {func(s *story) {
			closed := at(13)
			s.work = []work{{Kind: "warehouse_not_mapped", Subject: "CK005", Created: at(12), Closed: &closed}}
		}, nil},
		"a condition is open": {func(s *story) {
			s.open = []openCondition{{Kind: "wms_away", About: "default", Since: at(12)}}
		}, []fault{stuck}},
		"sent when a person had stopped it": {func(s *story) {
			s.stops = []span{{from: at(10.5), to: at(13)}}
		}, []fault{wrong}},
		"sent within the second in which a stop is heard": {func(s *story) {
			s.stops = []span{{from: at(11), to: at(13)}}
		}, nil},
		"sent after a person let it go on": {func(s *story) {
			s.stops = []span{{from: at(10), to: at(11.8)}}
		}, nil},
		"too late, and the operator told to ignore it": {func(s *story) {
			s.needsAttention("too_late")
			s.standing(warehouse.Arrival{At: at(12), Outcome: warehouse.OutcomeRefused})
			closed := at(14)
			s.cancellation.State, s.work[0].Closed = "closed", &closed
			s.acts = []act{{verb: "ignore", cancellation: 1}}
		}, nil},
		"too late, and closed though nobody told to": {func(s *story) {
			s.needsAttention("too_late")
			s.standing(warehouse.Arrival{At: at(12), Outcome: warehouse.OutcomeRefused})
			closed := at(14)
			s.cancellation.State, s.work[0].Closed = "closed", &closed
		}, []fault{lost}},
		"ignored by the operator, and it was not too late": {func(s *story) {
			s.needsAttention("too_late")
			s.standing(request(12, false))
			closed := at(14)
			s.cancellation.State, s.work[0].Closed = "closed", &closed
			s.acts = []act{{verb: "ignore", cancellation: 1}}
		}, []fault{lost}},
		"given to a person as unknown, for the times that a proxy answered": {func(s *story) {
			s.unknown()
			s.outages = []span{{from: at(11), to: at(40)}}
		}, []fault{lost}},
		"given to a person as unknown, and the WMS was there": {(*story).unknown, nil},
		"given to a person as refused, which it was": {func(s *story) {
			s.needsAttention("rejected")
			s.standing(warehouse.Arrival{At: at(12), Fault: refused})
		}, nil},
		"given to a person as refused, which it was not": {func(s *story) {
			s.needsAttention("rejected")
			s.standing(request(12, false))
		}, []fault{lost}},
		"done by inference, and the order stands": {func(s *story) {
			s.cancellation.Inferred = true
			s.standing(request(12, false))
		}, []fault{lost, lost}},
		"cancelled by hand after the WMS refused it, and marked done": {func(s *story) {
			s.standing(warehouse.Arrival{At: at(12), Fault: refused})
			s.order.Order.State = warehouse.StateCancelled
			s.order.Order.History = append(s.order.Order.History, warehouse.Change{
				At: at(12.05), From: warehouse.StateApproved, To: warehouse.StateCancelled, By: "warehouse",
			})
			s.cancellation.attempts[0].Disposition = "rejected"
			s.acts = []act{{verb: "done", cancellation: 1}}
		}, nil},
		"marked done, and nobody had cancelled it": {func(s *story) {
			s.standing(warehouse.Arrival{At: at(12), Fault: refused})
			s.acts = []act{{verb: "done", cancellation: 1}}
		}, []fault{lost, lost}},
		"an attempt without an answer": {
			func(s *story) { s.cancellation.attempts[0].Disposition = "" }, []fault{stillOpen},
		},
		"a request that the ledger does not have": {func(s *story) {
			s.order.Arrivals, s.order.Requests = append(s.order.Arrivals, request(13, false)), 2
		}, []fault{unrecorded}},
		"a request before its intent": {
			func(s *story) { s.cancellation.attempts[0].Intent = at(12.001) }, []fault{unrecorded},
		},
		"live again, and told to a person": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{10, books.ActionVoid},
				did{20, books.ActionRestore}, did{21, books.ActionAudit})}
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
		}, nil},
		"live again in silence": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{10, books.ActionVoid},
				did{20, books.ActionRestore}, did{21, books.ActionAudit})}
		}, []fault{wrong}},
		"while another bill of the number is live for long, with another order": {func(s *story) {
			other := history(2, did{-600, books.ActionAudit})
			other.Events[0].Orders[0].Stock = "CK002"
			s.bills = append(s.bills, other)
		}, nil},
		"while another bill of the number is live for long, with the same order": {func(s *story) {
			s.bills = append(s.bills, history(2, did{-600, books.ActionAudit}))
		}, []fault{wrong, wrong}},
		"sent too long after it was live again": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{0.5, books.ActionVoid},
				did{1, books.ActionRestore}, did{1.5, books.ActionAudit})}
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
		}, []fault{wrong}},
		"its number was given to a live bill": {func(s *story) {
			s.bills = []books.BillTruth{
				history(1, did{0, books.ActionAudit}, did{0.1, books.ActionVoid}, did{0.2, books.ActionDelete}),
				history(2, did{1, books.ActionAudit}),
			}
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 2}}
		}, []fault{wrong}},
		"never voided": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit})}
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
		}, []fault{beyond, wrong}},
		"cancelled again in the moment that it was live again": {func(s *story) {
			s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{10, books.ActionVoid},
				did{12.5, books.ActionRestore}, did{13, books.ActionAudit})}
			s.order.Effects, s.order.Requests, s.order.Arrivals = 2, 2, append(s.order.Arrivals, request(13.5, true))
			s.cancellation.attempts = append(s.cancellation.attempts,
				attempt{Attempt: 2, Intent: at(12.4), Disposition: "cancelled"})
			s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
		}, nil},
		"a life that nobody saw and no date tells of": {func(s *story) { s.cancelIsDate = true; s.unseenLife() }, nil},
		"a life that nobody saw, of a bill that was never seen live, and no date tells of it": {func(s *story) {
			s.cancelIsDate, s.neverSeen = true, true
			s.unseenLife()
		}, nil},
		"a bill that was never seen live, and nothing is owed": {func(s *story) {
			s.cancelIsDate, s.neverSeen, s.cancellation = true, true, nil
			s.unseenLife()
			s.standing()
		}, []fault{lost}},
		"a life that nobody saw, and the date of its void tells of it": {(*story).unseenLife, []fault{lost}},
		"cancelled twice for one void": {func(s *story) {
			s.order.Effects, s.order.Requests, s.order.Arrivals = 2, 2, append(s.order.Arrivals, request(13, true))
			s.cancellation.attempts = append(s.cancellation.attempts,
				attempt{Attempt: 2, Intent: at(12.5), Disposition: "cancelled"})
		}, []fault{beyond, beyond}},
	})
}

// Stands for an order of a deleted bill that was called lost: a bill that got its number had made it anew, of a kind
// that the scheme does not ask for.
func TestAnOrderIsPassedOnThoughTheSchemeDoesNotAskForIt(t *testing.T) {
	s := ordinary(t)
	first := history(1, did{0, books.ActionAudit}, did{1, books.ActionUnaudit}, did{2, books.ActionDelete})
	second := history(2, did{3, books.ActionAudit}, did{4, books.ActionVoid})
	out := warehouse.Key{SID: key.SID, WarehouseCode: key.WarehouseCode, OrderCode: number, OrderType: typeOut}
	e := &evidence{scheme: s.scheme, bills: map[string][]books.BillTruth{number: {first, second}}}
	require.False(t, e.passedOn(first, out))
	second.Events[0].Orders = append(second.Events[0].Orders,
		books.Order{BillID: 2, BillNo: number, AffairType: books.Dassembly, Direction: books.Outbound, Stock: "CK001"})
	require.True(t, e.passedOn(first, out))
}

// What comes within the time that a look at a bill may be old is no fault, and is counted apart.
func TestRequestsInTimeAreCountedApart(t *testing.T) {
	s := ordinary(t)
	s.bills = []books.BillTruth{history(1, did{0, books.ActionAudit}, did{10, books.ActionVoid},
		did{10.5, books.ActionRestore}, did{11, books.ActionAudit})}
	s.work = []work{{Kind: "restored_after_cancel", Number: number, Bill: 1}}
	v := s.verdict()
	require.Empty(t, v.findings)
	require.Equal(t, 1, v.inside)
}

func TestRepeatsAreCountedByWhatCameBefore(t *testing.T) {
	s := ordinary(t)
	s.cancellation.attempts = []attempt{
		{Attempt: 1, Intent: at(11), Disposition: "unknown"}, {Attempt: 2, Intent: at(11.1), Disposition: "not_sent"},
		{Attempt: 3, Intent: at(11.2), Disposition: "in_progress"},
		{Attempt: 4, Intent: at(11.9), Disposition: "cancelled"},
	}
	require.Equal(t, map[string]int{"unknown": 1, "in_progress": 1}, s.verdict().repeats)
}

// What is still getting done when the time is up is not proved, and what can never be mended by time counts all the
// same.
func TestACalmThatIsCutOffProvesNoLoss(t *testing.T) {
	s := ordinary(t)
	s.cancellation.State, s.cancellation.Ended = "open", nil
	v := s.verdict()
	v.postpone()
	require.Empty(t, v.findings)
	require.Equal(t, 1, v.unproved)

	s = ordinary(t)
	s.standing(request(12, false))
	v = s.verdict()
	v.postpone()
	require.Equal(t, 1, v.count(lost), "done, and the order stands")
}

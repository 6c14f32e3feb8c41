package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// owedAs is what a run finds owed, for the events that differ by it.
var owedAs = map[rule.Event]ledger.Cancellation{
	rule.EventOwed:            {Triggers: []rule.Trigger{rule.TriggerVoided}},
	rule.EventOwedForMore:     {Triggers: []rule.Trigger{rule.TriggerUnAudited}},
	rule.EventOwedAsDeleted:   {Triggers: []rule.Trigger{rule.TriggerDeleted}},
	rule.EventOwedFreely:      {Triggers: []rule.Trigger{rule.TriggerVoided}},
	rule.EventOwedAskingFirst: {Triggers: []rule.Trigger{rule.TriggerVoided}, Hold: rule.HoldNumberReuse},
	rule.EventAsked:           {Triggers: []rule.Trigger{rule.TriggerVoided}, Question: 1, Asked: rowtest.Now},
	rule.EventOwedNow:         {Triggers: []rule.Trigger{rule.TriggerVoided}},
}

// isQuestion makes questions of the cancellations of a scheme.
const isQuestion = `
with c as (update cancellation set question = 1 where scheme = $1)
update unsettled_cancellation set question = 1 where scheme = $1`

// before is what must be true of a cancellation, beside its state, for an event to be the one that it is.
var before = map[rule.Event]string{
	rule.EventOwedAsDeleted: `update cancellation_now set triggers = '{voided,deleted}' where scheme = $1`,
	rule.EventAsked:         isQuestion,
	rule.EventOwedNow:       isQuestion,
	rule.EventCorrected: `
with corrected as (
    insert into scheme_revision (scheme, revision, content_hash, document, orders) values ($1, 2, '', '', 'corrected')
)
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select account, warehouse_code, order_code || '-NEW', order_type from warehouse_order on conflict do nothing`,
	rule.EventOwedFreely: `
update cancellation_now set hold_reason = 'number_reuse_unsaid' where scheme = $1 and state = 'held'`,
	rule.EventRunEndedHolding: `
update cancellation_now set hold_reason = 'no_event_time' where scheme = $1 and state = 'planned'`,
	rule.EventUnreadTooLong: `
update cancellation_now set unread_since = now() - interval '2 hours', update_time = now() where scheme = $1`,
	rule.EventPartRemovedLanded: `update unsettled_cancellation set maybe_landed = true where scheme = $1`,
	rule.EventOrderRefused:      `update cancellation_now set attempt = 1, disposition = 'auth' where scheme = $1`,
	rule.EventRetried: `
update cancellation_now set outcome = 'marked_done' where scheme = $1 and state = 'done'`,
}

// answeredAs is the answer of the events that are one.
var answeredAs = map[rule.Event]ledger.Result{
	rule.EventOrderRefused:  answerOf(rule.Auth, rule.Next{}),
	rule.EventAnswerWaits:   answerOf(rule.Rejected, rule.Next{State: rule.Open, Wait: time.Minute}),
	rule.EventAnswerDone:    answerOf(rule.NotFound, rule.Next{State: rule.Done, Inferred: true}),
	rule.EventAnswerAsks:    answerOf(rule.TooLate, rule.Next{State: rule.NeedsAttention}),
	rule.EventAnswerCloses:  answerOf(rule.NotFound, rule.Next{State: rule.Closed}),
	rule.EventCancelledLate: answerOf(rule.Cancelled, rule.Next{State: rule.Done}),
}

func answerOf(d rule.Disposition, next rule.Next) ledger.Result {
	return ledger.Result{Answer: rule.Answer{Disposition: d}, Next: next}
}

// inEveryState writes a bill for each state, and a cancellation that stands there, unless the state is that of none.
// The cancellation is in flight where the event is an answer.
func inEveryState(t *testing.T, pool *pgxpool.Pool, e rule.Event, states []rule.CancellationState) moved {
	t.Helper()
	rows := rowtest.New(t, pool)
	m := moved{Scheme: string(e)}
	rows.Scheme(rowtest.Scheme{Scheme: m.Scheme})
	answer, answered := answeredAs[e]
	for i, state := range states {
		bill, number := int64(i+1), fmt.Sprintf("%s %d", e, i+1)
		rows.Bill(rowtest.Bill{Scheme: m.Scheme, ID: bill, No: number, Class: "voided"})
		m.Bills = append(m.Bills, bill)
		owed := owedAs[e]
		owed.BillID, owed.BillNo, owed.Generation, owed.OrderCode = bill, number, 1, number
		owed.Order = rule.Order{BillKind: "Assembly", Direction: "in", Warehouse: "CKWH01"}
		owed.Account, owed.WarehouseCode, owed.OrderType = "default", "WH01", "OTHER_IN"
		owed.Evidence, owed.OrdersFrom, owed.BusinessDate = rule.EvidenceSnapshot, rule.OrdersFromSnapshot, rowtest.Now
		m.Cancellations = append(m.Cancellations, owed)
		if state == rule.NoCancellation {
			continue
		}
		id := rows.Cancellation(rowtest.Cancellation{
			Scheme: m.Scheme, BillID: bill, BillNo: number, State: string(state),
		})
		m.IDs = append(m.IDs, id)
		if e == rule.EventOwedAsDeleted {
			rows.Work(rowtest.Work{
				Scheme: m.Scheme, Kind: string(rule.WorkUnread), BillID: bill, BillNo: number, CancellationID: id,
			})
		}
		if answered && e != rule.EventOrderRefused {
			rows.Exec(`
update cancellation_now set attempt = 1, lease_until = now() + interval '1 minute' where cancellation_id = $1`, id)
			rows.Attempt(rowtest.Attempt{CancellationID: id})
		}
		answer.Scheme, answer.ID, answer.Attempt, answer.BillID, answer.BillNo = m.Scheme, id, 1, bill, number
		m.Results = append(m.Results, answer)
	}
	if sql := before[e]; sql != "" {
		rows.Exec(sql, m.Scheme)
	}
	return m
}

// The table of the rules says where each event leads from each state, and no statement of the ledger may say otherwise.
func TestTheLedgerChangesStatesAsTheRulesSay(t *testing.T) {
	_, pool := openStore(t)
	states := append([]rule.CancellationState{rule.NoCancellation}, rule.States()...)
	for _, transition := range rule.Transitions() {
		e := transition.Event
		t.Run(string(e), func(t *testing.T) {
			m := inEveryState(t, pool, e, states)
			require.NoError(t, move(t.Context(), pool, e, m))
			for i, from := range states {
				want, _ := from.On(e)
				question := 0
				if before[e] == isQuestion {
					question = 1
				}
				var got string
				require.NoError(t, pool.QueryRow(t.Context(), `
select coalesce((select state from cancellation_now where scheme = $1 and bill_id = $2 and question = $3), '')`,
					m.Scheme, m.Bills[i], question).Scan(&got))
				require.Equal(t, want, rule.CancellationState(got), "%s in state %q", e, from)
				require.Equal(t, toldOf(e, from, want), eventsOf(t, pool, m.Scheme, m.Bills[i]),
					"events of %s in state %q", e, from)
			}
		})
	}
}

// toldOf is what a watcher hears of an event that leads from a state to another: what ended, is held, is released or
// waits for a person.
func toldOf(e rule.Event, from, to rule.CancellationState) string {
	moved := from != to
	switch to {
	case rule.Done, rule.Withdrawn, rule.DryRun, rule.Closed:
		if moved {
			return "cancellation_settled " + string(to)
		}
	case rule.Held:
		if moved {
			return "cancellation_held held"
		}
	case rule.NeedsAttention:
		if moved || e == rule.EventMeansAsks {
			return "cancellation_needs_attention needs_attention"
		}
	case rule.Open:
		if e == rule.EventReleased && moved {
			return "cancellation_released open"
		}
	}
	return ""
}

// eventsOf are the events about a bill's cancellation, in the order of writing.
func eventsOf(t *testing.T, pool *pgxpool.Pool, scheme string, bill int64) string {
	t.Helper()
	var events string
	require.NoError(t, pool.QueryRow(t.Context(), `
select coalesce(string_agg(e.kind || ' ' || e.state, ', ' order by e.event_id), '')
from event_inbox e join cancellation c on c.cancellation_id = e.about_id
where e.kind like 'cancellation%' and c.scheme = $1 and c.bill_id = $2`, scheme, bill).Scan(&events))
	return events
}

// A person may ask again for what a person ended; what the WMS itself said is cancelled has nothing left to ask for.
func TestWhatTheWMSCancelledIsNotOpenedAgain(t *testing.T) {
	_, pool := openStore(t)
	m := inEveryState(t, pool, rule.EventRetried, []rule.CancellationState{rule.Done, rule.Done})
	rowtest.New(t, pool).Exec(`update cancellation_now set outcome = 'cancelled' where bill_id = 1`)
	require.NoError(t, move(t.Context(), pool, rule.EventRetried, m))
	var states string
	const inOrder = `select string_agg(state, ' ' order by bill_id) from cancellation_now`
	require.NoError(t, pool.QueryRow(t.Context(), inOrder).Scan(&states))
	require.Equal(t, "done open", states)
}

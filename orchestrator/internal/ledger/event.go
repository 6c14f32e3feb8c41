package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// EventsKept is how long events are kept.
const EventsKept = 90 * 24 * time.Hour

// EventKind is what happened.
type EventKind string

// The kinds of an event, each with what its state, its reason and its id are.
const (
	// EventSettled: a cancellation ended. State is its state from then on, reason its outcome.
	EventSettled EventKind = "cancellation_settled"
	// EventNeedsAttention: a cancellation waits for a person. Reason is what the WMS answered, or the kind of its work
	// item.
	EventNeedsAttention EventKind = "cancellation_needs_attention"
	// EventHeld and EventReleased: a cancellation is held, or was and is open again. Reason is why it is, or was.
	EventHeld     EventKind = "cancellation_held"
	EventReleased EventKind = "cancellation_released"
	// EventWorkOpened and EventWorkClosed: of a work item. Reason is its kind.
	EventWorkOpened EventKind = "work_item_opened"
	EventWorkClosed EventKind = "work_item_closed"
	// EventConditionOpened and EventConditionClosed: of a condition. Reason is its kind.
	EventConditionOpened EventKind = "condition_opened"
	EventConditionClosed EventKind = "condition_closed"
	// EventRunEnded: State is the run's, reason its kind.
	EventRunEnded EventKind = "run_ended"
	// EventAct: a person did something. Reason is the verb.
	EventAct EventKind = "act"
	// EventSchemeRevised: a scheme has a new revision, which is the id.
	EventSchemeRevised EventKind = "scheme_revised"
)

// EventKinds are all of them.
var EventKinds = []EventKind{
	EventSettled, EventNeedsAttention, EventHeld, EventReleased, EventWorkOpened, EventWorkClosed,
	EventConditionOpened, EventConditionClosed, EventRunEnded, EventAct, EventSchemeRevised,
}

// LeaveEvents is a statement that leaves an event of a kind for each row of a source, with SQL for its state, its
// reason, its scheme (null for none) and the id that it is about. Where a statement changes rows, this stands in its
// with clause beside the change, `, told as (` + LeaveEvents(…) + `)`, and reads what that returns: the event then
// costs no round trip, and is there exactly when the change is.
func LeaveEvents(kind EventKind, state, reason, scheme, id, source string) string {
	return `
    insert into event_inbox (kind, state, reason, scheme, about_id)
    select '` + string(kind) + `', ` + state + `, ` + reason + `, ` + scheme + `, ` + id + ` from ` + source
}

// settledEvents are the events of rows that have the columns cancellation_id, scheme, state and outcome.
func settledEvents(source string) string {
	return LeaveEvents(EventSettled, `state`, `outcome`, `scheme`, `cancellation_id`, source)
}

// waitingEvents are the events of rows c with cancellation_id, scheme and state of which those wait for a person whose
// state says so.
func waitingEvents(reason, source string) string {
	return LeaveEvents(EventNeedsAttention, `state`, reason, `scheme`, `cancellation_id`,
		source+` where state = 'needs_attention'`)
}

// heldEvents are the events of rows with cancellation_id, scheme and hold_reason, and what the history of their bill
// keeps; told and kept are names in the statement's with clause.
func heldEvents(source string) string {
	return `, told as (` + LeaveEvents(EventHeld, `'held'`, `hold_reason`, `scheme`, `cancellation_id`, source) + `
), kept as (
    insert into cancellation_hold (cancellation_id, hold_reason)
    select cancellation_id, hold_reason from ` + source + `
)`
}

// TellRevision leaves the event of a new revision of a scheme.
func TellRevision(ctx context.Context, tx pgx.Tx, scheme string, revision int) error {
	_, err := tx.Exec(ctx, LeaveEvents(EventSchemeRevised, `''`, `''`, `$1::text`, `$2::bigint`, `(select) r`), scheme,
		revision)
	return err
}

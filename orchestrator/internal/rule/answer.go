package rule

import (
	"strings"
	"time"
)

// Disposition is what an attempt came to: a closed list, the wms contract's without its prefix.
type Disposition string

// The dispositions.
const (
	Cancelled        Disposition = "cancelled"
	AlreadyCancelled Disposition = "already_cancelled"
	InProgress       Disposition = "in_progress"
	TooLate          Disposition = "too_late"
	NotFound         Disposition = "not_found"
	Rejected         Disposition = "rejected"
	Auth             Disposition = "auth"
	Throttled        Disposition = "throttled"
	NotSent          Disposition = "not_sent"
	Unknown          Disposition = "unknown"
)

// Provisional counts, in a row of answers that are the same, the successes whose text nobody knows. It is no
// disposition of an attempt: those are InProgress.
const Provisional Disposition = "provisional"

// MayHaveLanded says whether an attempt with this disposition may have changed something in the WMS. An attempt without
// any answer counts like Unknown.
func (d Disposition) MayHaveLanded() bool {
	switch d {
	case Cancelled, AlreadyCancelled, InProgress, Unknown, "":
		return true
	}
	return false
}

// CancellationState is where a cancellation stands.
type CancellationState string

// The states of a cancellation.
const (
	Planned        CancellationState = "planned"
	Open           CancellationState = "open"
	Held           CancellationState = "held"
	Done           CancellationState = "done"
	NeedsAttention CancellationState = "needs_attention"
	Withdrawn      CancellationState = "withdrawn"
	DryRun         CancellationState = "dry_run"
	Closed         CancellationState = "closed"
)

// WorkKind says what a person has to settle.
type WorkKind string

// The kinds of work item.
const (
	WorkTooLate  WorkKind = "too_late"
	WorkRejected WorkKind = "rejected"
	// WorkUnrecognised is about a text that nobody knows: one for all orders that wait for its meaning.
	WorkUnrecognised   WorkKind = "answer_unrecognised"
	WorkOrderNotFound  WorkKind = "order_not_found"
	WorkInProgress     WorkKind = "in_progress_too_long"
	WorkOutcomeUnknown WorkKind = "outcome_unknown"
	WorkUnread         WorkKind = "bill_unread"
	WorkRestored       WorkKind = "restored_after_cancel"
	WorkOrderVanished  WorkKind = "order_vanished"
	WorkNoLines        WorkKind = "bill_without_lines"
	WorkNoWarehouse    WorkKind = "warehouse_not_mapped"
	WorkBareLines      WorkKind = "line_without_warehouse"
	WorkUndecodable    WorkKind = "bill_undecodable"
	WorkOrderClaimed   WorkKind = "order_claimed"
	// WorkClaimUnconfirmed: it is not confirmed for long that another bill claims the order.
	WorkClaimUnconfirmed WorkKind = "claim_unconfirmed"
	WorkNoEventTime      WorkKind = "no_event_time"
	WorkStampAhead       WorkKind = "stamp_ahead"
	WorkRunsMiss         WorkKind = "runs_miss_changes"
	WorkRequestRefused   WorkKind = "request_refused"
	WorkNumberReuse      WorkKind = "number_reuse_unsaid"
	// WorkOldOrder: the WMS says that an order is cancelled already, and may mean the one of an earlier generation.
	WorkOldOrder WorkKind = "old_order_cancelled"
	// WorkManyInferred tells that many orders count as cancelled although the WMS has not said so.
	WorkManyInferred WorkKind = "many_inferred"
	// WorkTriggerOff tells once what a trigger would have owed that the scheme leaves out; its subject is the trigger.
	WorkTriggerOff WorkKind = "trigger_off"
	// WorkAuthOrder is about one order that an account which works is not allowed to cancel.
	WorkAuthOrder WorkKind = "wms_auth_order"
	WorkManyGone  WorkKind = "many_deleted"
	// WorkPartAway tells how many orders wait for a release because a part of the scheme was away when they happened.
	WorkPartAway WorkKind = "part_was_away"
	// WorkBeforeCutover lists bills that were known live and ended before the cutover of a part, which is its subject:
	// they owe nothing through it.
	WorkBeforeCutover WorkKind = "before_cutover"
	// WorkNotInScheme is about an order whose request may have reached the WMS before its warehouse or its order kind
	// was taken out of the scheme: nobody asks the WMS about it any longer.
	WorkNotInScheme WorkKind = "not_in_scheme"
	// WorkResting is the list of an account's orders that have rested too long, to phone through.
	WorkResting WorkKind = "resting_orders"
)

// PartlyReceived is the subject of a WorkTooLate about an order that the warehouse has worked on in part.
const PartlyReceived = "partly_received"

// SubjectOf is what a work item of this kind about an order is about besides the order, by what the WMS said: an order
// that is too late because a part of it is done has a way out of its own. It only chooses words.
func (k WorkKind) SubjectOf(message string) string {
	if k == WorkTooLate && strings.Contains(message, "部分") {
		return PartlyReceived
	}
	return ""
}

// Timing is how long a scheme waits for what.
type Timing struct {
	// Backoff is the first wait between two attempts; the waits of an answer that repeats itself are multiples of it.
	Backoff time.Duration
	// NotFoundGrace: a not-found is asked again this long, because the order may only be on its way.
	NotFoundGrace time.Duration
	// NotFoundHourly is the pace after the grace, NotFoundLimit its end.
	NotFoundHourly, NotFoundLimit time.Duration
	// MaxInProgress, MaxUnrecognised and MaxUnknown cap how often the same answer is asked again.
	MaxInProgress, MaxUnrecognised, MaxUnknown int
	// MaxChanges caps how often the answer becomes another one, which begins those counts anew.
	MaxChanges int
	// NumberReuse is what the scheme says that becomes of a bill's number once its order was cancelled.
	NumberReuse NumberReuse
}

// NumberReuse says whether the WMS takes an order again under the number of one that was cancelled.
type NumberReuse string

// What a scheme may say; NumberUnsaid when it says nothing.
const (
	NumberUnsaid NumberReuse = ""
	// NumberSame: it takes the same number again.
	NumberSame NumberReuse = "same"
	// NumberNew: the order is pushed again under another number.
	NumberNew NumberReuse = "new"
)

// ManyInferred is how many cancellations of a scheme may be done by inference in an hour before somebody is told.
const ManyInferred = 5

// NothingToCancel is the outcome of a question that found no order to cancel: asked again, and nothing was to do.
const NothingToCancel = "nothing_to_cancel"

// History is what came before the answer at hand.
type History struct {
	Evidence Evidence
	// Question: nobody knows that there is an order to cancel, so that nothing to cancel is an answer.
	Question bool
	// AnswerLost: an earlier attempt left and its answer was lost, so that it may have cancelled the order. A proxy's
	// answer in the WMS's stead is no lost one.
	AnswerLost bool
	// CancelledBefore: the same order was cancelled in an earlier generation of the bill, which was seen live since.
	CancelledBefore bool
	// Same counts answers with this disposition, this one included.
	Same int
	// FirstSame is when the first of them came, Rested for how much of the time since then a condition kept the order
	// from being sent: that counts for none of the waits that end with a person.
	FirstSame time.Time
	Rested    time.Duration
	// Changes counts how often an answer was another than the one before, this one included; "nothing was sent" is no
	// answer.
	Changes int
	// FirstUnsent is when the first of the "nothing was sent" in a row came, this one included.
	FirstUnsent time.Time
}

// Answer is one result of an attempt.
type Answer struct {
	Disposition Disposition
	Recognised  bool
	// Provisional is true of an InProgress that is a success whose text nobody knows: it may be no more than a promise.
	Provisional bool
	RetryAfter  time.Duration
	// Lost is true of an Unknown whose answer was lost: a time-out, a broken connection, a caller that died.
	Lost bool
	// Unreachable is true of a NotSent for which there was no WMS: no connection, or the harmless call before it was
	// not answered.
	Unreachable bool
}

// TextUnknown says whether nobody knows the text of the answer, so that only a person can say what it means.
func (a Answer) TextUnknown() bool {
	return a.Disposition == Rejected && !a.Recognised || a.Disposition == InProgress && a.Provisional
}

// Streak is what is counted of an answer while it repeats itself.
func (a Answer) Streak() Disposition {
	if a.Disposition == InProgress && a.Provisional {
		return Provisional
	}
	return a.Disposition
}

// Next says what becomes of the cancellation.
type Next struct {
	State CancellationState
	// Wait until it is due again, for Open. Verify: whatever was read of its bill before, it is read afresh then.
	Wait   time.Duration
	Verify bool
	// Work is the item to open for a person, empty for none. AwaitsText: it is that of the answer's text, and the
	// cancellation stays Open and is not due until a person has said what the text means.
	Work       WorkKind
	AwaitsText bool
	// Outcome in one word, for an end; Inferred when the WMS did not say so itself.
	Outcome  string
	Inferred bool
}

// After reads an answer by the table of answers. now is when it was stored. A cancellation whose answers keep changing
// ends with a person too, with the work of the answer at hand; a refused login is everybody's and gives nobody to a
// person.
func (t Timing) After(a Answer, h History, now time.Time) Next {
	next := t.after(a, h, now)
	if next.State != Open || h.Changes < t.MaxChanges {
		return next
	}
	switch {
	case a.TextUnknown():
		return awaitText
	case a.Disposition == Throttled || a.Disposition == NotSent || a.Disposition == Auth:
		return next
	case a.Disposition == InProgress:
		return Next{State: NeedsAttention, Work: WorkInProgress}
	case a.Disposition == NotFound:
		return Next{State: NeedsAttention, Work: WorkOrderNotFound}
	default:
		return Next{State: NeedsAttention, Work: WorkOutcomeUnknown}
	}
}

// awaitText waits, open, for the one work item of the answer's text.
var awaitText = Next{State: Open, Work: WorkUnrecognised, AwaitsText: true}

func (t Timing) after(a Answer, h History, now time.Time) Next {
	if h.Question && (a.Disposition == AlreadyCancelled || a.Disposition == NotFound || a.Disposition == Rejected) {
		return Next{State: Closed, Outcome: NothingToCancel}
	}
	switch a.Disposition {
	case AlreadyCancelled:
		if h.CancelledBefore && t.NumberReuse != NumberSame {
			return Next{State: NeedsAttention, Work: WorkOldOrder}
		}
		return Next{State: Done, Outcome: string(a.Disposition)}
	case Cancelled:
		return Next{State: Done, Outcome: string(a.Disposition)}
	case InProgress:
		switch {
		case a.Provisional:
			return t.unknownText(h)
		case h.Same >= t.MaxInProgress:
			return Next{State: NeedsAttention, Work: WorkInProgress}
		}
		return Next{State: Open, Wait: t.doubling(h.Same)}
	case NotFound:
		return t.notFound(h, now)
	case TooLate:
		return Next{State: NeedsAttention, Work: WorkTooLate}
	case Rejected:
		if a.Recognised {
			return Next{State: NeedsAttention, Work: WorkRejected}
		}
		return t.unknownText(h)
	case Auth:
		// Whether it is the account that is refused or this order, the harmless call tells: nothing is used up
		// meanwhile.
		return Next{State: Open, Wait: t.Backoff}
	case Throttled, NotSent:
		// It waits with its account, however long that is, and is listed with what rests there.
		return Next{State: Open, Wait: max(t.Unsent(now.Sub(h.FirstUnsent)), a.RetryAfter)}
	default:
		if h.Same >= t.MaxUnknown {
			return Next{State: NeedsAttention, Work: WorkOutcomeUnknown}
		}
		return Next{State: Open, Wait: t.doubling(h.Same), Verify: true}
	}
}

// unknownText asks again a few times, for an answer that is known; then only a person can say what the text means.
func (t Timing) unknownText(h History) Next {
	if h.Same > t.MaxUnrecognised {
		return awaitText
	}
	return Next{State: Open, Wait: t.unrecognised(h.Same), Verify: true}
}

// notFound waits out the grace, because an order may be created after its bill was voided; then an order that an
// earlier attempt with a lost answer may have cancelled counts as cancelled, one with weak evidence as never made, and
// any other is a person's matter while it is asked again more slowly.
func (t Timing) notFound(h History, now time.Time) Next {
	age := now.Sub(h.FirstSame) - h.Rested
	switch {
	case age < t.NotFoundGrace:
		return Next{State: Open, Wait: t.Backoff}
	case h.AnswerLost:
		return Next{State: Done, Outcome: "not_found_after_possible_cancel", Inferred: true}
	case h.Evidence == EvidenceWeak:
		return Next{State: Closed, Outcome: "no_order"}
	case age < t.NotFoundLimit:
		return Next{State: Open, Wait: t.NotFoundHourly, Work: WorkOrderNotFound}
	default:
		return Next{State: NeedsAttention, Work: WorkOrderNotFound}
	}
}

package rule

import "slices"

// NoCancellation is where an order stands that nothing has been owed for: there is no row of it.
const NoCancellation CancellationState = ""

// States are the states of a cancellation, in the order in which it may come to them.
func States() []CancellationState {
	return []CancellationState{Planned, Open, Held, NeedsAttention, Done, Withdrawn, DryRun, Closed}
}

// Event is something that may change the state of a cancellation.
type Event string

// What a run decides. A run that finds an order owed leaves what it finds already owed as it is, so that the five
// events of that name differ in what was known before.
const (
	// EventOwed: a trigger holds, and the order was owed for no other before.
	EventOwed Event = "owed"
	// EventOwedForMore: a trigger holds for which the order was not owed before, or a backfill takes up what was only
	// decided; the scheme sends.
	EventOwedForMore Event = "owed_for_more"
	// EventOwedAsDeleted: the bill waited for a person because it could not be read, and is proved deleted.
	EventOwedAsDeleted Event = "owed_as_deleted"
	// EventOwedFreely: the cancellation was held for number_reuse_unsaid, and something calls for it that needs no
	// person.
	EventOwedFreely Event = "owed_freely"
	// EventOwedAskingFirst: what called for it freely does not any longer, and what does needs a person for
	// number_reuse_unsaid.
	EventOwedAskingFirst Event = "owed_asking_first"
	// EventAsked: the bill may have lived unseen, and its order is asked about once more; no cancellation of it is
	// unsettled.
	EventAsked Event = "asked"
	// EventOwedNow: the order that a question is about is owed by now.
	EventOwedNow Event = "owed_now"
	// EventDecidedAnew: a run decides a bill anew whose earlier run did not live to open what it had planned.
	EventDecidedAnew Event = "decided_anew"
	// EventNoTrigger: a run finds that no trigger holds any longer.
	EventNoTrigger Event = "no_trigger"
	// EventTakenOver: the same order is owed for a later generation of the same bill.
	EventTakenOver Event = "taken_over"
	// EventCorrected: a revision corrects how orders are named that are there, and nothing can have come of it in the
	// WMS.
	EventCorrected Event = "corrected"
	// EventPartRemoved and EventPartRemovedLanded: a revision takes its warehouse or its order kind out of the scheme,
	// or the read before a request finds that one has, and nothing can have come of it in the WMS, or something may.
	EventPartRemoved       Event = "part_removed"
	EventPartRemovedLanded Event = "part_removed_landed"
	// EventRunEnded, EventRunEndedHolding and EventRunEndedWatching: the run that planned it is complete, or has
	// been long in ending, and there is no reason to hold it, or there is one, or the scheme only watches.
	EventRunEnded         Event = "run_ended"
	EventRunEndedHolding  Event = "run_ended_holding"
	EventRunEndedWatching Event = "run_ended_watching"
	// EventLimitReached: a safety limit is reached, and nothing can have reached the WMS. What is planned stays
	// planned, and is held when it would be opened.
	EventLimitReached Event = "limit_reached"
)

// What the read before a request, the request and its answer decide.
const (
	// EventReadAway: the bill is read, and no trigger holds any longer or another bill claims the order.
	EventReadAway Event = "read_away"
	// EventReadUnconfirmed: another bill claims the order as far as the ledger knows, and Kingdee does not confirm it.
	EventReadUnconfirmed Event = "read_unconfirmed"
	// EventReadShared: another bill claims the order, and the scheme says that several bills make one.
	EventReadShared Event = "read_shared"
	// EventUnread and EventUnreadTooLong: the bill could not be read, for the first time or for as long as the scheme
	// tries.
	EventUnread        Event = "unread"
	EventUnreadTooLong Event = "unread_too_long"
	// EventOrderRefused: the WMS does not allow this request, and accepts the account otherwise.
	EventOrderRefused Event = "order_refused"
	// EventAnswerWaits, EventAnswerDone, EventAnswerAsks and EventAnswerCloses: the current attempt's answer, by what
	// Timing.After makes of it.
	EventAnswerWaits  Event = "answer_waits"
	EventAnswerDone   Event = "answer_done"
	EventAnswerAsks   Event = "answer_asks"
	EventAnswerCloses Event = "answer_closes"
	// EventCancelledLate: an answer says that the order is cancelled, and its attempt is not the current one, or does
	// not decide any longer.
	EventCancelledLate Event = "cancelled_late"
)

// What a person decides.
const (
	// EventRetried: ask the WMS again. What the WMS itself said is cancelled is not asked again. So is what waited for
	// a person because its part had been removed, once a revision brings that back.
	EventRetried Event = "retried"
	// EventReleased: send what was held.
	EventReleased Event = "released"
	// EventIgnored: leave the order as it is.
	EventIgnored Event = "ignored"
	// EventMarkedDone: the order is cancelled, by hand or otherwise.
	EventMarkedDone Event = "marked_done"
	// EventSetToSend: the scheme sends from now on; what it owed until then is not sent, unless it may have reached the
	// WMS.
	EventSetToSend Event = "set_to_send"
	// EventMeansWaits, EventMeansDone, EventMeansAsks and EventMeansCloses: the meaning of the last answer is said, by
	// what Timing.After makes of it.
	EventMeansWaits  Event = "means_waits"
	EventMeansDone   Event = "means_done"
	EventMeansAsks   Event = "means_asks"
	EventMeansCloses Event = "means_closes"
)

// Transition says to which state an event leads, and from which: in any other it changes nothing.
type Transition struct {
	Event Event
	From  []CancellationState
	To    CancellationState
}

// Transitions are all that ever change the state of a cancellation.
func Transitions() []Transition {
	return []Transition{
		{EventOwed, []CancellationState{NoCancellation, Withdrawn}, Planned},
		{EventOwedForMore, []CancellationState{NoCancellation, Withdrawn, DryRun}, Planned},
		{EventOwedAsDeleted, []CancellationState{NoCancellation, NeedsAttention, Withdrawn}, Planned},
		{EventOwedFreely, []CancellationState{NoCancellation, Held, Withdrawn}, Planned},
		{EventOwedAskingFirst, []CancellationState{NoCancellation, Open, Withdrawn}, Planned},
		{EventAsked, []CancellationState{NoCancellation}, Planned},
		{EventOwedNow, []CancellationState{Planned, Open, Held, NeedsAttention}, Withdrawn},
		{EventDecidedAnew, []CancellationState{Planned}, Withdrawn},
		{EventNoTrigger, []CancellationState{Planned, Open, Held, NeedsAttention}, Withdrawn},
		{EventTakenOver, []CancellationState{Planned, Open, Held, NeedsAttention}, Withdrawn},
		{EventCorrected, []CancellationState{Planned, Open, Held, NeedsAttention}, Withdrawn},
		{EventPartRemoved, []CancellationState{Planned, Open, Held, NeedsAttention}, Withdrawn},
		{EventPartRemovedLanded, []CancellationState{Planned, Open, Held}, NeedsAttention},
		{EventRunEnded, []CancellationState{Planned}, Open},
		{EventRunEndedHolding, []CancellationState{Planned}, Held},
		{EventRunEndedWatching, []CancellationState{Planned}, DryRun},
		{EventLimitReached, []CancellationState{Open}, Held},

		{EventReadAway, []CancellationState{Open}, Withdrawn},
		{EventReadUnconfirmed, []CancellationState{Open}, Open},
		{EventReadShared, []CancellationState{Open}, Open},
		{EventUnread, []CancellationState{Open}, Open},
		{EventUnreadTooLong, []CancellationState{Open}, NeedsAttention},
		{EventOrderRefused, []CancellationState{Open}, NeedsAttention},
		{EventAnswerWaits, []CancellationState{Open}, Open},
		{EventAnswerDone, []CancellationState{Open}, Done},
		{EventAnswerAsks, []CancellationState{Open}, NeedsAttention},
		{EventAnswerCloses, []CancellationState{Open}, Closed},
		{EventCancelledLate, []CancellationState{Planned, Open, Held, NeedsAttention, Withdrawn, DryRun}, Done},

		{EventRetried, []CancellationState{Open, NeedsAttention, Done, Closed}, Open},
		{EventReleased, []CancellationState{Held}, Open},
		{EventIgnored, []CancellationState{Open, Held, NeedsAttention, DryRun}, Closed},
		{EventMarkedDone, []CancellationState{Open, Held, NeedsAttention, DryRun, Closed}, Done},
		{EventSetToSend, []CancellationState{Planned, Open, Held}, DryRun},
		{EventMeansWaits, []CancellationState{Open, NeedsAttention}, Open},
		{EventMeansDone, []CancellationState{Open, NeedsAttention}, Done},
		{EventMeansAsks, []CancellationState{Open, NeedsAttention}, NeedsAttention},
		{EventMeansCloses, []CancellationState{Open, NeedsAttention}, Closed},
	}
}

// On answers where an event leads from a state, and whether the state takes it: one that does not stays as it is.
func (s CancellationState) On(e Event) (CancellationState, bool) {
	for _, t := range Transitions() {
		if t.Event == e {
			if slices.Contains(t.From, s) {
				return t.To, true
			}
			return s, false
		}
	}
	return s, false
}

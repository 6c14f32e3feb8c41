package rule

// Class is what a read bill came to: every bill of a run falls into exactly one.
type Class string

// The classes of a bill. Together they are the Bills of RunCounts.
const (
	ClassLive         Class = "live"
	ClassUnchanged    Class = "unchanged"
	ClassVoided       Class = "voided"
	ClassUnAudited    Class = "un_audited"
	ClassNeverAudited Class = "never_audited"
	// ClassNeverSeenLive: it was audited once, as itself or an earlier read shows, and no read has shown it live. One
	// whose approve date shows that is un-audited where the scheme acts on that and it ended after the cutover.
	ClassNeverSeenLive Class = "never_seen_live"
	ClassBeforeCutover Class = "before_cutover"
	ClassNotSelected   Class = "not_selected"
	// ClassOutside: a trigger holds, and no line names a warehouse, so that no order was made of the bill.
	ClassOutside     Class = "outside"
	ClassStale       Class = "stale"
	ClassUndecodable Class = "undecodable"
	// ClassDeleted: proved gone.
	ClassDeleted Class = "deleted"
)

// Why a bill owes nothing, or not all of its orders. The words are stored; the views say them in Chinese.
const (
	// ReasonOrganisation: its stock organisation is not the scheme's.
	ReasonOrganisation = "organisation"
	// ReasonSelector: the scheme's selector turns it down.
	ReasonSelector = "selector"
	// ReasonTrigger: the scheme does not act on what happened to it.
	ReasonTrigger = "trigger_not_in_scheme"
	// ReasonClosed: it was closed before the scheme's cutover, not voided.
	ReasonClosed = "closed"
	// ReasonNoDate: a baseline found it voided without the date of that, and its other dates lie before the cutover.
	ReasonNoDate = "no_date"
	// ReasonNeverLive: gone, and never seen live.
	ReasonNeverLive = "never_live"
	// ReasonNoSnapshot: gone, and nothing shows what was on it.
	ReasonNoSnapshot = "no_snapshot"
	// ReasonNoWarehouse: no line of it names a warehouse.
	ReasonNoWarehouse = "no_warehouse"
	// ReasonCutover: it happened before a part came into the scheme: cutover:organisation:200.
	ReasonCutover = "cutover"
)

// Evidence says what shows that the WMS ever had the order.
type Evidence string

// The kinds of evidence, strongest first.
const (
	// EvidenceSnapshot: we saw the bill live in this generation, or since its last approve date.
	EvidenceSnapshot Evidence = "snapshot"
	// EvidenceApproved: it carries an approve date.
	EvidenceApproved Evidence = "approved"
	// EvidenceWeak: only its document status, or an earlier generation, tells that it went beyond a draft.
	EvidenceWeak Evidence = "weak"
)

// OrdersFrom says which content the orders of a cancellation were taken from.
type OrdersFrom string

// The two contents.
const (
	OrdersFromSnapshot OrdersFrom = "snapshot"
	OrdersFromCurrent  OrdersFrom = "current"
)

// HoldReason says why a cancellation waits for a release.
type HoldReason string

// The reasons to hold a cancellation.
const (
	// HoldNoEventTime: voided or un-audited, and no date tells whether that was before the scheme's cutover, or before
	// the cutover of something that was added to the scheme.
	HoldNoEventTime HoldReason = "no_event_time"
	// HoldSafetyLimitHour and HoldSafetyLimitDay: too many new cancellations within a rolling hour or day.
	HoldSafetyLimitHour HoldReason = "safety_limit_hour"
	HoldSafetyLimitDay  HoldReason = "safety_limit_day"
	// HoldNumberReuse: un-audited, and the scheme does not say that the WMS takes the same number again. A bill that is
	// audited again would have no order.
	HoldNumberReuse HoldReason = "number_reuse_unsaid"
	// HoldManyGone: more bills than ManyGone were found deleted in one reconcile run.
	HoldManyGone HoldReason = "many_deleted"
	// HoldPartAway: it happened while the scheme was retired, or a part was not in it, for more than a day.
	HoldPartAway HoldReason = "part_was_away"
)

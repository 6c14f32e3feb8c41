package rule

import "slices"

// Verdict is what became of a bill, over the cancellations of all its generations.
type Verdict string

// The verdicts.
const (
	VerdictNeedsPerson Verdict = "needs_person"
	VerdictInProgress  Verdict = "in_progress"
	VerdictCancelled   Verdict = "cancelled"
	VerdictPartly      Verdict = "partly_cancelled"
	VerdictTooLate     Verdict = "too_late"
	VerdictNothingOwed Verdict = "nothing_owed"
)

// Verdicts are all of them, in the order in which they outweigh one another.
func Verdicts() []Verdict {
	return []Verdict{
		VerdictNeedsPerson, VerdictInProgress, VerdictCancelled, VerdictPartly, VerdictTooLate, VerdictNothingOwed,
	}
}

// Words are the verdict in Chinese and in English; both are empty for what is none.
func (v Verdict) Words() (chinese, english string) {
	switch v {
	case VerdictNeedsPerson:
		return "需人工", "needs a person"
	case VerdictInProgress:
		return "处理中", "in progress"
	case VerdictCancelled:
		return "已取消", "cancelled"
	case VerdictPartly:
		return "部分取消", "partly cancelled"
	case VerdictTooLate:
		return "来不及", "too late"
	case VerdictNothingOwed:
		return "无需取消", "nothing to cancel"
	}
	return "", ""
}

// Fact is something that is true of a bill, besides its class, and that its verdict may depend on. The ledger finds
// the facts of a bill; what they come to stands here.
type Fact string

// What a person has to settle.
const (
	// FactWork: a work item of the bill is open, of any kind but too_late.
	FactWork Fact = "work"
	// FactHeld: a cancellation is held. FactHeldKnown: and there are words of their own for the reason.
	FactHeld      Fact = "held"
	FactHeldKnown Fact = "held_known"
	// FactNeedsAttention: a cancellation needs attention, but not because it was too late.
	FactNeedsAttention Fact = "needs_attention"
	// FactAwaitsText: a cancellation waits, open, until a person says what the text of its answer means.
	FactAwaitsText Fact = "awaits_text"
	// FactDryRun: an order was only decided in dry run, and not owed again in a later generation.
	FactDryRun Fact = "dry_run"
)

// Where the cancellations of the bill stand.
const (
	// FactOwed: there is a cancellation, in whatever state.
	FactOwed Fact = "owed"
	// FactMoving: one is planned or open.
	FactMoving Fact = "moving"
	// FactDone: one is done.
	FactDone Fact = "done"
	// FactTooLate: one needs attention or is closed because the warehouse had worked on its order.
	FactTooLate Fact = "too_late"
	// FactLeftAlone: one was closed by a person.
	FactLeftAlone Fact = "left_alone"
	// FactNoOrder: one was closed because the WMS never had the order.
	FactNoOrder Fact = "no_order"
	// FactOrderClaimed: one was withdrawn because another bill claims its order.
	FactOrderClaimed Fact = "order_claimed"
)

// What keeps the bill's requests from being sent.
const (
	FactInactive     Fact = "inactive"
	FactOnlyWatching Fact = "only_watching"
	// FactBlocked: a condition keeps its scheme, its data centre or its account from going on.
	FactBlocked Fact = "blocked"
	// FactDwelling: all that is planned or open waits for the end of a dwell.
	FactDwelling Fact = "dwelling"
	// FactClaimUnconfirmed: all that is planned or open waits until Kingdee says whether another bill claims its order.
	FactClaimUnconfirmed Fact = "claim_unconfirmed"
)

// FactExplained: there are words for the reason of the bill's class (ClassReasons).
const FactExplained Fact = "explained"

// Facts are all of them.
func Facts() []Fact {
	return []Fact{
		FactWork, FactHeld, FactHeldKnown, FactNeedsAttention, FactAwaitsText, FactDryRun,
		FactOwed, FactMoving, FactDone, FactTooLate, FactLeftAlone, FactNoOrder, FactOrderClaimed,
		FactInactive, FactOnlyWatching, FactBlocked, FactDwelling, FactClaimUnconfirmed, FactExplained,
	}
}

// VerdictRow is a row of the decision table: it fits a bill that is of one of its classes and of which all its facts
// are true.
type VerdictRow struct {
	// Classes are those that it is about; none: all of them.
	Classes []Class
	// Facts must all be true, whatever else is.
	Facts   []Fact
	Verdict Verdict
	// Chinese and English are the reason, with these names for what the ledger puts in: {work}, {hold} and {blocked},
	// the words of the oldest open work item, of the reason to hold and of the condition that blocks; {class_reason}
	// as it is stored, {because} in the words of ClassReasons; and the numbers of orders {owed}, {done}, {held},
	// {needs_attention}, {too_late}, {left_alone}.
	Chinese, English string
}

// fits says whether the row is about a bill.
func (r VerdictRow) fits(class Class, facts []Fact) bool {
	if len(r.Classes) > 0 && !slices.Contains(r.Classes, class) {
		return false
	}
	for _, fact := range r.Facts {
		if !slices.Contains(facts, fact) {
			return false
		}
	}
	return true
}

// VerdictOn is the verdict on a bill of a class of which these facts are true: the first row of VerdictRows that fits.
// The last one fits every bill.
func VerdictOn(class Class, facts []Fact) VerdictRow {
	rows := VerdictRows()
	return rows[slices.IndexFunc(rows, func(r VerdictRow) bool { return r.fits(class, facts) })]
}

// ClassReason is what a bill's class is explained with.
type ClassReason struct {
	// Reason is one of the Reason words; ReasonCutover is followed by the kind of the part.
	Reason string
	// Chinese and English have {part} for the name of that part.
	Chinese, English string
}

// ClassReasons are the reasons that have words. The others need none: the class says it, or they name a field.
func ClassReasons() []ClassReason {
	return []ClassReason{
		{ReasonSelector, "方案的条件（selector）未选中该单", "the scheme's selector does not take it"},
		{ReasonNoWarehouse, "没有一行写明仓库，不会有对应的仓库单", "no line names a warehouse, so that no order was made of it"},
		{ReasonTrigger, "方案不处理这种情况", "the scheme does not act on this"},
		{ReasonClosed, "关闭早于方案启用时间", "closed before the cutover of the scheme"},
		{
			ReasonNoDate, "没有作废时间，其他日期均早于方案启用时间",
			"no date tells when it was voided, and its other dates lie before the cutover of the scheme",
		},
		{ReasonNeverLive, "从未见其有效", "it was never seen live"},
		{ReasonNoSnapshot, "没有它有效时的内容", "what was on it while it was live is not known"},
		{
			ReasonCutover + ":" + string(PartTrigger), "发生在方案加入触发条件 {part} 之前",
			"it happened before trigger {part} came into the scheme",
		},
		{
			ReasonCutover + ":" + string(PartOrganisation), "发生在方案加入库存组织 {part} 之前",
			"it happened before organisation {part} came into the scheme",
		},
		{
			ReasonCutover + ":" + string(PartWarehouse), "发生在方案加入仓库 {part} 之前",
			"it happened before warehouse {part} came into the scheme",
		},
		{
			ReasonCutover + ":" + string(PartOrderKind), "发生在方案加入种类 {part} 之前",
			"it happened before order kind {part} came into the scheme",
		},
	}
}

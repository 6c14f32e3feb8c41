package rule

// VerdictRows are the decision table of the verdict on a bill. The first row that fits counts, so that what outweighs
// stands above; the words of a row may say what those above it have ruled out. Migrate writes the table into the
// ledger, where reporting.bill_verdict reads it.
func VerdictRows() []VerdictRow {
	owing := []Class{ClassVoided, ClassUnAudited, ClassDeleted}
	return []VerdictRow{
		{nil, []Fact{FactWork}, VerdictNeedsPerson, "{work}", "{work}"},
		{nil, []Fact{FactHeld, FactHeldKnown}, VerdictNeedsPerson, "{hold}", "{hold}"},
		{
			[]Class{ClassUndecodable}, nil, VerdictNeedsPerson,
			"单据无法识别：{class_reason}", "the bill cannot be decoded: {class_reason}",
		},
		{
			nil, []Fact{FactNeedsAttention}, VerdictNeedsPerson,
			"有 {needs_attention} 个仓库单等待人工处理", "{needs_attention} orders need attention",
		},
		{
			nil, []Fact{FactHeld}, VerdictNeedsPerson,
			"有 {held} 个仓库单暂停发送，等待放行", "{held} orders are held until they are released",
		},
		{
			nil, []Fact{FactAwaitsText}, VerdictNeedsPerson,
			"旺店通的答复没有人认识，等待归类（见待办 answer_unrecognised）",
			"nobody knows the answer of the WMS; it waits to be classified (work item answer_unrecognised)",
		},
		{
			owing, []Fact{FactDryRun, FactOnlyWatching}, VerdictNeedsPerson,
			"方案处于仅观察模式，未发送", "the scheme only watches; nothing was sent",
		},
		{
			owing, []Fact{FactDryRun}, VerdictNeedsPerson,
			"决定时方案处于仅观察模式，未发送；方案改为发送后不会自动补发",
			"the scheme only watched when this was decided; nothing was sent, nor is it sent now by itself",
		},

		waiting(FactInactive, "方案已停用，未发送", "the scheme is retired"),
		waiting(FactOnlyWatching, "方案处于仅观察模式，暂不发送", "the scheme only watches"),
		waiting(FactBlocked, "{blocked}；之后继续取消", "{blocked}; it goes on afterwards"),
		waiting(FactDwelling, "单据已反审核，等待期内未再审核才取消",
			"un-audited; cancelled if it is not audited again within the dwell"),
		waiting(FactClaimUnconfirmed, "另一张单据可能也占用该仓库单，等金蝶确认后再决定",
			"another bill may claim the order, too; decided once Kingdee confirms whether it does"),
		waiting(FactMoving, "正在取消", "being cancelled"),

		partly(FactTooLate),
		partly(FactLeftAlone),
		{
			[]Class{ClassLive}, []Fact{FactDone}, VerdictCancelled,
			"{done} 个仓库单已全部取消；单据现为有效", "all {done} orders are cancelled; the bill is live now",
		},
		{nil, []Fact{FactDone}, VerdictCancelled, "{done} 个仓库单已全部取消", "all {done} orders are cancelled"},
		{
			nil, []Fact{FactTooLate}, VerdictTooLate,
			"仓库已执行，{too_late} 个仓库单来不及取消", "the warehouse has worked on {too_late} orders",
		},

		nothing(nil, "由人工决定不取消", "a person decided not to cancel", FactLeftAlone),
		nothing([]Class{ClassLive}, "单据已恢复有效，取消已撤回", "the bill is live again; withdrawn", FactOwed),
		nothing([]Class{ClassLive}, "单据有效，未作废", "the bill is live, not voided"),
		nothing(nil, "仓库单由另一张单据占用，未取消", "another bill claims the order; not cancelled", FactOrderClaimed),
		nothing([]Class{ClassUnAudited, ClassNeverSeenLive}, "单据已反审核，取消已撤回", "the bill is un-audited; withdrawn",
			FactOwed),
		nothing([]Class{ClassUnAudited}, "单据已反审核，未作废；{because}", "un-audited, not voided; {because}",
			FactExplained),
		nothing([]Class{ClassUnAudited}, "单据已反审核，未作废", "un-audited, not voided"),
		nothing([]Class{ClassDeleted}, "旺店通从未有过对应的仓库单", "the WMS never had such an order", FactNoOrder),
		nothing([]Class{ClassDeleted}, "取消已撤回", "withdrawn", FactOwed),
		nothing([]Class{ClassDeleted}, "单据已在金蝶删除；{because}", "deleted in Kingdee; {because}", FactExplained),
		nothing([]Class{ClassDeleted}, "单据已在金蝶删除", "deleted in Kingdee"),
		nothing([]Class{ClassNeverAudited}, "从未审核，旺店通没有对应的仓库单",
			"never audited, so that the WMS has no such order"),
		nothing([]Class{ClassNeverSeenLive}, "单据已反审核，从未读到有效，未取消",
			"un-audited, and never seen live; not cancelled"),
		nothing([]Class{ClassBeforeCutover}, "{because}", "{because}", FactExplained),
		nothing([]Class{ClassBeforeCutover}, "作废早于方案启用时间", "voided before the cutover of the scheme"),
		nothing([]Class{ClassNotSelected}, "{because}", "{because}", FactExplained),
		nothing([]Class{ClassNotSelected}, "库存组织不在方案范围内", "the stock organisation is not in the scheme"),
		nothing([]Class{ClassOutside}, "{because}", "{because}", FactExplained),
		nothing(nil, "旺店通从未有过对应的仓库单", "the WMS never had such an order", FactNoOrder),
		nothing(nil, "取消已撤回", "withdrawn", FactOwed),
		nothing(nil, "没有属于方案范围的仓库单；{because}", "no order of the scheme; {because}", FactExplained),
		nothing(nil, "没有属于方案范围的仓库单", "no order of the scheme"),
	}
}

// waiting is a row about a bill with cancellations that are planned or open. It says why nothing is sent for them, if
// that is so: who only reads that a bill is being cancelled waits for something that does not come.
func waiting(fact Fact, chinese, english string) VerdictRow {
	facts := []Fact{FactMoving}
	if fact != FactMoving {
		facts = append(facts, fact)
	}
	return VerdictRow{
		nil, facts, VerdictInProgress,
		chinese + "：共 {owed} 个仓库单，已取消 {done} 个", english + ": {done} of {owed} orders are cancelled",
	}
}

func partly(fact Fact) VerdictRow {
	return VerdictRow{
		nil, []Fact{FactDone, fact}, VerdictPartly,
		"共 {owed} 个仓库单：已取消 {done} 个，来不及 {too_late} 个，人工关闭 {left_alone} 个",
		"of {owed} orders {done} are cancelled, {too_late} were too late, {left_alone} were closed by a person",
	}
}

func nothing(classes []Class, chinese, english string, facts ...Fact) VerdictRow {
	return VerdictRow{classes, facts, VerdictNothingOwed, chinese, english}
}

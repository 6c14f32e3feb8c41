package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestOnlyAVoidedBillWhoseNumberNobodyElseHasIsSent(t *testing.T) {
	const number = "ZZCX000007"
	state := func(id int64, number, document, cancel string) rule.State {
		return rule.State{ID: id, Number: number, DocumentStatus: document, CancelStatus: cancel}
	}
	voided := state(7, number, rule.Reaudit, rule.Voided)
	restored := state(7, number, rule.Reaudit, rule.NotVoided)
	liveAgain := state(7, number, rule.Audited, rule.NotVoided)
	other := state(8, number, rule.Audited, rule.NotVoided)
	otherDraft := state(8, number, rule.Created, rule.NotVoided)
	otherVoided := state(8, number, rule.Audited, rule.Voided)
	renumbered := state(8, "ZZCX000099", rule.Audited, rule.NotVoided)

	for name, tc := range map[string]struct {
		read rule.FreshRead
		want rule.Verification
	}{
		"voided, alone": {rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided}}, rule.Holds},
		"voided, the read by number shows nothing": {rule.FreshRead{ByID: &voided}, rule.Holds},
		"not shown": {rule.FreshRead{}, rule.Unread},
		"not shown, its number is live elsewhere": {rule.FreshRead{ByNumber: []rule.State{other}}, rule.Unread},
		"restored between the two reads": {
			rule.FreshRead{ByID: &voided, ByNumber: []rule.State{liveAgain}}, rule.Unread,
		},
		"restored": {
			rule.FreshRead{ByID: &restored, ByNumber: []rule.State{restored}}, rule.NoTrigger,
		},
		"restored and audited": {
			rule.FreshRead{ByID: &liveAgain, ByNumber: []rule.State{liveAgain}}, rule.NoTrigger,
		},
		"its number given to a live bill": {
			rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided, other}}, rule.NumberLive,
		},
		"its number given to a draft": {
			rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided, otherDraft}}, rule.Holds,
		},
		"its number given to a voided bill": {
			rule.FreshRead{ByID: &voided, ByNumber: []rule.State{otherVoided}}, rule.Holds,
		},
		"the ledger knows a live holder, not shown": {
			rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}}, rule.NumberTaken,
		},
		"the ledger's holder is live": {
			rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: other}},
			rule.NumberLive,
		},
		"the ledger's holder is voided by now": {
			rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: otherVoided}},
			rule.Holds,
		},
		"the ledger's holder has another number now": {
			rule.FreshRead{ByID: &voided, LedgerHolders: []int64{8}, HoldersRead: map[int64]rule.State{8: renumbered}},
			rule.Holds,
		},
		"two holders, one not shown": {
			rule.FreshRead{
				ByID: &voided, LedgerHolders: []int64{8, 9}, HoldersRead: map[int64]rule.State{8: otherVoided},
			}, rule.NumberTaken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want,
				rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: number}, tc.read).Outcome)
		})
	}
}

func TestTheNumberThatCountsIsTheCancellations(t *testing.T) {
	mine := rule.State{ID: 7, Number: "NEW", CancelStatus: rule.Voided}
	holder := rule.State{ID: 8, Number: "OLD", DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided}
	require.Equal(t, rule.NumberLive, rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: "OLD"},
		rule.FreshRead{ByID: &mine, ByNumber: []rule.State{holder}}).Outcome)
	require.Equal(t, rule.Holds, rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: "NEW"},
		rule.FreshRead{ByID: &mine, ByNumber: []rule.State{holder}}).Outcome)
}

// Any trigger of the scheme will do, also one that the cancellation was not owed for so far.
func TestWhatStillHolds(t *testing.T) {
	const number = "ZZCX000007"
	now := h(100)
	state := func(document, cancel string) *rule.State {
		return &rule.State{ID: 7, Number: number, DocumentStatus: document, CancelStatus: cancel}
	}
	voided, unAudited, standing := state(rule.Reaudit,
		rule.Voided), state(rule.Reaudit, rule.NotVoided), state(rule.Audited, rule.NotVoided)
	cancellation := func(evidence rule.Evidence, triggers ...rule.Trigger) rule.Cancellation {
		return rule.Cancellation{BillID: 7, Number: number, Evidence: evidence, Triggers: triggers}
	}
	from := func(d rule.Cancellation, notBefore time.Time) rule.Cancellation { d.NotBefore = notBefore; return d }
	unsaid := acting(rule.TriggerVoided, rule.TriggerUnAudited)
	unsaid.Triggers[rule.TriggerUnAudited] = rule.Terms{Dwell: dwell, Hold: rule.HoldNumberReuse}
	alone := func(s *rule.State) rule.FreshRead {
		return rule.FreshRead{Left: now, ByID: s, ByNumber: []rule.State{*s}}
	}
	holder := rule.State{ID: 8, Number: number, DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided}
	voidedCancellation, unAuditedCancellation := cancellation(rule.EvidenceSnapshot,
		rule.TriggerVoided), cancellation(rule.EvidenceSnapshot, rule.TriggerUnAudited)
	for name, tc := range map[string]struct {
		policy       rule.Policy
		cancellation rule.Cancellation
		read         rule.FreshRead
		want         rule.Verified
	}{
		"un-audited, the dwell is over": {all, from(unAuditedCancellation,
			now), alone(unAudited), rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerUnAudited, NotBefore: now}},
		"un-audited, the read was before the end of the dwell": {
			all, from(unAuditedCancellation, now.Add(time.Second)), alone(unAudited),
			rule.Verified{Outcome: rule.Dwelling, Trigger: rule.TriggerUnAudited, NotBefore: now.Add(time.Second)},
		},
		"un-audited, audited again": {
			all, from(unAuditedCancellation, now), alone(standing), rule.Verified{Outcome: rule.NoTrigger},
		},
		"un-audited, voided in the dwell": {all, from(unAuditedCancellation,
			h(200)), alone(voided), rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerVoided}},
		"voided, restored: the dwell begins": {
			all, voidedCancellation, alone(unAudited),
			rule.Verified{Outcome: rule.Dwelling, Trigger: rule.TriggerUnAudited, NotBefore: now.Add(dwell)},
		},
		"voided, restored, whether the number is taken again is not said": {
			unsaid, voidedCancellation, alone(unAudited), rule.Verified{Outcome: rule.NoTrigger},
		},
		"un-audited, released by a person": {unsaid, from(unAuditedCancellation,
			now), alone(unAudited), rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerUnAudited, NotBefore: now}},
		"voided, restored, never seen live": {all, cancellation(rule.EvidenceApproved,
			rule.TriggerVoided), alone(unAudited), rule.Verified{Outcome: rule.NoTrigger}},
		"voided, restored, un-audits are not acted on": {
			inbound, voidedCancellation, alone(unAudited), rule.Verified{Outcome: rule.NoTrigger},
		},
		"un-audited, voided, voids are not acted on": {
			acting(rule.TriggerUnAudited), from(unAuditedCancellation, now),
			alone(voided), rule.Verified{Outcome: rule.NoTrigger},
		},
		"gone": {
			all, voidedCancellation,
			rule.FreshRead{Left: now, Gone: true}, rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerDeleted},
		},
		"gone, deletes are not acted on": {
			inbound, voidedCancellation, rule.FreshRead{Left: now, Gone: true}, rule.Verified{Outcome: rule.Unread},
		},
		"not shown, and Kingdee does not say that it is gone": {
			all, voidedCancellation, rule.FreshRead{Left: now}, rule.Verified{Outcome: rule.Unread},
		},
		"gone, its number given to a live bill": {
			all, voidedCancellation, rule.FreshRead{Left: now, Gone: true, ByNumber: []rule.State{holder}},
			rule.Verified{Outcome: rule.NumberLive},
		},
		"gone by id, shown by number": {
			all, voidedCancellation,
			rule.FreshRead{Left: now, Gone: true, ByNumber: []rule.State{*voided}}, rule.Verified{Outcome: rule.Unread},
		},
		"un-audited by id, live by number": {
			all, from(unAuditedCancellation, now),
			rule.FreshRead{Left: now, ByID: unAudited, ByNumber: []rule.State{*standing}},
			rule.Verified{Outcome: rule.Unread},
		},
		"un-audited, the number is live elsewhere": {
			all, from(unAuditedCancellation, now),
			rule.FreshRead{Left: now, ByID: unAudited, ByNumber: []rule.State{holder}},
			rule.Verified{Outcome: rule.NumberLive},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, rule.Verify(tc.policy, tc.cancellation, tc.read))
		})
	}
}

package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestOnlyAVoidedBillWhoseOrderNobodyElseClaimsIsSent(t *testing.T) {
	const number = "ZZCX000007"
	state := func(id int64, number, document, cancel string) rule.State {
		return rule.State{ID: id, Number: number, DocumentStatus: document, CancelStatus: cancel}
	}
	voided := state(7, number, rule.Reaudit, rule.Voided)
	restored := state(7, number, rule.Reaudit, rule.NotVoided)
	liveAgain := state(7, number, rule.Audited, rule.NotVoided)
	other := state(8, number, rule.Audited, rule.NotVoided)
	otherUnAudited := state(8, number, rule.Reaudit, rule.NotVoided)
	otherVoided := state(8, number, rule.Audited, rule.Voided)
	renumbered := state(8, "ZZCX000099", rule.Audited, rule.NotVoided)
	one := func(c rule.Claimant) []rule.Claimant { c.BillID = 8; return []rule.Claimant{c} }
	reads := func(s rule.State) map[int64]rule.State { return map[int64]rule.State{s.ID: s} }

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
		"its number given to a live bill with other orders": {
			rule.FreshRead{ByID: &voided, ByNumber: []rule.State{voided, other}, Others: reads(other)}, rule.Holds,
		},
		"its order claimed by a live bill": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{}), Others: reads(other)}, rule.OrderClaimed,
		},
		"its order claimed by a live bill of another number": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{}), Others: reads(renumbered)},
			rule.OrderClaimed,
		},
		"its order claimed by a bill that is un-audited at that moment": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{}), Others: reads(otherUnAudited)},
			rule.OrderClaimed,
		},
		"by one that is un-audited and whose own order is owed for that": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Owed: true}), Others: reads(otherUnAudited)},
			rule.Holds,
		},
		"by one that was owed for an un-audit, and is live again": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Owed: true}), Others: reads(other)},
			rule.ClaimUnconfirmed,
		},
		"by one that Kingdee does not show": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{})}, rule.ClaimUnconfirmed,
		},
		"by one that was owed for an un-audit, and is not shown: it may be live again": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Owed: true})}, rule.ClaimUnconfirmed,
		},
		"by one that is voided by now, which the ledger has not read": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{}), Others: reads(otherVoided)},
			rule.ClaimUnconfirmed,
		},
		"by one that was audited anew, perhaps with other orders": {
			rule.FreshRead{
				ByID: &voided, Claimants: one(rule.Claimant{Approved: h(9)}), Others: reads(other),
			}, rule.ClaimUnconfirmed,
		},
		"a voided bill had it, too": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Voided: true}), Others: reads(otherVoided)},
			rule.Holds,
		},
		"a voided bill had it, too, and is not shown": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Voided: true})}, rule.Holds,
		},
		"a voided bill had it, too, and is restored by now": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Voided: true}), Others: reads(otherUnAudited)},
			rule.ClaimUnconfirmed,
		},
		"claimed in another data centre": {
			rule.FreshRead{ByID: &voided, Claimants: one(rule.Claimant{Elsewhere: true})}, rule.OrderClaimed,
		},
		"one unconfirmed, one certain": {
			rule.FreshRead{
				ByID: &voided, Claimants: []rule.Claimant{{BillID: 9}, {BillID: 8}}, Others: reads(other),
			}, rule.OrderClaimed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want,
				rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: number}, tc.read).Outcome)
		})
	}
}

// A bill that was made in the place of one that has ended has its number, and so its order; nobody need be told. Any
// other that claims the order is a surprise.
func TestOnlyABillMadeAnewInItsPlaceIsExpectedToClaimTheOrder(t *testing.T) {
	t.Parallel()
	voided := rule.State{ID: 7, Number: "A1", CancelStatus: rule.Voided, CancelTime: h(10)}
	dateOnly := rule.State{ID: 7, Number: "A1", CancelStatus: rule.Voided, CancelTime: h(0), CancelIsDate: true}
	unAudited := rule.State{ID: 7, Number: "A1", DocumentStatus: rule.Reaudit, CancelStatus: rule.NotVoided}
	for name, tc := range map[string]struct {
		own    *rule.State
		by     rule.Claimant
		expect bool
	}{
		"audited after the void":                  {&voided, rule.Claimant{Number: "a1", Approved: h(11)}, true},
		"audited before the void":                 {&voided, rule.Claimant{Number: "A1", Approved: h(9)}, false},
		"of another number":                       {&voided, rule.Claimant{Number: "A2", Approved: h(11)}, false},
		"audited on the day of the void":          {&dateOnly, rule.Claimant{Number: "A1", Approved: h(11)}, false},
		"audited on the day after":                {&dateOnly, rule.Claimant{Number: "A1", Approved: h(30)}, true},
		"the other is only un-audited":            {&unAudited, rule.Claimant{Number: "A1", Approved: h(11)}, false},
		"the other is gone":                       {nil, rule.Claimant{Number: "A1", Approved: h(1)}, true},
		"the other is gone, and had another name": {nil, rule.Claimant{Number: "A2", Approved: h(1)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.by.BillID = 8
			live := rule.State{
				ID: 8, Number: tc.by.Number, DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided,
				ApproveTime: tc.by.Approved,
			}
			v := rule.Verify(all, rule.Cancellation{
				BillID: 7, Number: "A1", Evidence: rule.EvidenceSnapshot, NotBefore: h(1),
			}, rule.FreshRead{
				Left: h(40), ByID: tc.own, Gone: tc.own == nil, Claimants: []rule.Claimant{tc.by},
				Others: map[int64]rule.State{8: live},
			})
			require.Equal(t, rule.OrderClaimed, v.Outcome)
			require.Equal(t, tc.expect, v.Expected)
			require.Equal(t, int64(8), v.By.BillID)
		})
	}
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
	claimant := rule.Claimant{BillID: 8, Number: number}
	holds := map[int64]rule.State{
		8: {ID: 8, Number: number, DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided},
	}
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
			rule.Verified{
				Outcome: rule.Dwelling, Trigger: rule.TriggerUnAudited, NotBefore: now.Add(time.Second),
				Until: now.Add(time.Second),
			},
		},
		"un-audited, audited again": {
			all, from(unAuditedCancellation, now), alone(standing), rule.Verified{Outcome: rule.NoTrigger},
		},
		"un-audited, voided in the dwell": {all, from(unAuditedCancellation,
			h(200)), alone(voided), rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerVoided}},
		"voided, restored: the dwell begins": {
			all, voidedCancellation, alone(unAudited),
			rule.Verified{
				Outcome: rule.Dwelling, Trigger: rule.TriggerUnAudited, NotBefore: now.Add(dwell),
				Until: now.Add(dwell),
			},
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
		"gone after its void, deletes are not acted on": {
			inbound, rule.Cancellation{BillID: 7, Number: number, VoidedLast: true},
			rule.FreshRead{Left: now, Gone: true}, rule.Verified{Outcome: rule.Holds, Trigger: rule.TriggerVoided},
		},
		"gone after its void, neither voids nor deletes are acted on": {
			acting(rule.TriggerUnAudited), rule.Cancellation{BillID: 7, Number: number, VoidedLast: true},
			rule.FreshRead{Left: now, Gone: true}, rule.Verified{Outcome: rule.Unread},
		},
		"not shown, and Kingdee does not say that it is gone": {
			all, voidedCancellation, rule.FreshRead{Left: now}, rule.Verified{Outcome: rule.Unread},
		},
		"gone, its order claimed by a live bill": {
			all, voidedCancellation,
			rule.FreshRead{Left: now, Gone: true, Claimants: []rule.Claimant{claimant}, Others: holds},
			rule.Verified{Outcome: rule.OrderClaimed, By: claimant, Expected: true},
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
		"un-audited, its order claimed by a live bill": {
			all, from(unAuditedCancellation, now),
			rule.FreshRead{Left: now, ByID: unAudited, Claimants: []rule.Claimant{claimant}, Others: holds},
			rule.Verified{Outcome: rule.OrderClaimed, By: claimant},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, rule.Verify(tc.policy, tc.cancellation, tc.read))
		})
	}
}

// The order is another bill's, too, which is un-audited: a read that left within its dwell lets nothing go, and a
// later one only for as long as such a read lasts.
func TestAnOrderThatHangsOnAnUnAuditWaitsForAReadPastThatDwell(t *testing.T) {
	t.Parallel()
	voided := rule.State{ID: 7, Number: "A1", DocumentStatus: rule.Audited, CancelStatus: rule.Voided}
	other := rule.State{ID: 8, Number: "B7", DocumentStatus: rule.Reaudit, CancelStatus: rule.NotVoided}
	read := rule.FreshRead{
		ByID: &voided, ByNumber: []rule.State{voided}, Others: map[int64]rule.State{8: other},
		Claimants: []rule.Claimant{{BillID: 8, Owed: true, Dwells: h(9)}},
	}
	read.Left = h(8)
	v := rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: "A1"}, read)
	require.Equal(t, rule.Dwelling, v.Outcome)
	require.Equal(t, h(9), v.Until)
	require.Zero(t, v.NotBefore, "its own bill does not dwell: it is voided")
	read.Left = h(10)
	v = rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: "A1"}, read)
	require.Equal(t, rule.Holds, v.Outcome)
	require.True(t, v.HangsOnUnAudit)
	other.CancelStatus = rule.Voided
	read.Others[8] = other
	require.False(t, rule.Verify(inbound, rule.Cancellation{BillID: 7, Number: "A1"}, read).HangsOnUnAudit)
}

// A bill is gone, and its scheme acts on deletions no longer: that nothing can be read of it is not why it waits.
func TestADeletionThatDoesNotMatterAnyLongerOwesNothing(t *testing.T) {
	t.Parallel()
	gone := rule.FreshRead{Gone: true}
	deleted := rule.Cancellation{BillID: 7, Number: "A1", Triggers: []rule.Trigger{rule.TriggerDeleted}}
	voids := rule.Policy{Triggers: map[rule.Trigger]rule.Terms{rule.TriggerVoided: {}}}
	require.Equal(t, rule.NoTrigger, rule.Verify(voids, deleted, gone).Outcome)
	require.Equal(t, rule.Unread, rule.Verify(voids, deleted, rule.FreshRead{}).Outcome, "it may be hidden")
	deleted.VoidedLast = true
	require.Equal(t, rule.Holds, rule.Verify(voids, deleted, gone).Outcome)
}

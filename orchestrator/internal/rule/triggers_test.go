package rule_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const dwell = 2 * time.Minute

// all acts on every trigger, and the WMS takes a number again.
var all = acting(rule.TriggerVoided, rule.TriggerUnAudited, rule.TriggerDeleted)

func acting(triggers ...rule.Trigger) rule.Policy {
	p := inbound
	p.Triggers = map[rule.Trigger]rule.Terms{}
	for _, t := range triggers {
		p.Triggers[t] = rule.Terms{}
	}
	if _, on := p.Triggers[rule.TriggerUnAudited]; on {
		p.Triggers[rule.TriggerUnAudited] = rule.Terms{Dwell: dwell}
	}
	return p
}

// why is told with the triggers that hold and the wait.
func why(d rule.Decision) string {
	s := told(d)
	for _, t := range d.Triggers {
		s += " for:" + string(t)
	}
	if !d.NotBefore.IsZero() {
		s += " from:" + d.NotBefore.Sub(start).String()
	}
	if d.Reason != "" {
		s += " because:" + d.Reason
	}
	return s
}

// deleted is what takes the place of a read that shows nothing any more.
var deleted = seen{status: "deleted"}

func TestLivesThatEndOtherThanByAVoid(t *testing.T) {
	unsaid := acting(rule.TriggerVoided, rule.TriggerUnAudited)
	unsaid.Triggers[rule.TriggerUnAudited] = rule.Terms{Dwell: dwell, Hold: rule.HoldNumberReuse}
	for name, tc := range map[string]struct {
		policy rule.Policy
		life   []read
	}{
		"un-audited: owed after the dwell, from the snapshot": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{unAudited("WH2"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
		}},
		"un-audited whatever the letter, one dwell": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{draft("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{
				seen{status: "B", cancel: "A", warehouses: []string{"WH1"}},
				"un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s",
			},
		}},
		"un-audited, then voided: one generation, nothing to wait for any longer": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{void("D", 2, "WH2"), "voided e1 WH1 snapshot/snapshot for:voided"},
		}},
		"un-audited and audited again: withdrawn, and the next un-audit is another generation": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{live(2, "WH2"), "live e2 vanished:WH1@e1" + standing},
			{unAudited("WH2"), "un_audited e2 WH2 snapshot/snapshot for:un_audited from:103h2m0s"},
		}},
		"voided, restored and not audited: still owed, after a dwell": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot for:voided"},
			{unAudited("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:102h2m0s"},
		}},
		"a draft that was never live is not un-audited": {all, []read{
			{draft("WH1"), "never_audited e1" + gone},
			{unAudited("WH1"), "never_seen_live e1" + gone},
		}},
		"a life that nobody saw: what it showed first, not what is written into it later": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{
				unAudited("WH2").withApproved(2),
				"un_audited e2 WH2 approved/current vanished:WH1@e1 for:un_audited from:101h2m0s",
			},
			{unAudited("WH3").withApproved(2).withModified(3), "un_audited e2 for:un_audited from:101h2m0s"},
		}},
		"never seen live, and an approve date shows that it was audited": {all, []read{
			{
				unAudited("WH1").withApproved(1).withModified(2),
				"un_audited e1 WH1 approved/current for:un_audited from:100h2m0s",
			},
			{draft("WH2").withApproved(1).withModified(3), "un_audited e1 for:un_audited from:100h2m0s"},
			{live(4, "WH2"), "live e2" + standing},
		}},
		"never seen live, approved and un-audited before the cutover": {all, []read{
			{unAudited("WH1").withApproved(-2).withModified(-1), "never_seen_live e1" + gone},
			{unAudited("WH2").withApproved(-2).withModified(1), "never_seen_live e1" + gone},
			{
				unAudited("WH2").withApproved(3).withModified(4),
				"un_audited e2 WH2 approved/current for:un_audited from:102h2m0s",
			},
		}},
		"never seen live, approved before the cutover, and when it ended nobody can tell": {all, []read{
			{
				unAudited("WH1").withApproved(-2).withModified(1),
				"un_audited e1 WH1 approved/current held:no_event_time for:un_audited from:100h2m0s",
			},
		}},
		"whether the WMS takes the number again is not said: held": {unsaid, []read{
			{live(1, "WH1"), "live e1" + standing},
			{
				unAudited("WH1"),
				"un_audited e1 WH1 snapshot/snapshot held:number_reuse_unsaid for:un_audited from:101h2m0s",
			},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot for:voided"},
		}},
		"voids are not acted on": {acting(rule.TriggerUnAudited), []read{
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{void("D", 2, "WH1"), "voided e1 withdraw because:trigger_not_in_scheme"},
		}},
		"deleted while it was last seen live": {all, []read{
			{live(1, "WH1", "WH2"), "live e1" + standing},
			{deleted, "deleted e1 WH1 WH2 snapshot/snapshot for:deleted"},
		}},
		"un-audited, moved, deleted: the order stands in WH1": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH2"), "un_audited e1 WH1 snapshot/snapshot for:un_audited from:101h2m0s"},
			{deleted, "deleted e1 WH1 snapshot/snapshot for:deleted"},
		}},
		"a life that nobody saw, deleted: the last snapshot is all there is": {
			acting(rule.TriggerVoided, rule.TriggerDeleted), []read{
				{live(1, "WH1"), "live e1" + standing},
				{unAudited("WH2").withApproved(2), "un_audited e2" + gone},
				{deleted, "deleted e2 WH1 approved/snapshot for:deleted"},
			},
		},
		"a deleted draft": {all, []read{
			{draft("WH1"), "never_audited e1" + gone},
			{deleted, "deleted e1 because:never_live"},
		}},
		"voided, then deleted: what was owed stays owed": {inbound, []read{
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot for:voided"},
			{deleted, "deleted e1 WH1 snapshot/snapshot for:voided"},
		}},
		"believed gone, and there again: another generation": {all, []read{
			{live(1, "WH1"), "live e1" + standing},
			{deleted, "deleted e1 WH1 snapshot/snapshot for:deleted"},
			{live(1, "WH1"), "live e2" + standing},
			{void("D", 2, "WH1"), "voided e2 WH1 snapshot/snapshot for:voided"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var known *rule.Known
			for i, r := range tc.life {
				at := h(100 + float64(i))
				var d rule.Decision
				if r.seen.status == deleted.status {
					d = rule.DecideGone(tc.policy, *known, at, at)
				} else {
					d = rule.Decide(tc.policy, known, r.seen.bill(), at)
				}
				require.Equal(t, r.want, why(d), "read %d", i+1)
				after := d.After
				known = &after
			}
		})
	}
}

func TestACondition(t *testing.T) {
	p := all
	p.Selector = func(b rule.Bill) (bool, error) {
		if b.Note == "?" {
			return false, errors.New("it is not clear")
		}
		return b.Note == "ours", nil
	}
	noted := func(s seen, note string) rule.Bill { b := s.bill(); b.Note = note; return b }
	decide := func(bills ...rule.Bill) rule.Decision {
		var known *rule.Known
		var d rule.Decision
		for i, b := range bills {
			d = rule.Decide(p, known, b, h(100+float64(i)))
			after := d.After
			known = &after
		}
		return d
	}
	owes := func(d rule.Decision) {
		t.Helper()
		require.Equal(t, "voided e1 WH1 snapshot/snapshot for:voided", why(d))
	}
	owes(decide(noted(live(1, "WH1"), "ours"), noted(void("D", 2, "WH1"), "ours")))
	owes(decide(noted(live(1, "WH1"), "ours"), noted(void("D", 2, "WH1"), "cleared by the un-audit")))
	owes(decide(noted(live(1, "WH1"), "not yet"), noted(void("D", 2, "WH1"), "ours")))
	owes(decide(noted(live(1, "WH1"), "?"), noted(void("D", 2, "WH1"), "ours")))

	d := decide(noted(live(1, "WH1"), "theirs"))
	require.Equal(t, "not_selected e1"+standing+" because:selector", why(d))
	require.NotNil(t, d.Snapshot, "in case it becomes ours")
	d = decide(noted(live(1, "WH1"), "theirs"), noted(void("D", 2, "WH1"), "theirs"))
	require.Equal(t, "not_selected e1 because:selector", why(d))
	d = decide(noted(live(1, "WH1"), "theirs"), noted(unAudited("WH1"), "theirs"))
	require.Equal(t, "not_selected e1 because:selector", why(d))
	require.Equal(t, rule.ClassNeverAudited, decide(noted(draft("WH1"), "?")).Class, "nothing is asked of a draft")

	for _, d := range []rule.Decision{
		decide(noted(live(1, "WH1"), "?")),
		decide(noted(live(1, "WH1"), "theirs"), noted(void("D", 2, "WH1"), "?")),
	} {
		require.Error(t, d.Fault)
		require.Equal(t, rule.ClassUndecodable, d.Class)
		require.Empty(t, d.Orders)
	}
	require.NotNil(t, decide(noted(live(1, "WH1"), "?")).Snapshot, "its order is made all the same")

	known := decide(noted(live(1, "WH1"), "theirs")).After
	require.Equal(t, "deleted e1 because:selector", why(rule.DecideGone(p, known, h(200), h(200))))
	known = decide(noted(live(1, "WH1"), "ours")).After
	require.Equal(t, "deleted e1 WH1 snapshot/snapshot for:deleted", why(rule.DecideGone(p, known, h(200), h(200))))
}

// What a later revision added counts from its own cutover, also for bills that were seen live.
func TestCutoversOfWhatWasAddedLater(t *testing.T) {
	const cutover = 50
	after := func(kind rule.PartKind, name string) rule.Policy {
		p := all
		p.Orders = map[rule.OrderKind]rule.Source{
			{BillKind: form.Assembly, Direction: rule.In}:  form.Products,
			{BillKind: form.Assembly, Direction: rule.Out}: form.Products,
		}
		p.Cutovers = rule.Cutovers{{Kind: kind, Name: name}: h(cutover)}
		return p
	}
	voidedAt := func(at float64) func(rule.Policy) rule.Decision {
		return func(p rule.Policy) rule.Decision {
			known := rule.Decide(p, nil, live(1, "WH1", "WH2").bill(), h(2)).After
			return rule.Decide(p, &known, void("D", at, "WH1", "WH2").bill(), h(100))
		}
	}
	closedAt := func(at float64) func(rule.Policy) rule.Decision {
		return func(p rule.Policy) rule.Decision {
			known := rule.Decide(p, nil, live(1, "WH1", "WH2").bill(), h(2)).After
			closed := void("D", at, "WH1", "WH2").bill()
			closed.Closed = true
			return rule.Decide(p, &known, closed, h(100))
		}
	}
	unAuditedSeen := func(at, modified float64) func(rule.Policy) rule.Decision {
		return func(p rule.Policy) rule.Decision {
			known := rule.Decide(p, nil, live(1, "WH1", "WH2").bill(), h(2)).After
			first := rule.Decide(p, &known, unAudited("WH1", "WH2").withModified(modified).bill(), h(at)).After
			return rule.Decide(p, &first, unAudited("WH1", "WH2").withModified(at+1).bill(), h(at+2))
		}
	}
	absentSince := func(at float64) func(rule.Policy) rule.Decision {
		return func(p rule.Policy) rule.Decision {
			known := rule.Decide(p, nil, live(1, "WH1", "WH2").bill(), h(2)).After
			return rule.DecideGone(p, known, h(at), h(100))
		}
	}
	const everything = 4
	for name, tc := range map[string]struct {
		kind   rule.PartKind
		name   string
		life   func(rule.Policy) rule.Decision
		orders int
		reason string
	}{
		"voided before its organisation came": {
			rule.PartOrganisation, "100", voidedAt(cutover - 1), 0,
			"cutover:organisation:100",
		},
		"voided after it":           {rule.PartOrganisation, "100", voidedAt(cutover + 1), everything, ""},
		"another organisation came": {rule.PartOrganisation, "200", voidedAt(cutover - 1), everything, ""},
		"all organisations came": {
			rule.PartOrganisation, rule.Everything, voidedAt(cutover - 1), 0,
			"cutover:organisation:100",
		},
		"voided before a warehouse came": {
			rule.PartWarehouse, "WH2", voidedAt(cutover - 1), 2,
			"cutover:warehouse:WH2",
		},
		"voided after a warehouse came": {rule.PartWarehouse, "WH2", voidedAt(cutover), everything, ""},
		"voided before an order came": {
			rule.PartOrderKind, "Assembly.out", voidedAt(cutover - 1), 2,
			"cutover:order_kind:Assembly.out",
		},
		"voided before the trigger came": {
			rule.PartTrigger, "voided", voidedAt(cutover - 1), 0,
			"cutover:trigger:voided",
		},
		"closed before closed bills counted": {
			rule.PartTrigger, "closed", closedAt(cutover - 1), 0,
			"cutover:trigger:closed",
		},
		"closed after they counted": {rule.PartTrigger, "closed", closedAt(cutover + 1), everything, ""},
		"closed before the trigger came": {
			rule.PartTrigger, "voided", closedAt(cutover - 1), 0,
			"cutover:trigger:voided",
		},
		"voided before closed bills counted": {rule.PartTrigger, "closed", voidedAt(cutover - 1), everything, ""},
		"another trigger came":               {rule.PartTrigger, "un_audited", voidedAt(cutover - 1), everything, ""},
		"un-audited before the trigger came": {
			rule.PartTrigger, "un_audited", unAuditedSeen(cutover-2, 0), 0,
			"cutover:trigger:un_audited",
		},
		"un-audited before, edited after": {
			rule.PartTrigger, "un_audited", unAuditedSeen(cutover-0.5, 0), 0,
			"cutover:trigger:un_audited",
		},
		"un-audited before, seen after, by its date": {
			rule.PartTrigger, "un_audited", unAuditedSeen(cutover+2, cutover-1), 0,
			"cutover:trigger:un_audited",
		},
		"un-audited after the trigger came": {
			rule.PartTrigger, "un_audited", unAuditedSeen(cutover+2, cutover+1), everything,
			"",
		},
		"first missed before the trigger came": {
			rule.PartTrigger, "deleted", absentSince(cutover - 1), 0,
			"cutover:trigger:deleted",
		},
		"first missed after the trigger came": {rule.PartTrigger, "deleted", absentSince(cutover + 1), everything, ""},
		"missed before a warehouse came": {
			rule.PartWarehouse, "WH1", absentSince(cutover - 1), 2,
			"cutover:warehouse:WH1",
		},
		"un-audited before an order came, whatever else": {
			rule.PartOrderKind, "Assembly.in", unAuditedSeen(cutover-2, 0), 2,
			"cutover:order_kind:Assembly.in",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := tc.life(after(tc.kind, tc.name))
			require.Len(t, d.Orders, tc.orders)
			require.Equal(t, tc.reason, d.Reason)
			if tc.orders > 0 {
				require.Equal(t, everything, len(d.Orders)+d.Outside, "every order is counted")
			}
		})
	}
}

func TestAnOrganisationThatWasNamedBeforeAllCameKeepsItsPast(t *testing.T) {
	p := all
	p.Cutovers = rule.Cutovers{
		{Kind: rule.PartOrganisation, Name: rule.Everything}: h(50), {Kind: rule.PartOrganisation, Name: "100"}: {},
	}
	require.Equal(t, rule.ClassVoided, rule.Decide(p, nil, void("D", 2, "WH1").withApproved(1).bill(), h(100)).Class)
}

// A void that no date tells of, and a cutover that it may lie before.
func TestAVoidWithoutAnyDateIsHeldWhereACutoverMightKeepItOut(t *testing.T) {
	for _, part := range []rule.Part{
		{Kind: rule.PartTrigger, Name: "voided"}, {Kind: rule.PartOrganisation, Name: "100"},
		{Kind: rule.PartWarehouse, Name: "WH1"},
		{Kind: rule.PartOrderKind, Name: "Assembly.in"},
	} {
		p := all
		known := rule.Decide(p, nil, live(1, "WH1").bill(), h(2)).After
		p.Cutovers = rule.Cutovers{part: h(50)}
		require.Equal(t, "voided e1 WH1 snapshot/snapshot held:no_event_time for:voided",
			why(rule.Decide(p, &known, void("D", 0, "WH1").bill(), h(100))), part)
		p.Cutovers = rule.Cutovers{{Kind: part.Kind, Name: "another"}: h(50)}
		require.Equal(t, "voided e1 WH1 snapshot/snapshot for:voided",
			why(rule.Decide(p, &known, void("D", 0, "WH1").bill(), h(100))), part)
	}
}

// A bill of an organisation that is selected later is decided when something happens to it.
func TestAnOrganisationThatIsSelectedLater(t *testing.T) {
	p := all
	p.Orgs = map[string]bool{"200": true}
	known := rule.Decide(p, nil, live(1, "WH1").bill(), h(2)).After
	require.Equal(t, rule.ClassNotSelected, known.Class)
	p.Orgs["100"], p.Cutovers = true, rule.Cutovers{{Kind: rule.PartOrganisation, Name: "100"}: h(50)}
	voided := void("D", 60, "WH2").bill()
	require.True(t, rule.Changed(&known, voided.State()))
	require.Equal(t, "voided e1 WH1 snapshot/snapshot for:voided", why(rule.Decide(p, &known, voided, h(100))))
}

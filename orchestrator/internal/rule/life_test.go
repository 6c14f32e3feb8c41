package rule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// start is the cutover of all lives; h hours after it things happen.
var start = time.Date(2026, 5, 6, 0, 0, 0, 0, time.FixedZone("CST", 8*3600))

func h(hours float64) time.Time { return start.Add(time.Duration(hours * float64(time.Hour))) }

var inbound = rule.Policy{Cutover: start, Form: form.AssembledApp,
	Triggers: map[rule.Trigger]rule.Terms{rule.TriggerVoided: {}},
	Orders: map[rule.OrderKind]rule.Source{
		{BillKind: form.Assembly, Direction: rule.In}:  form.Products,
		{BillKind: form.Dassembly, Direction: rule.In}: form.Components,
	}}

// seen is one read of bill 7.
type seen struct {
	status, cancel string
	// approved, voided are hours after start; 0 leaves the date unset.
	approved, voided float64
	dateOnly, closed bool
	modified         float64
	warehouses       []string
}

func (s seen) bill() rule.Bill {
	b := rule.Bill{
		ID: 7, Number: "ZZCX000007", Org: "100", Kind: form.Assembly, DocumentStatus: s.status,
		CancelStatus: s.cancel, CancelIsDate: s.dateOnly, Closed: s.closed,
	}
	b.Lines = map[string][]rule.Line{}
	for _, w := range s.warehouses {
		b.Lines["products"] = append(b.Lines["products"], rule.Line{Warehouse: w})
	}
	for _, date := range []struct {
		to *time.Time
		at float64
	}{{&b.ApproveTime, s.approved}, {&b.CancelTime, s.voided}, {&b.ModifyTime, s.modified}} {
		if date.at != 0 {
			*date.to = h(date.at)
		}
	}
	return b
}

// The states a bill is read in, with the date that goes with them.
func live(approved float64, warehouses ...string) seen {
	return seen{status: rule.Audited, cancel: rule.NotVoided, approved: approved, warehouses: warehouses}
}

func unAudited(warehouses ...string) seen {
	return seen{status: rule.Reaudit, cancel: rule.NotVoided, warehouses: warehouses}
}

func draft(warehouses ...string) seen {
	return seen{status: rule.Created, cancel: rule.NotVoided, warehouses: warehouses}
}

func void(status string, at float64, warehouses ...string) seen {
	return seen{status: status, cancel: rule.Voided, voided: at, warehouses: warehouses}
}

// closed is an audited bill that was closed, as a scheme sees it that counts that as a void.
func closed(at float64, warehouses ...string) seen {
	return seen{status: rule.Audited, cancel: rule.Voided, voided: at, closed: true, warehouses: warehouses}
}

func (s seen) withApproved(at float64) seen { s.approved = at; return s }
func (s seen) withVoided(at float64) seen   { s.voided = at; return s }
func (s seen) onlyDate() seen               { s.dateOnly = true; return s }
func (s seen) withModified(at float64) seen { s.modified = at; return s }

// told is a decision in a few words: class, generation, and what is owed from where on which evidence.
func told(d rule.Decision) string {
	s := fmt.Sprintf("%s e%d", d.Class, d.After.Generation)
	for _, order := range d.Orders {
		s += " " + order.Warehouse
	}
	if len(d.Orders) > 0 {
		s += fmt.Sprintf(" %s/%s", d.Evidence, d.OrdersFrom)
	}
	if d.Hold != "" {
		s += " held:" + string(d.Hold)
	}
	for _, order := range d.Vanished {
		s += fmt.Sprintf(" vanished:%s@e%d", order.Warehouse, d.VanishedGeneration)
	}
	if d.Withdraw {
		s += " withdraw"
	}
	if d.Restored {
		s += " restored"
	}
	return s
}

// standing and gone are what a live bill and one that is neither live nor voided always say.
const (
	standing = " withdraw restored"
	gone     = " withdraw"
)

type read struct {
	seen seen
	want string
}

func TestLivesOfABill(t *testing.T) {
	for name, life := range map[string][]read{
		"audited, voided": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
		},
		"audited for WH1, un-audited, moved to WH2, voided: the order stands in WH1": {
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1" + gone},
			{unAudited("WH2"), "un_audited e1" + gone},
			{void("D", 2, "WH2"), "voided e1 WH1 snapshot/snapshot"},
		},
		"the same between two reads": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH2"), "voided e1 WH1 snapshot/snapshot"},
		},
		"un-audited, resubmitted, voided: one generation whatever the letter": {
			{live(1, "WH1"), "live e1" + standing},
			{unAudited("WH1"), "un_audited e1" + gone},
			{seen{status: "B", cancel: "A", warehouses: []string{"WH1"}}, "un_audited e1" + gone},
			{draft("WH1"), "un_audited e1" + gone},
			{void("A", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
		},
		"voided twice over the same read: one generation": {
			{live(1, "WH1", "WH2"), "live e1" + standing},
			{void("D", 2, "WH1", "WH2"), "voided e1 WH1 WH2 snapshot/snapshot"},
			{void("D", 2, "WH1", "WH2"), "voided e1 WH1 WH2 snapshot/snapshot"},
		},
		"void, restore, re-audit, void: two generations, each with its snapshot": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH1"), "un_audited e1" + gone},
			{live(3, "WH2"), "live e2 vanished:WH1@e1" + standing},
			{void("D", 4, "WH2"), "voided e2 WH2 snapshot/snapshot"},
		},
		"the same with the restore unseen": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{live(3, "WH1"), "live e2" + standing},
			{void("D", 4, "WH1"), "voided e2 WH1 snapshot/snapshot"},
		},
		"the same where Kingdee keeps the cancel date after a restore": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{live(3, "WH1").withVoided(2), "live e2" + standing},
			{void("D", 4, "WH2"), "voided e2 WH1 snapshot/snapshot"},
		},
		"the same where Kingdee fills no cancel date": {
			{void("D", 0, "WH1").withModified(2), "voided e1 WH1 weak/current held:no_event_time"},
			{live(3, "WH1"), "live e2" + standing},
			{void("D", 0, "WH1").withModified(4), "voided e2 WH1 snapshot/snapshot"},
		},
		"second life unseen: owed from what it says now, the first snapshot's other order for a person": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{void("D", 4, "WH2").withApproved(3), "voided e2 WH2 approved/current vanished:WH1@e1"},
		},
		"restored and voided again without an audit: never quietly nothing": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH2"), "un_audited e1" + gone},
			{void("D", 3, "WH2"), "voided e2 WH1 snapshot/snapshot"},
		},
		"restored, edited and voided again and again without an audit: the order is where it was": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH2"), "un_audited e1" + gone},
			{void("D", 3, "WH2"), "voided e2 WH1 snapshot/snapshot"},
			{unAudited("WH3"), "un_audited e2" + gone},
			{void("D", 4, "WH3"), "voided e3 WH1 snapshot/snapshot"},
		},
		"a life that nobody saw ends what the snapshot says, for good": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 3, "WH2").withApproved(2), "voided e2 WH2 approved/current vanished:WH1@e1"},
			{unAudited("WH2"), "un_audited e2" + gone},
			{void("D", 4, "WH2"), "voided e3 WH2 weak/current vanished:WH1@e1"},
		},
		"the same with the letter of a draft": {
			{live(1, "WH1"), "live e1" + standing},
			{void("A", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{draft("WH1"), "un_audited e1" + gone},
			{void("A", 3, "WH1"), "voided e2 WH1 snapshot/snapshot"},
			{draft("WH1"), "un_audited e2" + gone},
		},
		"restored with a cancel date that has no time of day, voided the same day: the same generation is owed again": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 24, "WH1").onlyDate(), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH1"), "un_audited e1" + gone},
			{void("D", 24, "WH1").onlyDate(), "voided e1 WH1 snapshot/snapshot"},
		},
		"voided draft": {
			{draft("WH1"), "never_audited e1" + gone},
			{void("A", 2, "WH1"), "never_audited e1" + gone},
		},
		"voided draft, first seen voided": {
			{void("Z", 2, "WH1"), "never_audited e1" + gone},
		},
		"draft voided, restored, audited, voided": {
			{void("Z", 2, "WH1"), "never_audited e1" + gone},
			{draft("WH1"), "never_audited e1" + gone},
			{live(3, "WH1"), "live e2" + standing},
			{void("D", 4, "WH9"), "voided e2 WH1 snapshot/snapshot"},
		},
		"draft, audited, voided: the draft begins the generation": {
			{draft("WH1"), "never_audited e1" + gone},
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
		},
		"un-audited and audited again between two reads: a new generation": {
			{live(1, "WH1"), "live e1" + standing},
			{live(2, "WH2"), "live e2 vanished:WH1@e1" + standing},
			{void("D", 3, "WH2"), "voided e2 WH2 snapshot/snapshot"},
		},
		"un-audited, audited again and voided between two reads, approve date kept": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 3, "WH1").withApproved(2), "voided e2 WH1 approved/current"},
		},
		"edited while live: the later snapshot counts, its lost order is a person's": {
			{live(1, "WH1", "WH2"), "live e1" + standing},
			{live(1, "WH2", "WH3"), "live e1 vanished:WH1@e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH2 WH3 snapshot/snapshot"},
		},
		"restored and live: what was sent is a person's": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH1"), "un_audited e1" + gone},
			{live(3, "WH1"), "live e2" + standing},
		},
		"first seen voided, audited by its date": {
			{void("D", 2, "WH1").withApproved(1), "voided e1 WH1 approved/current"},
		},
		"first seen voided, audited by its letter": {
			{void("C", 2, "WH1"), "voided e1 WH1 weak/current"},
		},
		"voided before the start": {
			{void("D", -1, "WH1").withApproved(-2), "before_cutover e1" + gone},
		},
		"voided on the day before, without a time of day": {
			{void("D", -24, "WH1").onlyDate(), "before_cutover e1" + gone},
		},
		"voided before the start, but once seen live": {
			{live(-5, "WH1"), "live e1" + standing},
			{void("D", -1, "WH1"), "voided e1 WH1 snapshot/snapshot"},
		},
		"before the start, restored, audited, voided": {
			{void("D", -1, "WH1"), "before_cutover e1" + gone},
			{live(1, "WH1"), "live e2" + standing},
			{void("D", 2, "WH1"), "voided e2 WH1 snapshot/snapshot"},
		},
		"voided, without any date, never seen live": {
			{void("D", 0, "WH1"), "voided e1 WH1 weak/current held:no_event_time"},
		},
		"voided draft without any date": {{void("A", 0, "WH1"), "never_audited e1" + gone}},
		"voided without a cancel date, changed earlier": {
			{void("D", 0, "WH1").withModified(-1), "voided e1 WH1 weak/current held:no_event_time"},
		},
		"voided without any date, but once seen live": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 0, "WH1"), "voided e1 WH1 snapshot/snapshot"},
		},
		"first seen un-audited": {
			{unAudited("WH1"), "never_seen_live e1" + gone},
			{void("D", 2, "WH1"), "voided e1 WH1 weak/current"},
		},
		"closed": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
		},
		"closed, then voided: one generation, as it was owed at its first end": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{void("C", 3, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{void("C", 3, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
		},
		"closed and voided, the void taken back: closed as before": {
			{live(1, "WH1"), "live e1" + standing},
			{void("C", 3, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{closed(2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{void("C", 4, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{live(1, "WH1"), "live e2" + standing},
		},
		"voided, restored unseen, closed: it had come to life in between": {
			{live(1, "WH1"), "live e1" + standing},
			{void("D", 2, "WH1"), "voided e1 WH1 snapshot/snapshot"},
			{closed(4, "WH2").withApproved(3), "voided e2 WH2 approved/current vanished:WH1@e1"},
		},
		"closed, reopened, closed: two generations, each with its snapshot": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{live(1, "WH1"), "live e2" + standing},
			{closed(3, "WH1").withApproved(1), "voided e2 WH1 snapshot/snapshot"},
		},
		"the same with the reopening unseen": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{closed(3, "WH1").withApproved(1), "voided e2 WH1 snapshot/snapshot"},
		},
		"closed, reopened, un-audited, voided: never quietly nothing": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(2, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{unAudited("WH2"), "un_audited e1" + gone},
			{void("D", 3, "WH2"), "voided e2 WH1 snapshot/snapshot"},
		},
		"reopened and un-audited where Kingdee keeps the cancel date of an earlier life": {
			{void("D", 1, "WH1"), "voided e1 WH1 weak/current"},
			{live(2, "WH1").withVoided(1), "live e2" + standing},
			{closed(3, "WH1").withApproved(2), "voided e2 WH1 snapshot/snapshot"},
			{unAudited("WH1").withVoided(1), "un_audited e2" + gone},
			{unAudited("WH1").withVoided(1).withModified(4), "un_audited e2" + gone},
			{void("D", 5, "WH1"), "voided e3 WH1 snapshot/snapshot"},
		},
		"closed where nobody knows the key of the close date, then voided": {
			{live(1, "WH1"), "live e1" + standing},
			{closed(0, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
			{void("C", 3, "WH1").withApproved(1), "voided e1 WH1 snapshot/snapshot"},
		},
		"closed without a date, never seen live": {
			{closed(0, "WH1").withApproved(1), "voided e1 WH1 approved/current held:no_event_time"},
		},
		"closed before the start": {{closed(-1, "WH1").withApproved(-2), "before_cutover e1" + gone}},
		"closed before the start, voided after it": {
			{closed(-1, "WH1").withApproved(-2), "before_cutover e1" + gone},
			{void("C", 1, "WH1").withApproved(-2), "voided e1 WH1 approved/current"},
		},
		"in approval, not yet audited": {{seen{status: "B", cancel: "A"}, "never_audited e1" + gone}},
	} {
		t.Run(name, func(t *testing.T) {
			var known *rule.Known
			for i, r := range life {
				d := rule.Decide(inbound, known, r.seen.bill(), h(100+float64(i)))
				require.Equal(t, r.want, told(d), "read %d", i+1)
				after := d.After
				known = &after
			}
		})
	}
}

func TestAVoidWithoutATimeOfDayCountsAsTheEndOfItsDay(t *testing.T) {
	p := inbound
	p.Cutover = h(13) // 13:00 of the day
	d := rule.Decide(p, nil, void("D", 1e-12, "WH1").onlyDate().bill(), h(100))
	require.Equal(t, rule.ClassVoided, d.Class,
		"voided some time that day: after the start, as far as anybody can tell")
	d = rule.Decide(p, nil, void("D", 12, "WH1").bill(), h(100))
	require.Equal(t, rule.ClassBeforeCutover, d.Class)
	d = rule.Decide(p, nil, void("D", 13, "WH1").bill(), h(100))
	require.Equal(t, rule.ClassVoided, d.Class, "at the very start")
}

func TestOlderKnowledgeChangesNothing(t *testing.T) {
	known := rule.Decide(inbound, nil, live(1, "WH1").bill(), h(10)).After
	d := rule.Decide(inbound, &known, void("D", 2, "WH1").bill(), h(9))
	require.Equal(t, rule.Decision{Class: rule.ClassStale}, d)
	d = rule.Decide(inbound, &known, void("D", 2, "WH1").bill(), h(10))
	require.Equal(t, rule.ClassVoided, d.Class, "two pages of one query share its time")
}

func TestOtherOrganisationsAreSeenAndOweNothing(t *testing.T) {
	p := inbound
	p.Orgs = map[string]bool{"200": true}
	d := rule.Decide(p, nil, void("D", 2, "WH1").bill(), h(10))
	require.Equal(t, rule.ClassNotSelected, d.Class)
	require.Equal(t, rule.ClassNotSelected, d.After.Class)
	require.Empty(t, d.Orders)
	p.Orgs["100"] = true
	require.Equal(t, rule.ClassVoided, rule.Decide(p, nil, void("D", 2, "WH1").bill(), h(10)).Class)
}

func TestTheSnapshotIsNotTheBillThatChangesLater(t *testing.T) {
	bill := live(1, "WH1").bill()
	d := rule.Decide(inbound, nil, bill, h(10))
	require.Equal(t, "WH1", d.After.Snapshot.Lines["products"][0].Warehouse)
	require.Equal(t, d.Snapshot, d.After.LastSnapshot)
	require.Equal(t, 1, d.After.LastSnapshotGeneration)
	bill.Number = "changed"
	require.Equal(t, "ZZCX000007", d.Snapshot.Number)
}

func TestALightReadAsksForTheWholeBillWhenAnythingDiffers(t *testing.T) {
	known := rule.Decide(inbound, nil, live(1, "WH1").bill(), h(10)).After
	same := live(1, "WH1").bill().State()
	require.True(t, rule.Changed(nil, same))
	require.False(t, rule.Changed(&known, same))
	utc := same
	utc.ApproveTime = utc.ApproveTime.UTC()
	require.False(t, rule.Changed(&known, utc), "the same moment in another zone")
	for name, change := range map[string]func(*rule.State){
		"number":   func(s *rule.State) { s.Number = "X" },
		"org":      func(s *rule.State) { s.Org = "200" },
		"document": func(s *rule.State) { s.DocumentStatus = rule.Reaudit },
		"cancel":   func(s *rule.State) { s.CancelStatus = rule.Voided },
		"kind":     func(s *rule.State) { s.Kind = form.Dassembly },
		"created":  func(s *rule.State) { s.CreateTime = h(1) },
		"modified": func(s *rule.State) { s.ModifyTime = h(1) },
		"approved": func(s *rule.State) { s.ApproveTime = h(2) },
		"voided":   func(s *rule.State) { s.CancelTime = h(2) },
	} {
		s := same
		change(&s)
		require.True(t, rule.Changed(&known, s), name)
	}
	known.HasPlanned = true
	require.True(t, rule.Changed(&known, same), "a planned cancellation counts as a change")
	known.HasPlanned, known.Class = false, rule.ClassUndecodable
	require.True(t, rule.Changed(&known, same), "one that could not be decoded is read again")
}

func TestACloseBeforeTheStartSaysThatItWasOne(t *testing.T) {
	d := rule.Decide(inbound, nil, closed(-1, "WH1").withApproved(-2).bill(), h(10))
	require.Equal(t, rule.ReasonClosed, d.Reason)
	require.Empty(t, rule.Decide(inbound, nil, void("C", -1, "WH1").withApproved(-2).bill(), h(10)).Reason)
}

// What shows that a bill was audited once, without a read that showed it live, is no draft.
func TestABillThatNoReadHasShownLiveIsAClassOfItsOwn(t *testing.T) {
	for name, life := range map[string][]struct {
		seen
		want string
	}{
		"by its letter":         {{unAudited("WH1"), "never_seen_live e1" + gone}},
		"by its approve date":   {{draft("WH1").withApproved(-1), "never_seen_live e1" + gone}},
		"a draft":               {{draft("WH1"), "never_audited e1" + gone}},
		"seen live before that": {{live(1, "WH1"), "live e1" + standing}, {draft("WH1"), "un_audited e1" + gone}},
		"by an earlier read": {
			{unAudited("WH1"), "never_seen_live e1" + gone},
			{draft("WH1"), "never_seen_live e1" + gone},
		},
		"voided, and the void taken back": {
			{void("C", 1, "WH1"), "voided e1 WH1 weak/current"},
			{draft("WH1"), "never_seen_live e1" + gone},
		},
		"voided as a draft": {
			{unAudited("WH1"), "never_seen_live e1" + gone},
			{void("A", 2, "WH1"), "voided e1 WH1 weak/current"},
		},
		"audited at last": {
			{unAudited("WH1"), "never_seen_live e1" + gone},
			{live(1, "WH1"), "live e2" + standing},
			{unAudited("WH1"), "un_audited e2" + gone},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var known *rule.Known
			for i, r := range life {
				d := rule.Decide(inbound, known, r.seen.bill(), h(100+float64(i)))
				require.Equal(t, r.want, told(d), "read %d", i+1)
				after := d.After
				known = &after
			}
		})
	}
}

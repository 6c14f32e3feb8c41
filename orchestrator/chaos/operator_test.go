package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// A person who types without looking would make the ledger say what is not so, and the judge would call it our fault.
func TestTheOperatorLooksBeforeHeTypes(t *testing.T) {
	live := history(1, did{0, books.ActionAudit})
	gone := history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{10, books.ActionDelete})
	for name, c := range map[string]struct {
		kind  rule.WorkKind
		state warehouse.State
		bill  books.BillTruth
		want  string
	}{
		"too late, and the goods are received":  {rule.WorkTooLate, warehouse.StateDone, gone, "ignore"},
		"too late, and they are not":            {rule.WorkTooLate, warehouse.StateWorking, gone, ""},
		"refused, and the order stands":         {rule.WorkRejected, warehouse.StateApproved, gone, "retry"},
		"unknown, and the order stands":         {rule.WorkOutcomeUnknown, warehouse.StateApproved, gone, "retry"},
		"unknown, and the order is cancelled":   {rule.WorkOutcomeUnknown, warehouse.StateCancelled, gone, "done"},
		"many are gone, and they are":           {rule.WorkManyGone, warehouse.StateApproved, gone, "release"},
		"many are gone, and one is not":         {rule.WorkManyGone, warehouse.StateApproved, live, ""},
		"unread, and it is there":               {rule.WorkUnread, warehouse.StateApproved, live, "retry"},
		"unread, and it is not":                 {rule.WorkUnread, warehouse.StateApproved, gone, ""},
		"live again: to be looked at elsewhere": {rule.WorkRestored, warehouse.StateCancelled, live, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts{evidence: newEvidence(nil), held: []int64{1}, cancellations: map[int64]cancellation{
				5: {ID: 5, Bill: 1, Number: number, Code: key.WarehouseCode, Order: number, Type: typeIn},
			}}
			f.bills[number] = []books.BillTruth{c.bill}
			f.orders[key] = warehouse.Truth{Key: key, Order: &warehouse.Order{Key: key, State: c.state}}
			require.Equal(t, c.want, f.decide(printed{
				Kind: string(c.kind), WorkItemID: 1, BillNo: number, CancellationID: 5,
			}))
		})
	}
}

// The only item about many bills may bear any number, and its release is demanded: it must not be one that waits.
func TestOnlyItemsOfOneBillWaitForLong(t *testing.T) {
	gone := history(1, did{0, books.ActionAudit}, did{9, books.ActionUnaudit}, did{10, books.ActionDelete})
	f := facts{evidence: newEvidence(nil), held: []int64{1}, cancellations: map[int64]cancellation{
		5: {ID: 5, Bill: 1, Number: number, Code: key.WarehouseCode, Order: number, Type: typeIn},
	}}
	f.bills[number] = []books.BillTruth{gone}
	require.Equal(t, "release", f.decide(printed{Kind: string(rule.WorkManyGone), WorkItemID: 8}))
	late := printed{Kind: string(rule.WorkRejected), WorkItemID: 8, BillNo: number, CancellationID: 5}
	require.Empty(t, f.decide(late))
	late.WorkItemID = 9
	require.Equal(t, "retry", f.decide(late))
}

// What an item prints is typed as it stands there; a shell reads it.
func TestTheOperatorTypesWhatIsPrinted(t *testing.T) {
	o := &operator{town: &town{dir: t.TempDir(), members: map[string]*member{first: {}, second: {}}}}
	o.folder = t.TempDir()
	said := o.folder + "/said"
	writeProgram(t, o.folder+"/voidrelay", `printf '%s|' "$@" >> `+said+`; exit $(cat `+o.folder+`/status)`)
	for _, m := range o.town.members {
		m.door.Store(new(string))
	}
	item := printed{
		Kind: "rejected", CancellationID: 5,
		Action: `按返回的原因处理，然后：voidrelay retry "chaos" --ids 5 --reason "……"`,
	}
	writeStatus(t, o.folder, "0")
	done, err := o.types(t.Context(), item, "retry")
	require.NoError(t, err)
	require.True(t, done)
	_, err = o.types(t.Context(), item, "done")
	require.NoError(t, err)
	require.Equal(t, "retry|chaos|--ids|5|--reason|……|done|chaos|--ids|5|--reason|……|", read(t, said))
	counts, failed := o.typed()
	require.Equal(t, map[string]int{"retry": 1, "done": 1}, counts)
	require.Zero(t, failed)

	writeStatus(t, o.folder, "1")
	done, err = o.types(t.Context(), item, "retry")
	require.NoError(t, err, "whoever should answer may be dead")
	require.False(t, done)
	writeStatus(t, o.folder, "2")
	_, err = o.types(t.Context(), item, "retry")
	require.ErrorContains(t, err, "status 2", "a printed command that makes no sense to the program")
	_, err = o.types(t.Context(), printed{Kind: "rejected", Action: "想一想"}, "retry")
	require.ErrorContains(t, err, "prints no command")
	_, err = o.types(t.Context(), item, "ignore")
	require.ErrorContains(t, err, "prints retry where ignore is called for")
}

// The failure: a play that nobody noticed counted as one that took place.
func TestAPlayThatNobodyNoticesFailsTheRun(t *testing.T) {
	full := func() *storm {
		o := &operator{acts: []act{{verb: "ignore"}, {verb: "retry"}, {verb: "done"}, {verb: "resume"}}}
		s := &storm{operator: o, asked: 1, plan: plan{plays: []play{{Kind: proxied}, {Kind: paused}}}}
		for _, kind := range []playKind{proxied, slowed, closed, paused} {
			s.played = append(s.played, played{play: play{Kind: kind}, met: 1, noticed: true, span: span{at(0), at(1)}})
		}
		return s
	}
	require.Empty(t, full().missing())
	for name, spoil := range map[string]func(*storm){
		"was not open within 1s":  func(s *storm) { s.played[0].noticed = false },
		"met no request":          func(s *storm) { s.played[1].met = 0 },
		"did not take place":      func(s *storm) { s.played = s.played[:2] },
		"nobody typed done":       func(s *storm) { s.operator.acts[2].status = 1 },
		"nobody could ask for a ": func(s *storm) { s.asked = 0 },
	} {
		s := full()
		spoil(s)
		missing := s.missing()
		require.Len(t, missing, 1, name)
		require.ErrorContains(t, missing[0], name)
	}
}

func TestTheLookoutNotesFromWhenToWhenAConditionIsOpen(t *testing.T) {
	w := newLookout()
	away := map[rule.ConditionKind]bool{rule.ConditionWMSAway: true}
	w.note(away, at(1))
	w.note(away, at(2))
	require.True(t, w.since(rule.ConditionWMSAway, at(5)), "it is open")
	w.note(nil, at(6))
	require.True(t, w.since(rule.ConditionWMSAway, at(5)))
	require.False(t, w.since(rule.ConditionWMSAway, at(7)))
	w.note(away, at(9))
	counts, lasted := w.counts(at(10))
	require.Equal(t, map[rule.ConditionKind]int{rule.ConditionWMSAway: 2}, counts)
	require.Equal(t, map[rule.ConditionKind]time.Duration{rule.ConditionWMSAway: 6 * time.Second}, lasted)
	require.Equal(t, []span{{at(1), at(6)}, {at(9), time.Time{}}}, w.all[rule.ConditionWMSAway])
}

func writeProgram(t *testing.T, file, line string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+line+"\n"), 0o700)) //nolint:gosec // G306: it is to run
}

func writeStatus(t *testing.T, folder, status string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "status"), []byte(status), 0o600))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/chaos/proxy"
	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

var long = size{kills: 200, each: everyKill, fresh: everyBill}

func TestTheSameSeedIsTheSamePlan(t *testing.T) {
	require.Equal(t, makePlan(7, long).lines(), makePlan(7, long).lines())
	require.NotEqual(t, makePlan(7, long).digest(), makePlan(8, long).digest())
}

func TestAPlanHasAllOfIt(t *testing.T) {
	p := makePlan(1, long)
	kills, points, deeds := map[blowKind]int{}, map[crashpoint.Name]int{}, map[deed]int{}
	for _, b := range p.blows {
		kills[b.Kind]++
		if b.Kind == atPoint {
			points[b.Point]++
		}
	}
	for _, s := range p.steps {
		deeds[s.Do]++
	}
	require.Equal(t, 200, kills[kill]+kills[atPoint]+kills[powerCut]+kills[atOnce])
	for _, kind := range []blowKind{kill, atPoint, freeze, powerCut, atOnce} {
		require.NotZero(t, kills[kind], kind)
	}
	for _, point := range crashpoint.All() {
		require.NotZero(t, points[point], point)
	}
	for _, d := range []deed{create, audit, unaudit, void, restore, move, remove, begin, finish} {
		require.NotZero(t, deeds[d], d)
	}
	require.NotEmpty(t, p.faults)
	plays, answers := map[playKind]int{}, map[proxy.Answer]int{}
	for _, one := range p.plays {
		plays[one.Kind]++
		answers[one.Answer]++
	}
	for kind := range opens {
		require.NotZero(t, plays[kind], kind)
	}
	for _, answer := range proxy.Answers() {
		require.NotZero(t, answers[answer], answer)
	}
	require.NotEmpty(t, p.refusals)
}

// Each seed plays each kind of outage, and somebody stops everything or the scheme, however short the plan is.
func TestAShortPlanHasEachPlay(t *testing.T) {
	for seed := range uint64(20) {
		p := makePlan(seed, size{kills: shortKills, each: everyKill, fresh: everyBill})
		sure := map[playKind]bool{}
		for _, one := range p.plays {
			sure[one.Kind] = one.Sure
		}
		require.True(t, sure[proxied] && sure[slowed] && sure[closed] && (sure[paused] || sure[stopped]), "%v", p.plays)
		require.Subset(t, p.demands(), []string{"ignore", "retry", "done"})
	}
	targeted := makePlan(1, size{kills: 8, each: everyKill, fresh: everyBill, at: crashpoint.AfterSend})
	require.Empty(t, targeted.plays)
	require.Empty(t, targeted.demands())
}

// Each story comes at least twenty times in a storm of 120 kills; host_with_another_file comes with every orchestrator
// that is killed after the first change.
func TestALongPlanHasEachStoryTwentyTimes(t *testing.T) {
	for seed := range uint64(6) {
		p := makePlan(seed, size{kills: 120, each: everyKill, fresh: everyBill})
		told := map[storyKind]int{}
		for _, c := range p.changes {
			if c.Without == "" {
				told[returned]++
			} else {
				told[dropped]++
			}
		}
		for _, h := range p.hidings {
			told[h.story()]++
		}
		again := map[string]bool{}
		for _, s := range p.steps {
			if s.Do == audit && strings.HasPrefix(s.Number, reusePrefix) {
				again[s.Number] = true
			}
		}
		told[numberHeld] = len(again)
		for _, b := range p.blows {
			if b.Kind != freeze && (b.Target == first || b.Target == second) && b.At > p.changes[0].At {
				told[fileDiffers]++
			}
		}
		for _, kind := range stories {
			require.GreaterOrEqual(t, told[kind], 20, "%s, seed %d", kind, seed)
		}
	}
}

// What is applied lacks the warehouse that the plan takes out, and says of the WMS what is so.
func TestThePlansDocument(t *testing.T) {
	p := makePlan(3, size{kills: shortKills, each: everyKill, fresh: everyBill})
	p.wms.RecreateCancelled = false
	schemes, err := scheme.Load(p.document("CK004"), "scheme.yaml")
	require.NoError(t, err)
	_, listed := schemes[0].Warehouse("CK004")
	require.False(t, listed)
	_, listed = schemes[0].Warehouse("CK005")
	require.True(t, listed)
	require.Equal(t, rule.NumberNew, schemes[0].NumberReuse)
	require.Equal(t, 12*time.Second, schemes[0].AbsentWait())
}

// A part of the herd that is hidden is too large for voidrelay to believe that it was deleted.
func TestMoreOfTheHerdIsHiddenThanDeletionsAreBelieved(t *testing.T) {
	h := hiding{Organisation: herdOrganisation, Share: 0.6}
	for first := range int64(100) {
		hidden := 0
		for i := range int64(herdSize) {
			if h.hides(100_000+first+3*i, herdOrganisation) {
				hidden++
			}
		}
		require.Greater(t, hidden, rule.ManyGone)
	}
}

// A step that Kingdee refuses would stop the run: the plan must know what each bill's state allows.
func TestStepsFollowKingdeesFlow(t *testing.T) {
	allowed := map[standing]map[deed]standing{
		live:   {unaudit: open, void: voided, begin: live, finish: live},
		open:   {audit: live, void: voided, move: live, remove: gone},
		voided: {restore: open, remove: gone},
		gone:   {create: live},
	}
	for seed := range uint64(20) {
		p := makePlan(seed, size{kills: 40, each: time.Second, fresh: 100 * time.Millisecond})
		now := map[string]standing{}
		for _, s := range p.steps {
			before, known := now[s.Number]
			if !known {
				before = gone
			}
			next, ok := allowed[before][s.Do]
			require.True(t, ok, "%s of %s, which is %d", s.Do, s.Number, before)
			require.False(t, s.Do == remove && before == voided && !p.kingdee.DeleteVoided,
				"this Kingdee keeps voided bills")
			now[s.Number] = next
		}
	}
}

func TestTheScheme(t *testing.T) {
	schemes, err := scheme.Load(schemeFile, "scheme.yaml")
	require.NoError(t, err)
	require.Len(t, schemes, 1)
	require.Equal(t, schemeName, schemes[0].Name)
	for _, stock := range stocks {
		_, listed := schemes[0].Warehouse(stock)
		require.True(t, listed, stock)
	}
}

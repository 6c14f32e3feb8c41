package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/chaos/proxy"
	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
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

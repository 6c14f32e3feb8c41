package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// What makes two reads differ makes their digests differ, and nothing else does.
func TestADigestTellsWhatSameTells(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 10, 15, 0, 0, time.UTC)
	base := rule.State{
		ID: 7, Number: "ZZ1", Org: "100", DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided,
		Kind:       form.Assembly,
		CreateTime: at, ModifyTime: at, ApproveTime: at,
	}
	moved := base
	moved.ModifyTime = at.In(time.FixedZone("+08", 8*3600))
	require.True(t, base.Same(moved))
	require.Equal(t, base.Digest(), moved.Digest())
	for name, change := range map[string]func(*rule.State){
		"id":                          func(s *rule.State) { s.ID++ },
		"number":                      func(s *rule.State) { s.Number = "ZZ2" },
		"organisation":                func(s *rule.State) { s.Org = "200" },
		"un-audited":                  func(s *rule.State) { s.DocumentStatus = rule.Reaudit },
		"voided":                      func(s *rule.State) { s.CancelStatus = rule.Voided },
		"closed":                      func(s *rule.State) { s.Closed = true },
		"kind":                        func(s *rule.State) { s.Kind = form.Dassembly },
		"create date":                 func(s *rule.State) { s.CreateTime = at.Add(time.Millisecond) },
		"modify date":                 func(s *rule.State) { s.ModifyTime = time.Time{} },
		"approve date":                func(s *rule.State) { s.ApproveTime = at.Add(time.Hour) },
		"cancel date":                 func(s *rule.State) { s.CancelTime = at },
		"text moved to its neighbour": func(s *rule.State) { s.Number, s.Org = "ZZ", "1100" },
	} {
		other := base
		change(&other)
		require.False(t, base.Same(other), name)
		require.NotEqual(t, base.Digest(), other.Digest(), name)
	}
}

func TestATallyDoesNotCareForOrder(t *testing.T) {
	t.Parallel()
	var one, other rule.Tally
	for id := range int64(50) {
		one.Add(rule.State{ID: id})
		other.Add(rule.State{ID: 49 - id})
	}
	require.Equal(t, one, other)
	other.Add(rule.State{ID: 50})
	require.NotEqual(t, one, other)
}

func TestTheStampIsTheLatestDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 10, 59, 59, 0, time.UTC)
	require.Equal(t, at,
		rule.State{CreateTime: at.Add(-time.Hour), CancelTime: at, ApproveTime: at.Add(-time.Minute)}.Stamp())
	require.Equal(t, time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC), rule.Hour(at))
	require.True(t, rule.State{}.Stamp().IsZero())
}

package scheme_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestDefaults(t *testing.T) {
	s := load(t, good)
	require.Equal(t, "demo", s.Title)
	require.Equal(t, "dc-1", s.DataCenter)
	require.Equal(t, time.Minute, s.VerifyAfter)
	require.True(t, s.EffectiveFrom.IsZero())
	require.Empty(t, cmp.Diff(rule.SafetyLimits{PerHour: 100, PerDay: 500}, s.SafetyLimits()))
	require.Empty(t, cmp.Diff(rule.Timing{
		Backoff: time.Minute, NotFoundGrace: 30 * time.Minute, NotFoundHourly: time.Hour, NotFoundLimit: 24 * time.Hour,
		MaxInProgress: 10, MaxUnrecognised: 3, MaxUnknown: 5, MaxChanges: 20,
	}, s.Timing()))
	require.Equal(t, []rule.OrderKind{{BillKind: form.Assembly, Direction: rule.In}}, s.Kinds())
	w, ok := s.Warehouse("CK009")
	require.True(t, ok)
	require.True(t, w.Outside)
	_, ok = s.Warehouse("")
	require.False(t, ok)
}

func TestEverythingCanBeSet(t *testing.T) {
	s := load(t, with(t, "    form:", `    title: 演示
    organisations: [100, 0200]
    triggers: [voided, un_audited, deleted]
    un_audited: {dwell: 90s}
    number_reuse: same
    effective_from: 2026-05-06T00:00:00+08:00
    mode: dry_run
    incremental_interval: 15s
    verify_after: 20s
    safety_limits: {per_hour: 10000, per_day: 20000}
    timing: {backoff: 1s, not_found_grace: 5s, max_unknown: 2}
    form:`))
	require.Equal(t, "演示", s.Title)
	require.Equal(t, 15*time.Second, s.IncrementalInterval(scheme.Real))
	require.Equal(t, 15*time.Second, s.IncrementalInterval(scheme.Sandbox))
	require.Equal(t, scheme.DryRun, s.Mode(scheme.Sandbox))
	require.Equal(t, 20*time.Second, s.VerifyAfter)
	require.Equal(t, int64(10000), s.SafetyLimits().PerHour)
	require.Equal(t, 2, s.Timing().MaxUnknown)
	require.Equal(t, rule.NumberSame, s.Timing().NumberReuse)
	require.True(t, s.EffectiveFrom.Equal(time.Date(2026, 5, 5, 16, 0, 0, 0, time.UTC)))
	cutover := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Empty(t, cmp.Diff(rule.Policy{
		Cutover: cutover,
		Triggers: map[rule.Trigger]rule.Terms{
			rule.TriggerVoided: {}, rule.TriggerUnAudited: {Dwell: 90 * time.Second}, rule.TriggerDeleted: {},
		},
		Orgs:   map[string]bool{"100": true, "0200": true},
		Form:   form.AssembledApp,
		Orders: map[rule.OrderKind]rule.Source{{BillKind: form.Assembly, Direction: rule.In}: form.Products},
	}, s.Policy(cutover, nil), cmp.AllowUnexported(rule.Policy{})))
}

func TestRevisionsDifferByContentOnly(t *testing.T) {
	base := load(t, good).Hash()
	require.Len(t, base, 64)
	require.Equal(t, base, load(t, with(t, "form:", "# a remark\n    form:")).Hash())
	require.Equal(t, base, load(t, with(t, "{data_center: dc-1}", "\n      data_center: 'dc-1'")).Hash())
	require.NotEqual(t, base, load(t, with(t, "WH-1", "WH-2")).Hash())
	require.NotEqual(t, base, load(t, with(t, "QTRK", "CGRK")).Hash())
}

func TestDocumentStandsAlone(t *testing.T) {
	s := load(t, with(t, "      Assembly.in:\n",
		"      Assembly.out: &order {lines: components, order_code: bill.number, order_type: QTCK} # 出库\n"+
			"      Dassembly.out: *order\n      Assembly.in:\n"))
	require.Contains(t, s.Document(), "# 出库")
	again := load(t, "schemes:\n  - "+strings.ReplaceAll(s.Document(), "\n", "\n    "))
	require.Equal(t, s.Hash(), again.Hash())
}

func TestIdentityNeverChanges(t *testing.T) {
	old := load(t, good)
	require.NoError(t, scheme.ChangedIdentity(old, load(t, with(t, "WH-1", "WH-2"))))
	require.NoError(t,
		scheme.ChangedIdentity(old, load(t, with(t, "{outside: true}", "{account: default, code: WH-9}"))))

	var changed *scheme.IdentityError
	require.ErrorAs(t, scheme.ChangedIdentity(old, load(t, with(t, "dc-1", "dc-2"))), &changed)
	require.Equal(t, "kingdee.data_center", changed.Field)
	require.ErrorAs(t, scheme.ChangedIdentity(old, load(t, with(t, "account: default", "account: other"))), &changed)
	require.Equal(t, "warehouses.account", changed.Field)
	require.EqualError(t, changed,
		"scheme demo: warehouses.account cannot change from default to other; give the new one a name of its own")
}

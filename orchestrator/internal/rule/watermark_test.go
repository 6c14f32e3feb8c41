package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestTheWatermarkFollowsTheVendorsClock(t *testing.T) {
	watermark, vendor := h(1), h(2)
	for name, tc := range map[string]struct {
		watermark time.Time
		clock     rule.Clock
		want      time.Time
	}{
		"the first header's clock less settle": {
			watermark, rule.Clock{Vendor: vendor, Service: h(3)}, vendor.Add(-30 * time.Second),
		},
		"a vendor behind us": {
			watermark, rule.Clock{Vendor: vendor, Service: h(9)}, vendor.Add(-30 * time.Second),
		},
		"no clock: ours less ten minutes": {
			watermark, rule.Clock{Service: h(3)}, h(3).Add(-10*time.Minute - 30*time.Second),
		},
		"never backwards":                        {h(5), rule.Clock{Vendor: vendor, Service: h(3)}, h(5)},
		"never backwards without a clock either": {h(3), rule.Clock{Service: h(3)}, h(3)},
		"whole seconds, downwards": {
			watermark, rule.Clock{Vendor: vendor.Add(999 * time.Millisecond)}, vendor.Add(-30 * time.Second),
		},
		"the first watermark": {
			time.Time{}, rule.Clock{Vendor: vendor}, vendor.Add(-30 * time.Second),
		},
		"the same run again leaves it where it is": {
			vendor.Add(-30 * time.Second), rule.Clock{Vendor: vendor}, vendor.Add(-30 * time.Second),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := rule.NextWatermark(tc.watermark, tc.clock)
			require.True(t, got.Equal(tc.want), "got %s, want %s", got, tc.want)
		})
	}
}

func TestARunBeginsAnOverlapBehindTheWatermark(t *testing.T) {
	got := rule.LowerEdge(h(2).Add(999*time.Millisecond), 0)
	require.True(t, got.Equal(h(1.5)), got.String())
	require.Zero(t, got.Nanosecond())
}

func TestAStampAheadOfTheVendorsClockIsSuspect(t *testing.T) {
	clock := rule.Clock{Vendor: h(1), Service: h(1)}
	at := func(ahead time.Duration) rule.State { return rule.State{ModifyTime: h(1).Add(ahead)} }
	require.False(t, rule.Ahead(at(2*time.Minute), clock, 0))
	require.True(t, rule.Ahead(at(2*time.Minute+time.Second), clock, 0))
	require.False(t, rule.Ahead(at(12*time.Minute), clock, 10*time.Minute), "a later page of a long run")
	require.True(t, rule.Ahead(at(3*time.Minute), clock, -time.Hour), "never earlier than the header")
	require.False(t, rule.Ahead(at(time.Hour), rule.Clock{Service: h(1)}, 0), "nothing to compare with")
	for _, s := range []rule.State{{CreateTime: h(2)}, {ApproveTime: h(2)}, {CancelTime: h(2)}} {
		require.True(t, rule.Ahead(s, clock, 0))
	}
	require.False(t, rule.Ahead(rule.State{}, clock, 0), "unset dates")
}

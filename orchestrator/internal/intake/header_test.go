package intake

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func shipped(t *testing.T) Entry {
	t.Helper()
	schemes, err := scheme.Shipped()
	require.NoError(t, err)
	return Entry{Scheme: schemes[0], Revision: 1}
}

func header(e Entry, now time.Time) *kingdeev1.StreamHeader {
	return &kingdeev1.StreamHeader{
		VendorTime: timestamppb.New(now), ServiceTime: timestamppb.New(now),
		Account: &kingdeev1.Account{
			DataCenterId: e.DataCenter, TimeZone: "Asia/Shanghai",
			UtcOffsetSeconds: 8 * 3600, LoginUtcOffsetSeconds: proto.Int32(8 * 3600),
			Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX,
		},
	}
}

func TestAHeaderOfOtherBooksIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		change    func(*kingdeev1.StreamHeader)
		watermark *ledger.Watermark
		stop      string
		fails     string
	}{
		"as it should be": {change: func(*kingdeev1.StreamHeader) {}},
		"another data centre": {
			change: func(h *kingdeev1.StreamHeader) { h.Account.DataCenterId = "other" }, stop: rule.StopDataCenter,
		},
		"a real server under a watermark of a sandbox": {
			change: func(h *kingdeev1.StreamHeader) {
				h.Account.Environment = kingdeev1.Environment_ENVIRONMENT_REAL
			},
			watermark: &ledger.Watermark{Environment: ledger.Sandbox}, stop: rule.StopEnvironment,
		},
		"times read in another zone than the watermark's": {
			change:    func(*kingdeev1.StreamHeader) {},
			watermark: &ledger.Watermark{Environment: ledger.Sandbox, TimeZone: "UTC"},
			stop:      rule.StopZone,
		},
		"another name of the same clock": {
			change:    func(*kingdeev1.StreamHeader) {},
			watermark: &ledger.Watermark{Environment: ledger.Sandbox, TimeZone: "PRC"},
		},
		"a zone that a person has let go": {
			change: func(*kingdeev1.StreamHeader) {}, watermark: &ledger.Watermark{Environment: ledger.Sandbox},
		},
		"a scheme for sandboxes on a real server": {
			change: func(h *kingdeev1.StreamHeader) { h.Account.Environment = kingdeev1.Environment_ENVIRONMENT_REAL },
			stop:   rule.StopNotAllowed,
		},
		"a server that does not say what it is": {
			change: func(h *kingdeev1.StreamHeader) {
				h.Account.Environment = kingdeev1.Environment_ENVIRONMENT_UNSPECIFIED
			}, fails: "real or a sandbox",
		},
		"hosts whose clocks differ": {
			change: func(h *kingdeev1.StreamHeader) { h.ServiceTime = timestamppb.New(now.Add(-3 * time.Second)) },
			fails:  "clocks",
		},
		"no header at all": {change: func(h *kingdeev1.StreamHeader) { h.Account = nil }, fails: "no header"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := shipped(t)
			h := header(e, now)
			c.change(h)
			_, err := checkHeader(h, e, c.watermark, now)
			var stop *StopError
			switch {
			case c.stop != "":
				require.ErrorAs(t, err, &stop)
				require.Equal(t, c.stop, stop.Reason)
			case c.fails != "":
				require.ErrorContains(t, err, c.fails)
				require.NotErrorAs(t, err, &stop, "what may pass by itself must not stop a scheme")
			default:
				require.NoError(t, err)
			}
		})
	}
}

func TestALoginWithAnotherZoneMakesTheClockSuspect(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	now := time.Now()
	h := header(e, now)
	h.Account.LoginUtcOffsetSeconds = proto.Int32(0)
	a, err := checkHeader(h, e, nil, now)
	require.NoError(t, err)
	require.True(t, a.ZoneSuspect)
}

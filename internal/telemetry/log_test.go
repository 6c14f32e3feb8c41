package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func parsed(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for one := range strings.Lines(text) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(one), &line))
		out = append(out, line)
	}
	return out
}

func TestALineHasSecondsAndWhatTheContextKnows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := NewLogger(&out, slog.LevelInfo).With("service", "test")
	ctx := Within(WithRequestID(t.Context(), "ticket-7"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	logger.InfoContext(ctx, "waited", slog.Duration("pause", 16*time.Millisecond), slog.Any("err", errors.New("x")))
	logger.DebugContext(ctx, "too fine")
	lines := parsed(t, out.String())
	require.Len(t, lines, 1)
	require.InDelta(t, 0.016, lines[0]["pause"], 0)
	require.Equal(t, "ticket-7", lines[0]["request_id"])
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", lines[0]["trace_id"])
	require.Equal(t, "test", lines[0]["service"])
}

func TestATroubleIsToldOnceWhileItLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := OnChange(NewLogger(&out, slog.LevelInfo))
		trouble := func(subject string, attempt int) {
			logger.Warn("pass did not end", slog.String("scheme", subject), slog.Int("attempt", attempt),
				slog.Any("err", fmt.Errorf("dial 127.0.0.1:%d: refused", 40000+attempt)))
		}
		for i := range 20 {
			trouble("a", i)
			time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
		}
		trouble("b", 1)
		logger.With("service", "other").Warn("pass did not end", slog.String("scheme", "a"),
			slog.Any("err", errors.New("dial 127.0.0.1:1: refused")))
		logger.Warn("pass did not end", slog.String("scheme", "a"), slog.Any("err", errors.New("login refused")))
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		trouble("a", 99)
		for range 3 {
			logger.Info("steady")
		}
		lines := parsed(t, out.String())
		require.Len(t, lines, 8)
		require.Nil(t, lines[0]["repeated"])
		require.Equal(t, "b", lines[1]["scheme"], "another subject is another trouble")
		require.Equal(t, "other", lines[2]["service"])
		require.Equal(t, "login refused", lines[3]["err"], "another cause is another trouble")
		require.InDelta(t, 19, lines[4]["repeated"], 0, "what was held back is counted")
		require.Equal(t, "steady", lines[7]["msg"], "what is no trouble is never held back")
	})
}

// Two bills whose numbers stood in the cause alone were one trouble, and the second was never told.
func TestWhatDiffersIsTold(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"dial 127.0.0.1:40001: refused", "dial 127.0.0.1:51234: refused"},
		{"no answer after 20.000123s", "no answer after 19.999871s"},
		{"try 3 of 9", "try 4 of 9"}, {"at 10:15:02 the server said no", "at 11:16:07 the server said no"},
		{"[Channel #2 SubChannel #8] x", "[Channel #2 SubChannel #19] x"},
	} {
		require.Equal(t, withoutCounts(same[0]), withoutCounts(same[1]))
	}
	for _, other := range [][2]string{
		{"bill ZZCX000154: no lines", "bill ZZCX000155: no lines"}, {"bill 100066: no lines", "bill 100067: no lines"},
		{"单据 ZZCX-2026-0001 有误", "单据 ZZCX-2026-0002 有误"},
		{`bill "20260001" has no lines`, `bill "20260002" has no lines`},
	} {
		require.NotEqual(t, withoutCounts(other[0]), withoutCounts(other[1]))
	}
}

// Whoever may call can have as many different causes told as he likes: they must not be remembered without end.
func TestTroublesAreNotRememberedWithoutEnd(t *testing.T) {
	t.Parallel()
	logger := OnChange(NewLogger(io.Discard, slog.LevelInfo))
	for i := range 5 * mostLines {
		logger.Warn("refused", slog.String("bill_no", fmt.Sprint(i)))
	}
	require.LessOrEqual(t, len(logger.Handler().(*onChange).told.lines), mostLines)
}

func TestATraceparentComesBackAsItWasKept(t *testing.T) {
	t.Parallel()
	const kept = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	require.Equal(t, kept, Traceparent(Within(context.Background(), kept)))
	for _, bad := range []string{
		"", "nonsense", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", kept + "-x", "ff" + kept[2:],
	} {
		require.Empty(t, Traceparent(Within(context.Background(), bad)), bad)
		require.False(t, Place(bad).IsValid())
	}
}

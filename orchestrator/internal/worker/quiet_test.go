package worker

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Seventeen seconds without Postgres were 246 lines, 197 of them the queue library's.
func TestTheQueueIsSilentWhileTheLedgerIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			mu                  sync.Mutex // what is held back is told by a timer's goroutine
			out                 bytes.Buffer
			awaySince, backFrom time.Time
		)
		logger := quiet(slog.New(slog.NewTextHandler(&out, nil)), func(since time.Time) bool {
			mu.Lock()
			defer mu.Unlock()
			return !awaySince.IsZero() && (backFrom.IsZero() || backFrom.After(since))
		})
		now := func(what *time.Time) {
			mu.Lock()
			defer mu.Unlock()
			*what = time.Now()
		}
		run := func(d time.Duration) {
			time.Sleep(d) //nolint:forbidigo // the bubble's clock
			synctest.Wait()
		}
		logger.Error("fetching jobs", "err", "refused")
		run(2 * time.Second)
		now(&awaySince) // it is found out a moment after the first complaint
		for range 10 {
			logger.Error("fetching jobs", "err", "refused")
			run(time.Second)
		}
		now(&backFrom)
		logger.Error("fetching jobs", "err", "the database system is starting up")
		run(time.Minute)
		require.Empty(t, out.String())

		logger.Info("steady")
		logger.Error("a job panicked")
		run(time.Minute)
		require.Equal(t, 1, strings.Count(out.String(), "\n"), out.String())
		require.Contains(t, out.String(), "a job panicked")
	})
}

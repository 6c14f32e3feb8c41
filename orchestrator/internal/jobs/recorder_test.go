package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// awayStore is a database that is away for a while.
type awayStore struct {
	back   time.Time
	stored int
}

func (s *awayStore) StoreResults(_ context.Context, results []ledger.Result, _ func(ledger.Result, error)) error {
	if time.Now().Before(s.back) {
		return errors.New("terminating connection due to administrator command")
	}
	s.stored += len(results)
	return nil
}

// recordOne records one answer to a database that is away for this long.
func recordOne(t *testing.T, away time.Duration) (*awayStore, error) {
	s := &awayStore{back: time.Now().Add(away)}
	r := newRecorder(t.Context(), s, slog.New(slog.DiscardHandler))
	r.add(ledger.Result{ID: 1, Attempt: 1, Answer: rule.Answer{Disposition: rule.Cancelled}})
	return s, r.close()
}

func TestKnownAnswersOutliveABlinkOfPostgres(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := recordOne(t, claimHold/2)
		require.NoError(t, err)
		require.Equal(t, 1, s.stored)
	})
}

func TestARecorderGivesUpOnceItsClaimsHaveRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s, err := recordOne(t, time.Hour)
		require.ErrorContains(t, err, "administrator")
		require.Zero(t, s.stored)
		require.Equal(t, claimHold, time.Since(begun))
	})
}

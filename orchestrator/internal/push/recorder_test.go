package push

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
	r := NewRecorder(s, slog.New(slog.DiscardHandler)).begin()
	r.add(ledger.Result{ID: 1, Attempt: 1, Answer: rule.Answer{Disposition: rule.Cancelled}})
	return s, r.close()
}

func TestKnownAnswersOutliveABlinkOfPostgres(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := recordOne(t, LeaseHold/2)
		require.NoError(t, err)
		require.Equal(t, 1, s.stored)
	})
}

func TestARecorderGivesUpOnceItsLeasesHaveRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s, err := recordOne(t, time.Hour)
		require.ErrorContains(t, err, "administrator")
		require.Zero(t, s.stored)
		require.Equal(t, LeaseHold, time.Since(begun))
	})
}

// groupStore keeps the sizes of the groups that it was given.
type groupStore struct{ groups []int }

func (s *groupStore) StoreResults(_ context.Context, results []ledger.Result, _ func(ledger.Result, error)) error {
	<-time.After(50 * time.Millisecond)
	s.groups = append(s.groups, len(results))
	return nil
}

func TestBatchesShareTheGroupsOfARecorderAndWaitForTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &groupStore{}
		r := NewRecorder(s, slog.New(slog.DiscardHandler))
		first, second, idle := r.begin(), r.begin(), r.begin()
		began := time.Now()
		for i := range 3 {
			first.add(ledger.Result{ID: int64(i)})
			second.add(ledger.Result{ID: int64(10 + i)})
		}
		require.NoError(t, idle.close())
		require.Zero(t, time.Since(began), "a batch without results waits for nobody")
		require.NoError(t, first.close())
		require.Equal(t, groupWait+50*time.Millisecond, time.Since(began))
		require.NoError(t, second.close())
		require.Equal(t, []int{6}, s.groups)
	})
}

func TestOneBatchThatGivesUpTakesNoOtherAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &awayStore{back: time.Now().Add(LeaseHold + LeaseHold/4)}
		r := NewRecorder(s, slog.New(slog.DiscardHandler))
		old := r.begin()
		<-time.After(LeaseHold / 2)
		young := r.begin()
		old.add(ledger.Result{ID: 1})
		young.add(ledger.Result{ID: 2})
		require.ErrorContains(t, old.close(), "administrator")
		require.NoError(t, young.close())
		require.Equal(t, 1, s.stored)
	})
}

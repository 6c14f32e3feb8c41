package syncrun

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Rule 13 (docs/rules.md): a process was killed while it asked whether Kingdee can be read again, and for 140 s no
// other asked: nothing was read although Kingdee answered.
func TestAProcessThatDiesWhileItAsksKingdeeKeepsOthersForTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &oneProbe{}
		const takes = 100 * time.Second
		prober := &Prober{
			Store: store, Kingdee: slowCheck{takes: takes}, Registry: &intake.Registry{},
			Logger: slog.New(slog.DiscardHandler),
		}
		ended := make(chan error)
		go func() { ended <- prober.Run(t.Context()) }()
		for range int(takes/time.Second) - 1 {
			<-time.After(time.Second)
			kept := time.Until(store.until())
			require.Positive(t, kept, "nobody else asks meanwhile")
			require.LessOrEqual(t, kept, 10*time.Second, "had it died just now")
		}
		require.NoError(t, <-ended)
		require.Equal(t, "Kingdee answers", store.ended)
	})
}

// oneProbe is a ledger with one data centre that is due to be asked.
type oneProbe struct {
	mu    sync.Mutex
	kept  time.Time
	ended string
}

// keep is when somebody else may ask.
func (s *oneProbe) keep(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = until
}

func (s *oneProbe) until() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}

func (s *oneProbe) TakeReadingProbes(
	_ context.Context, _ []string, _ ledger.Pace, asking time.Duration,
) ([]ledger.ReadingProbe, error) {
	s.keep(time.Now().Add(asking))
	return []ledger.ReadingProbe{{DataCenterID: "1", Wait: time.Minute}}, nil
}

func (s *oneProbe) ProbeLater(_ context.Context, _ string, _ *ledger.Condition, wait time.Duration) error {
	s.keep(time.Now().Add(wait))
	return nil
}

func (*oneProbe) TellBehind(context.Context) error { return nil }

func (s *oneProbe) EndReading(
	_ context.Context, _, why string, _ func(tx pgx.Tx, scheme string) error,
) error {
	s.ended = why
	return nil
}

// slowCheck answers the harmless call after a while.
type slowCheck struct {
	kingdeev1.BillServiceClient
	takes time.Duration
}

func (c slowCheck) CheckConnection(
	ctx context.Context, _ *kingdeev1.CheckConnectionRequest, _ ...grpc.CallOption,
) (*kingdeev1.CheckConnectionResponse, error) {
	select {
	case <-time.After(c.takes):
		return &kingdeev1.CheckConnectionResponse{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

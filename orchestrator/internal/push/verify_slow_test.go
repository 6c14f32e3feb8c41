package push

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// meeting lets the first of two questions wait for the second.
type meeting struct {
	*vendortest.Books
	other chan struct{}
	mu    sync.Mutex
}

func (m *meeting) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	select {
	case m.other <- struct{}{}:
	case <-m.other:
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	// Read one after the other, so that the books need no lock; what matters is that both had been asked by then.
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Books.StreamBillStates(ctx, in)
}

// The two questions of a verification were asked one after the other: against a slow Kingdee the answer to the first
// was too old when the second came.
func TestAVerificationAsksItsQuestionsAtOnce(t *testing.T) {
	clock := time.Now()
	books := vendortest.NewBooks(&clock)
	books.Live(1, "A1", "CK001")
	books.Void(1)
	v := &Verifier{
		Store: holdsStore{}, Kingdee: &meeting{Books: books, other: make(chan struct{})},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	got, err := v.Run(t.Context(), shippedScheme(t), nil, []ledger.Due{voidedDue(1, 1, "A1")})
	require.NoError(t, err)
	require.Equal(t, rule.Holds, got[1].Outcome)
}

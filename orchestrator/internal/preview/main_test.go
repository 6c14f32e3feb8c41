package preview_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(storetest.With(m, func(ctx context.Context, url string) error {
		_, err := ledger.Migrate(ctx, url)
		return err
	}))
}

package revision_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(storetest.With(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

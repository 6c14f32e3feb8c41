package process

import (
	"context"
	"os"
	"testing"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// TestMain makes this binary a service when it is told to be one, and runs the tests otherwise.
func TestMain(m *testing.M) {
	if status, played := install.PlayRole(); played {
		os.Exit(status)
	}
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

package install

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The failure: sandboxes beside a Postgres of one's own were the first to make the folder for both, closed to others. A
// private Postgres, which runs under an account of its own, could then never be started below it.
func TestTheFolderAboveTheSandboxesStaysOpenToThePrivatePostgres(t *testing.T) {
	home := filepath.Join(t.TempDir(), "voidrelay")
	state := filepath.Join(home, "sandboxes-1")
	vendors, err := StartVendors(t.Context(), VendorOptions{StateDir: state, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, vendors.Stop(t.Context()))
	for folder, wanted := range map[string]os.FileMode{home: 0o755, state: 0o700} {
		info, err := os.Stat(folder)
		require.NoError(t, err)
		require.Equal(t, wanted, info.Mode().Perm(), folder)
	}
}

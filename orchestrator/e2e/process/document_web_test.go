//go:build web

package process

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a client generator makes of the OpenAPI document is enough to drive a day: tools/web/day.mts, which make
// check-web has compiled.
func TestTheClientOfTheDocumentDrivesADay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, from := range map[string]string{"day.mjs": "bin/web/day.mjs", "node_modules": "tools/web/node_modules"} {
		there, err := filepath.Abs(filepath.Join(root, from))
		require.NoError(t, err)
		if name == "node_modules" {
			require.DirExists(t, there, "make check-web installs them first")
			require.NoError(t, os.Symlink(there, filepath.Join(dir, name)))
			continue
		}
		program, err := os.ReadFile(there)
		require.NoError(t, err, "make check-web compiles it first")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), program, 0o600))
	}
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	p, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))
	const number = "ZZCX000151"
	_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, number)
	require.NoError(t, err)

	day := exec.CommandContext(ctx, "node", "day.mjs", "http://"+p.Addrs[1], "assembly-void", number)
	day.Dir = dir
	said, err := day.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Equal(t, number+" 已取消\n", string(said))
	terminate(t, p)
}

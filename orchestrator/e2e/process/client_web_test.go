//go:build web

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// contracts gives a folder the contracts and what they import, as docs/grpc.md lays them out: proto and third. bin
// has both in one folder once `make check-web` has exported them.
func contracts(t *testing.T, dir string) {
	t.Helper()
	exported, err := filepath.Abs(filepath.Join(root, "bin", "contracts"))
	require.NoError(t, err)
	require.DirExists(t, filepath.Join(exported, "buf"), "make check-web exports the contracts first")
	ours, err := filepath.Abs(filepath.Join(root, "proto"))
	require.NoError(t, err)
	require.NoError(t, os.Symlink(ours, filepath.Join(dir, "proto")))
	require.NoError(t, os.Symlink(filepath.Join(exported, "buf"), filepath.Join(dir, "third", "buf")))
}

func TestTheNodeClientOfThePageMissesNothingAndSaysNothingTwice(t *testing.T) {
	t.Parallel()
	dir := blocks(t, "client.cjs", "third/details.proto")
	contracts(t, dir)
	modules, err := filepath.Abs(filepath.Join(root, "tools", "web", "node_modules"))
	require.NoError(t, err)
	require.DirExists(t, modules, "make check-web installs them first")
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	followsADay(t, dir, "node", "client.cjs")
}

// pythonWithGRPC is a Python that has the package grpcio; make check-web leaves the test out where none has it.
func pythonWithGRPC(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import grpc, google.protobuf").Run() == nil {
			return python
		}
	}
	require.FailNow(t, "no Python here has grpcio")
	return ""
}

func TestThePythonClientOfThePageMissesNothingAndSaysNothingTwice(t *testing.T) {
	t.Parallel()
	python := pythonWithGRPC(t)
	dir := blocks(t, "compile.sh", "client.py", "third/details.proto")
	contracts(t, dir)
	works(t, dir, "sh", "-e", "compile.sh")
	followsADay(t, dir, python, "client.py")
}

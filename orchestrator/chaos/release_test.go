package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
)

// What kills a process on purpose must not be in a program that anybody runs.
func TestReleaseBinariesHoldNoPoints(t *testing.T) {
	marks := []string{crashpoint.FileSetting, "internal/crashpoint.Here"}
	require.Empty(t, found(t, marks), "built as a release is")
	require.Equal(t, marks, found(t, marks, "-tags", "chaos"),
		"built for the chaos test: the search finds what it looks for")
}

// found builds the orchestrator and answers which of the marks are in it.
func found(t *testing.T, marks []string, flags ...string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "orchestrator")
	args := append(append([]string{"build"}, flags...), "-o",
		program, "github.com/voidrelay/voidrelay/orchestrator/cmd/orchestrator")
	said, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoError(t, err, string(said))
	content, err := os.ReadFile(program)
	require.NoError(t, err)
	var in []string
	for _, mark := range marks {
		if bytes.Contains(content, []byte(mark)) {
			in = append(in, mark)
		}
	}
	return in
}

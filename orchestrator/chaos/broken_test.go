//go:build chaos

package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
)

// Builds that are broken on purpose show that the test can find what it looks for.
func TestBrokenBuildsAreCaught(t *testing.T) {
	for _, c := range []struct {
		broken string
		find   fault
		args   []string
		// seeds are tried one after the other.
		seeds []string
	}{
		{"intent", unrecorded, []string{"-kills", "8", "-at", string(crashpoint.AfterSend)}, []string{"1", "2", "3"}},
		{"watermark", lost, []string{"-kills", "8", "-at", string(crashpoint.AfterFinish)}, []string{"1", "2", "3"}},
		// With these seeds a deletion is proved long after the number has been given again.
		{"claims", wrong, []string{"-kills", "10"}, []string{"3", "6", "9"}},
		{"cutover", lost, []string{"-kills", "10"}, []string{"1", "2", "4"}},
	} {
		t.Run(c.broken, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "chaos")
			readBroken(t, c.broken).build(t, "-tags", "chaos", "-o", program, ".")
			// One plan need not lead a process to the line in question; three of them do.
			var output bytes.Buffer
			for _, seed := range c.seeds {
				output.Reset()
				status := runChaos(t, &output, program, append(c.args, "-seed", seed, "-within", "4m")...)
				require.NotEqual(t, 2, status, "the plan could be carried out:\n%s", output.String())
				if status == 1 {
					break
				}
			}
			counted := regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(string(c.find)) +
				` (\d+)$`).FindSubmatch(output.Bytes())
			require.NotNil(t, counted, output.String())
			require.NotEqual(t, "0", string(counted[1]), output.String())
			t.Logf("%s", output.String())
		})
	}
}

func runChaos(t *testing.T, output *bytes.Buffer, program string, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = output, output
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode()
	}
	require.NoError(t, err)
	return 0
}

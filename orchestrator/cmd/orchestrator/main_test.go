package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// With asProgram set, this test binary is the program itself.
const asProgram = "ORCHESTRATOR_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Help is given whatever the settings say; an argument that means nothing is not passed over.
func TestTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--help"}, 0, "docs/running.md"},
		{[]string{"-h"}, 0, "usage: orchestrator"},
		{[]string{"frob"}, 2, `unknown argument "frob"`},
		{nil, 2, "DATABASE_URL: not set"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], c.args...)
		cmd.Env = []string{asProgram + "=1"}
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the status tells
		require.Equal(t, c.status, cmd.ProcessState.ExitCode(), c.args)
		require.Contains(t, stdout.String()+stderr.String(), c.says, c.args)
		require.Equal(t, c.status == 0, stderr.Len() == 0, "%v: %s", c.args, stderr.String())
	}
}

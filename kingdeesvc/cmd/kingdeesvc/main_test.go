package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// With asProcess set, this test binary is the program itself.
const asProcess = "KINGDEESVC_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	return programWith(t, nil, env...)
}

func programWith(t *testing.T, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(env, asProcess+"=1", "HOME="+t.TempDir())
	return cmd
}

func TestWrongSettingsAreAllNamedWithStatusTwo(t *testing.T) {
	out, err := program(t, "KINGDEE_LCID=zh", "KINGDEE_APP_SECRET=hush").CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 2, exit.ExitCode())
	for _, name := range []string{"KINGDEE_BASE_URL", "KINGDEE_ACCT_ID", "KINGDEE_USERNAME", "KINGDEE_APP_ID", "KINGDEE_LCID"} {
		require.Contains(t, string(out), name)
	}
	require.NotContains(t, string(out), "hush")
}

func TestTheProgramServesUntilItIsTold(t *testing.T) {
	cmd := program(t, "KINGDEE_BASE_URL=http://127.0.0.1:1", "KINGDEE_ACCT_ID=a", "KINGDEE_USERNAME=u", "KINGDEE_APP_ID=i",
		"KINGDEE_APP_SECRET=hush", "KINGDEESVC_ADDR=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines, all := bufio.NewScanner(log), ""
	for lines.Scan() {
		all += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "kingdeesvc listens") {
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		}
	}
	require.NoError(t, cmd.Wait(), all)
	require.NotContains(t, all, "hush")
}

// Help is given whatever the settings say; an argument that means nothing is not passed over.
func TestTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--help"}, 0, "docs/running.md"},
		{[]string{"-h"}, 0, "usage: kingdeesvc"},
		{[]string{"frob"}, 2, `unknown argument "frob"`},
		{[]string{"--help"}, 0, "kingdeesvc check"},
	} {
		cmd := programWith(t, c.args)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the status tells
		require.Equal(t, c.status, cmd.ProcessState.ExitCode(), c.args)
		require.Contains(t, stdout.String()+stderr.String(), c.says, c.args)
		require.Equal(t, c.status == 0, stderr.Len() == 0, "%v: %s", c.args, stderr.String())
	}
}

func TestCheckTellsBothLanguagesAndItsStatus(t *testing.T) {
	vendor, err := sandbox.Start(t.Context(), sandbox.Config{Seed: sandbox.DefaultSeed})
	require.NoError(t, err)
	defer func() { require.NoError(t, vendor.Stop(context.Background())) }()
	account := []string{"KINGDEE_BASE_URL=" + vendor.URL(), "KINGDEE_ACCT_ID=" + sandbox.DefaultAcctID, "KINGDEE_USERNAME=" + sandbox.DefaultUsername,
		"KINGDEE_APP_ID=" + sandbox.DefaultAppID}
	out, err := programWith(t, []string{"check", "100"}, append(account, "KINGDEE_APP_SECRET=sandbox-app-secret")...).Output()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "[通过] 登录：用户 voidrelay")
	require.Contains(t, string(out), "[OK] Login: user voidrelay")
	require.Zero(t, vendor.Sessions(), "it logs out")

	for name, c := range map[string]struct {
		args []string
		env  []string
		exit int
	}{
		"refused":       {[]string{"check", "-lang", "en"}, append(account, "KINGDEE_APP_SECRET=hush"), 1},
		"settings":      {[]string{"check"}, nil, 2},
		"language":      {[]string{"check", "-lang", "fr"}, nil, 2},
		"no such thing": {[]string{"chekc"}, nil, 2},
	} {
		out, err := programWith(t, c.args, c.env...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, name)
		require.Equal(t, c.exit, exit.ExitCode(), "%s: %s", name, out)
		require.NotContains(t, string(out), "hush")
		require.NotContains(t, string(out), "通过")
	}
}

package main

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
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

func programWith(t *testing.T, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(env, asProcess+"=1", "HOME="+t.TempDir())
	return cmd
}

func TestCheckTellsBothLanguagesAndItsStatus(t *testing.T) {
	vendor, err := sandbox.Start(t.Context(), sandbox.Config{Seed: sample.DefaultSeed})
	require.NoError(t, err)
	defer func() { require.NoError(t, vendor.Stop(context.Background())) }()
	account := []string{"KINGDEE_BASE_URL=" + vendor.URL(), "KINGDEE_ACCT_ID=" + sandbox.DefaultAcctID,
		"KINGDEE_USERNAME=" + sandbox.DefaultUsername,
		"KINGDEE_APP_ID=" + sandbox.DefaultAppID}
	out, err := programWith(t, []string{"check", "100"},
		append(account, "KINGDEE_APP_SECRET=sandbox-app-secret")...).Output()
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
		"form":          {[]string{"check", "-form", "PUR_PO"}, account, 2},
		"column":        {[]string{"check", "-form", "PUR_MRAPP", "-key", "colour=F_X"}, account, 2},
		"key's form":    {[]string{"check", "-key", "note=F_X"}, account, 2},
	} {
		out, err := programWith(t, c.args, c.env...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, name)
		require.Equal(t, c.exit, exit.ExitCode(), "%s: %s", name, out)
		require.NotContains(t, string(out), "hush")
		require.NotContains(t, string(out), "通过")
		if name == "settings" {
			require.Contains(t, string(out),
				"kingdeesvc: wrong settings:\nKINGDEE_ACCT_ID: not set", "as the service itself says it")
		}
	}
}

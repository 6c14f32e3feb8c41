package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// The tests run this very binary as the program.
const asProgram = "WMSSVC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(ctx context.Context, settings ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append([]string{asProgram + "=1"}, settings...)
	return cmd
}

// Help is given whatever the settings say; an argument that means nothing is not passed over.
func TestTheArgumentsOfCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"check", "--help"}, 0, "wmssvc check"},
		{[]string{"check", "frob"}, 2, `unknown argument "frob"`},
	} {
		cmd := program(t.Context())
		cmd.Args = append(cmd.Args, c.args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the status tells
		require.Equal(t, c.status, cmd.ProcessState.ExitCode(), c.args)
		require.Contains(t, stdout.String()+stderr.String(), c.says, c.args)
		require.Equal(t, c.status == 0, stderr.Len() == 0, "%v: %s", c.args, stderr.String())
	}
}

// What an operator sees of three WMSs, and what a script sees of them.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		personality behaviour.Personality
		secret      string
		url         string
		status      int
		says        []string
	}{
		"fine": {
			status: 0, says: []string{"account, key and signature are accepted", "账号、密钥和签名均被接受", "nothing", "无需处理"},
		},
		"wrong secret": {secret: "hunter2", status: 1, says: []string{
			"signature is refused: sign-check-failure", "账号、密钥或签名被拒绝", "check WMS_SID", "请核对 WMS_SID",
		}},
		"wrong clock": {personality: behaviour.Personality{ClockOffsetSeconds: 3600}, status: 1,
			says: []string{"differs from ours by", "the clocks differ", "时钟不一致", "NTP", "请为本机启用 NTP"}},
		"unreachable": {
			url: "http://127.0.0.1:1/x", status: 1, says: []string{"could not be reached", "无法连接", "firewall", "防火墙"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sandbox.DefaultConfig()
			cfg.Personality = c.personality
			wms, err := sandbox.Start(t.Context(), cfg)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, wms.Stop(context.Background())) })
			cmd := program(t.Context(), "WMS_URL="+cmp.Or(c.url, wms.URL()), "WMS_SID="+sandbox.DemoSID,
				"WMS_APP_KEY="+sandbox.DemoAppKey, "WMS_APP_SECRET="+cmp.Or(c.secret, sandbox.DemoSecret))
			cmd.Args = append(cmd.Args, "check")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err = cmd.Run()
			require.Equal(t, c.status, cmd.ProcessState.ExitCode(), "%v %s", err, stderr.String())
			for _, says := range c.says {
				require.Contains(t, stdout.String(), says)
			}
			require.Equal(t, c.status == 0, stderr.Len() == 0, stderr.String())
			require.NotContains(t, stdout.String()+stderr.String(), "hunter2")
			require.NotContains(t, stdout.String()+stderr.String(), sandbox.DemoSecret)
		})
	}
}

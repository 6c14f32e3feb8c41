package main

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
)

func TestCheckSaysInBothLanguagesWhatFailsAndEndsWithItsStatus(t *testing.T) {
	k, err := kingdee.Start(t.Context(), kingdee.Config{Seed: sample.DefaultSeed})
	require.NoError(t, err)
	w, err := wms.Start(t.Context(), wms.Config{})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, k.Stop(context.WithoutCancel(t.Context())))
		require.NoError(t, w.Stop(context.WithoutCancel(t.Context())))
	})
	file := filepath.Join(t.TempDir(), "schemes.yaml")
	require.NoError(t, os.WriteFile(file, scheme.ShippedDocument(), 0o600))
	env := install.SandboxSettings(k.URL(), w.URL())
	maps.Copy(env, map[string]string{
		"KINGDEESVC_ADDR": "127.0.0.1:0", "WMSSVC_ADDR": "127.0.0.1:0", "SCHEMES_FILE": file,
		"DATABASE_URL": "postgres://voidrelay:secretpassword@127.0.0.1:1/voidrelay", "WMS_APP_SECRET": "wrong",
	})
	status, out, errOut := call(t, env, "check", "--lang", "zh")
	t.Log("\n" + out)
	require.Equal(t, statusFailed, status, errOut)
	require.Contains(t, out, "处理：核对 DATABASE_URL")
	require.Contains(t, out, "kingdee.login")
	require.NotContains(t, out, "to do")
	require.NotContains(t, out, "secretpassword")

	status, out, _ = call(t, env, "check", "--json")
	require.Equal(t, statusFailed, status)
	var answer struct {
		Findings []findingJSON  `json:"findings"`
		Counts   map[string]int `json:"counts"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	require.Positive(t, answer.Counts["failed"])
	require.Positive(t, answer.Counts["ok"])
	require.Len(t, answer.Findings,
		answer.Counts["ok"]+answer.Counts["warning"]+answer.Counts["failed"]+answer.Counts["skipped"])

	// A login that is refused makes no real server of a sandbox, and no login of what the settings say.
	refused := maps.Clone(env)
	refused["KINGDEE_APP_SECRET"] = "wrong"
	_, out, _ = call(t, refused, "check", "--lang", "zh")
	require.Regexp(t, `失败 +kingdee\.login`, out)
	require.Regexp(t, `跳过 +scheme\.environment .*不知道金蝶是正式还是沙箱`, out)
	require.Regexp(t, `跳过 +environment .*不知道金蝶是正式还是沙箱`, out)
	require.Regexp(t, `通过 +scheme\.data_center .*（没有登录成功）`, out)

	env["LOG_LEVEL"], env["KINGDEE_ACCT_ID"] = "loud", ""
	status, out, errOut = call(t, env, "check")
	require.Equal(t, statusWrong, status)
	require.Empty(t, out)
	require.Contains(t, errOut, "LOG_LEVEL: ")
	require.Contains(t, errOut, "KINGDEE_ACCT_ID: ")
}

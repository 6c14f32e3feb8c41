package install_test

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/checkup"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// With a target and without DATABASE_URL the settings were taken for those of `voidrelay up` on sandboxes: the adapters
// were not asked, and nothing was said of the database.
func TestCheckAsksAdaptersAtTheirTargetsWithoutADatabase(t *testing.T) {
	got := checked(t, map[string]string{"KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": "127.0.0.1:1"})
	requireOnly(t, got, "kingdee.adapter", "wms.adapter", "database")
	require.Contains(t, got["database"].Advice.ZH, "DATABASE_URL_FILE")
	require.Contains(t, got["kingdee.adapter"].Advice.EN, "KINGDEESVC_TARGET")
}

// A certificate that the accounts file names was looked at by nobody until it had ended.
func TestCheckSaysWhichCertificateOfTheAccountsFileEnds(t *testing.T) {
	dir := t.TempDir()
	env := settingsOf(t, 0)
	ca := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(ca, ending(t, time.Now().Add(29*24*time.Hour)), 0o600))
	secret := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(env[name]), 0o600))
		return path
	}
	accounts := filepath.Join(dir, "accounts.yaml")
	require.NoError(t, os.WriteFile(accounts, []byte(`accounts:
  - name: south
    url: https://127.0.0.1:1/
    sid: south
    app_key_file: `+secret("WMS_APP_KEY")+`
    app_secret_file: `+secret("WMS_APP_SECRET")+`
    ca_file: `+ca+`
`), 0o600))
	env["WMS_ACCOUNTS_FILE"] = accounts
	got := checked(t, env)["certificate"]
	require.Equal(t, checkup.Warning, got.Result, "%v", got)
	require.Equal(t, "WMS_ACCOUNTS_FILE ca_file south", got.About)
}

// What a running adapter tells of its files stood in the orchestrator's conditions alone.
func TestCheckTellsWhatIsTheMatterWithARunningAdaptersFiles(t *testing.T) {
	vendors := settingsOf(t, 0)
	dictionary := filepath.Join(t.TempDir(), "dictionary.yaml")
	put := func(content string) {
		require.NoError(t, os.WriteFile(dictionary+".new", []byte(content), 0o600))
		require.NoError(t, os.Rename(dictionary+".new", dictionary))
	}
	put("version: one\nentries: []\n")
	more := map[string]string{"WMS_DICTIONARY": dictionary}
	cfg, err := wmssvc.LoadConfig(func(name string) string { return cmp.Or(more[name], vendors[name]) })
	require.NoError(t, err)
	server, err := wmssvc.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	beside := map[string]string{
		"DATABASE_URL": vendors["DATABASE_URL"], "KINGDEESVC_TARGET": "127.0.0.1:1", "WMSSVC_TARGET": server.Addr(),
	}
	require.Equal(t, checkup.OK, checked(t, beside)["adapter.files"].Result)
	put("entries: [{}]\n")
	require.Eventually(t, func() bool {
		got := checked(t, beside)["adapter.files"]
		return got.Result == checkup.Failed && got.About == "wmssvc WMS_DICTIONARY"
	}, time.Minute, 100*time.Millisecond)
}

package wmssvc_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/wmssvc"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// with is a sound environment, changed.
func with(changes map[string]string) map[string]string {
	pairs := map[string]string{
		"WMS_URL": "https://wms.example", "WMS_SID": "s", "WMS_APP_KEY": "key-value", "WMS_APP_SECRET": "secret-value",
	}
	for name, value := range changes {
		pairs[name] = value
	}
	return pairs
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoadConfigDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := wmssvc.LoadConfig(env(with(nil)))
	require.NoError(t, err)
	require.Equal(t, wmssvc.Config{
		Addr: "127.0.0.1:7402",
		Accounts: []wmssvc.Account{{
			Name: "default", URL: "https://wms.example", Dialect: "wdt", SID: "s",
			AppKey: "key-value", AppSecret: "secret-value", Timeout: 20 * time.Second, ExtraOrderTypes: []string{},
		}},
		Callers: []string{"orchestrator"}, Traces: telemetry.Settings{Protocol: "http/protobuf"},
	}, cfg)
}

func TestLoadConfigReadsEverySetting(t *testing.T) {
	t.Parallel()
	cfg, err := wmssvc.LoadConfig(env(with(map[string]string{
		"WMS_APP_SECRET": "", "WMS_APP_SECRET_FILE": file(t, "from a file\r\n"),
		"WMS_DIALECT": "qimen", "WMS_SIGN_METHOD": "hmac", "WMS_RATE": "2.5/s",
		"WMS_CONCURRENCY": "3", "WMS_TIMEOUT": "7s",
		"WMS_EXTRA_ORDER_TYPES": "CNJG, ABC", "WMS_DICTIONARY": file(t, "version: x\nentries: []\n"),
		"WMSSVC_ADDR": "127.0.0.1:1", "AUTH_CALLERS_FILE": accesstest.File(t, accesstest.Ops), "LOG_LEVEL": "warn",
		"WMS_CALLERS": "orchestrator, wms-02",
	})))
	require.NoError(t, err)
	account := cfg.Accounts[0]
	require.Equal(t, "from a file", account.AppSecret.Reveal())
	require.Equal(t, "qimen", account.Dialect)
	require.Equal(t, "hmac", account.SignMethod)
	require.InDelta(t, 2.5, *account.Rate, 0)
	require.Equal(t, 3, *account.Concurrency)
	require.Equal(t, 7*time.Second, account.Timeout)
	require.Equal(t, []string{"CNJG", "ABC"}, account.ExtraOrderTypes)
	require.Equal(t, slog.LevelWarn, cfg.LogLevel)
	require.Equal(t, []string{"orchestrator", "wms-02"}, cfg.Callers)
}

func TestLoadConfigNamesEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	_, err := wmssvc.LoadConfig(env(nil))
	for _, name := range []string{"WMS_URL", "WMS_SID", "WMS_APP_KEY", "WMS_APP_SECRET"} {
		require.ErrorContains(t, err, name+": not set")
	}

	_, err = wmssvc.LoadConfig(env(map[string]string{
		"WMS_URL": "ftp://x", "WMS_SID": "s", "WMS_APP_KEY": "a",
		"WMS_APP_KEY_FILE": "b", "WMS_APP_SECRET_FILE": "/nowhere/at/all",
		"WMS_DIALECT": "wdt", "WMS_SIGN_METHOD": "hmac", "WMS_RATE": "fast",
		"WMS_CONCURRENCY": "0", "WMS_TIMEOUT": "20",
		"WMS_EXTRA_ORDER_TYPES": "cnjg", "WMS_DICTIONARY": file(t, "entries: [{}]"), "LOG_LEVEL": "loud",
	}))
	for _, want := range []string{
		"WMS_URL: not an address", "WMS_APP_KEY: both WMS_APP_KEY and WMS_APP_KEY_FILE are set; keep one",
		"WMS_APP_SECRET_FILE: ",
		`WMS_SIGN_METHOD: "hmac"`, `WMS_RATE: "fast"`,
		`WMS_CONCURRENCY: "0" is not a whole number`, `WMS_TIMEOUT: "20"`,
		`WMS_EXTRA_ORDER_TYPES: "cnjg"`, "WMS_DICTIONARY",
		`LOG_LEVEL: "loud"`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestLoadConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"a password in the address": {
			map[string]string{"WMS_URL": "https://u:hunter2@wms.example"}, "must not hold a user",
		},
		"a host that is not ASCII": {map[string]string{"WMS_URL": "https://仓库.example/x"}, "must be written in ASCII"},
		"a query in the address": {
			map[string]string{"WMS_URL": "https://wms.example/x?a=1"}, "must not have a query",
		},
		"a negative rate":      {map[string]string{"WMS_RATE": "-1"}, "WMS_RATE"},
		"not a number as rate": {map[string]string{"WMS_RATE": "NaN"}, "WMS_RATE"},
		"a dialect that is none": {
			map[string]string{"WMS_DIALECT": "erp"}, `WMS_DIALECT: "erp" is none of wdt, qimen, qimen-direct`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wmssvc.LoadConfig(env(with(c.changes)))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), "secret-value")
		})
	}
}

func TestAFaultySecretIsNamedOnce(t *testing.T) {
	t.Parallel()
	none, empty := filepath.Join(t.TempDir(), "none"), file(t, "\n")
	for path, want := range map[string]string{
		none: "open " + none + ": no such file or directory", empty: empty + " is empty",
	} {
		_, err := wmssvc.LoadConfig(env(with(map[string]string{"WMS_APP_SECRET": "", "WMS_APP_SECRET_FILE": path})))
		require.EqualError(t, err, "WMS_APP_SECRET_FILE: "+want)
	}
	_, err := wmssvc.LoadConfig(env(with(map[string]string{"WMS_APP_KEY_FILE": empty})))
	require.EqualError(t, err, "WMS_APP_KEY: both WMS_APP_KEY and WMS_APP_KEY_FILE are set; keep one")

	accounts := file(t, "accounts:\n  - {name: north, url: 'https://wms.example', sid: s, app_key_file: "+file(t,
		"k")+", app_secret_file: "+none+"}\n")
	_, err = wmssvc.LoadConfig(env(map[string]string{"WMS_ACCOUNTS_FILE": accounts}))
	require.EqualError(t, err,
		"WMS_ACCOUNTS_FILE "+accounts+", account north: app_secret_file: open "+none+": no such file or directory")
}

func TestSecretsPrintAsRedacted(t *testing.T) {
	t.Parallel()
	cfg, err := wmssvc.LoadConfig(env(with(nil)))
	require.NoError(t, err)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed := fmt.Sprintf(form, cfg)
		require.NotContains(t, printed, "secret-value")
		require.NotContains(t, printed, "key-value")
	}
	text, err := cfg.Accounts[0].AppSecret.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "[redacted]", string(text))
}

func TestReadmeNamesEverySetting(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, _ = wmssvc.LoadConfig(func(name string) string {
		require.Contains(t, string(readme), "`"+name+"`")
		return ""
	})
}

func TestStartRefusesAnEmptyConfig(t *testing.T) {
	t.Parallel()
	_, err := wmssvc.Start(t.Context(), wmssvc.Config{Addr: "127.0.0.1:0"}, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "no WMS account")
	_, err = wmssvc.Start(t.Context(), wmssvc.Config{Addr: "127.0.0.1:0", Accounts: []wmssvc.Account{{Name: "a"}}},
		slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "WMS_URL: not set")
}

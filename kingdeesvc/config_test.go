package kingdeesvc_test

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc"
)

func load(settings map[string]string) (kingdeesvc.Config, error) {
	return kingdeesvc.LoadConfig(func(name string) string { return settings[name] })
}

func TestLoadConfigDefaults(t *testing.T) {
	settings := environment("https://erp.example.com")
	delete(settings, "KINGDEESVC_ADDR")
	cfg, err := load(settings)
	require.NoError(t, err)
	require.Equal(t, "https://erp.example.com/K3Cloud", cfg.BaseURL.String())
	require.Equal(t, "127.0.0.1:7401", cfg.Addr)
	require.Equal(t, 2052, cfg.LCID)
	require.Equal(t, 2000, cfg.PageRows)
	require.Equal(t, "Asia/Shanghai", cfg.Zone.String())
	require.Equal(t, "sign", cfg.Auth)
	require.Zero(t, cfg.Rate)
}

func TestLoadConfigNamesEveryProblemAtOnce(t *testing.T) {
	_, err := load(map[string]string{
		"KINGDEE_BASE_URL": "erp.example.com", "KINGDEE_LCID": "zh", "KINGDEE_AUTH": "magic", "KINGDEE_TIME_ZONE": "Local",
		"KINGDEE_PAGE_ROWS": "9", "KINGDEE_SESSIONS": "0", "KINGDEE_SIGN_HASH": "md5", "KINGDEE_KICK_OFF": "maybe", "KINGDEE_RATE": "fast", "KINGDEESVC_ADDR": "0.0.0.0:7401",
		"AUTH_TOKENS_FILE": "/does/not/exist", "LOG_LEVEL": "loud", "KINGDEE_APP_SECRET": "a", "KINGDEE_APP_SECRET_FILE": "b",
	})
	for _, want := range []string{
		"KINGDEE_BASE_URL: ", "KINGDEE_ACCT_ID: missing", "KINGDEE_USERNAME: missing", "KINGDEE_LCID: ", "KINGDEE_AUTH: ", "KINGDEE_TIME_ZONE: ",
		"KINGDEE_PAGE_ROWS: want a whole number from 10 to 2000", "KINGDEE_SESSIONS: want a whole number from 1 to 10", "KINGDEE_SIGN_HASH: want sha256 or sha1", "KINGDEE_KICK_OFF: want true or false", "KINGDEE_RATE: ", "AUTH_TOKENS_FILE: ", "LOG_LEVEL: ",
		"KINGDEE_APP_SECRET: given twice",
	} {
		require.ErrorContains(t, err, want)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 14)
}

func TestLoadConfigEachWayInNeedsItsOwn(t *testing.T) {
	for auth, want := range map[string]string{
		"sign":       "KINGDEE_APP_ID: missing; KINGDEE_AUTH=sign needs it\nKINGDEE_APP_SECRET: missing; KINGDEE_AUTH=sign needs it",
		"app_secret": "KINGDEE_APP_ID: missing; KINGDEE_AUTH=app_secret needs it\nKINGDEE_APP_SECRET: missing; KINGDEE_AUTH=app_secret needs it",
		"password":   "KINGDEE_PASSWORD: missing; KINGDEE_AUTH=password needs it",
		"header":     "KINGDEE_APP_ID: missing; KINGDEE_AUTH=header needs it\nKINGDEE_APP_SECRET: missing; KINGDEE_AUTH=header needs it",
	} {
		settings := environment("https://erp.example.com")
		delete(settings, "KINGDEE_APP_ID")
		delete(settings, "KINGDEE_APP_SECRET")
		settings["KINGDEE_AUTH"] = auth
		_, err := load(settings)
		require.EqualError(t, err, want)
	}
}

func TestAFaultySecretIsNamedOnce(t *testing.T) {
	none, empty := filepath.Join(t.TempDir(), "none"), tokensFile(t, "\n")
	for _, auth := range []string{"sign", "app_secret", "password"} {
		name := map[bool]string{true: "KINGDEE_PASSWORD", false: "KINGDEE_APP_SECRET"}[auth == "password"]
		for path, want := range map[string]string{none: name + "_FILE: open " + none + ": no such file or directory", empty: name + "_FILE: " + empty + " is empty"} {
			settings := environment("https://erp.example.com")
			delete(settings, name)
			settings["KINGDEE_AUTH"], settings[name+"_FILE"] = auth, path
			_, err := load(settings)
			require.EqualError(t, err, want)
		}
	}
	settings := environment("https://erp.example.com")
	settings["KINGDEE_APP_SECRET_FILE"] = empty
	_, err := load(settings)
	require.EqualError(t, err, "KINGDEE_APP_SECRET: given twice, also as KINGDEE_APP_SECRET_FILE")
}

func TestAnAppIDThatCannotSignHeadersIsNamed(t *testing.T) {
	settings := environment("https://erp.example.com")
	settings["KINGDEE_AUTH"], settings["KINGDEE_APP_ID"] = "header", "123456"
	_, err := load(settings)
	require.ErrorContains(t, err, "KINGDEE_APP_ID: want <client id>_<32 characters>")
}

func TestLoadConfigIsClosedByDefault(t *testing.T) {
	for addr, open := range map[string]bool{
		"127.0.0.1:7401": false, "localhost:7401": false, "[::1]:7401": false,
		"0.0.0.0:7401": true, ":7401": true, "[::]:7401": true, "192.0.2.1:7401": true, "kingdee.example.com:7401": true,
	} {
		settings := environment("https://erp.example.com")
		settings["KINGDEESVC_ADDR"] = addr
		_, err := load(settings)
		require.Equal(t, open, err != nil, addr)
		if open {
			require.ErrorContains(t, err, "AUTH_TOKENS_FILE")
			settings["AUTH_TOKENS_FILE"] = tokensFile(t, "orchestrator:0123456789abcdef\n")
			_, err = load(settings)
			require.NoError(t, err)
		}
	}
}

func tokensFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

func TestLoadConfigRefusesFilesThatSayNothing(t *testing.T) {
	for _, content := range []string{"", "# nobody\n", "orchestrator:short", "no-colon-0123456789abcdef", ":0123456789abcdef"} {
		settings := environment("https://erp.example.com")
		settings["AUTH_TOKENS_FILE"] = tokensFile(t, content)
		_, err := load(settings)
		require.ErrorContains(t, err, "AUTH_TOKENS_FILE", content)
	}
	settings := environment("https://erp.example.com")
	settings["TLS_CERT_FILE"] = tokensFile(t, "no certificate")
	_, err := load(settings)
	require.ErrorContains(t, err, "TLS_CERT_FILE")
	delete(settings, "TLS_CERT_FILE")
	settings["TLS_CLIENT_CA_FILE"] = tokensFile(t, "x")
	_, err = load(settings)
	require.ErrorContains(t, err, "TLS_CLIENT_CA_FILE")
}

func TestSecretsComeFromFilesAndAreNeverPrinted(t *testing.T) {
	settings := environment("https://erp.example.com")
	delete(settings, "KINGDEE_APP_SECRET")
	settings["KINGDEE_APP_SECRET_FILE"] = tokensFile(t, "hush-hush\n")
	cfg, err := load(settings)
	require.NoError(t, err)
	require.Equal(t, "hush-hush", cfg.AppSecret.Reveal())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb, cfg), "hush")
		require.NotContains(t, fmt.Sprintf(verb, cfg.AppSecret), "hush")
		require.NotContains(t, fmt.Sprintf(verb, cfg.AppSecret), "68757368")
	}
}

func TestAFixedOffsetIsAZone(t *testing.T) {
	settings := environment("https://erp.example.com")
	settings["KINGDEE_TIME_ZONE"] = "+08:00"
	cfg, err := load(settings)
	require.NoError(t, err)
	require.Equal(t, "+08:00", cfg.Zone.String())
}

func TestATakenPortIsNamedByItsSetting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	settings := environment("https://erp.example.com")
	settings["KINGDEESVC_ADDR"] = taken.Addr().String()
	cfg, err := load(settings)
	require.NoError(t, err)
	_, err = kingdeesvc.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "KINGDEESVC_ADDR: listen tcp "+taken.Addr().String())
}

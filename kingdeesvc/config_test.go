package kingdeesvc_test

import (
	"fmt"
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
		"KINGDEE_BASE_URL": "erp.example.com", "KINGDEE_LCID": "zh",
		"KINGDEE_AUTH": "magic", "KINGDEE_TIME_ZONE": "Local",
		"KINGDEE_PAGE_ROWS": "9", "KINGDEE_SESSIONS": "0", "KINGDEE_SIGN_HASH": "md5", "KINGDEE_KICK_OFF": "maybe",
		"KINGDEE_RATE": "fast", "LOG_LEVEL": "loud", "KINGDEE_APP_SECRET": "a", "KINGDEE_APP_SECRET_FILE": "b",
	})
	for _, want := range []string{
		"KINGDEE_BASE_URL: ", "KINGDEE_ACCT_ID: not set", "KINGDEE_USERNAME: not set", "KINGDEE_LCID: ",
		"KINGDEE_AUTH: ", "KINGDEE_TIME_ZONE: ",
		"KINGDEE_PAGE_ROWS: \"9\" is not a whole number from 10 to 2000",
		"KINGDEE_SESSIONS: \"0\" is not a whole number from 1 to 10",
		"KINGDEE_SIGN_HASH: \"md5\" is none of sha256, sha1", "KINGDEE_KICK_OFF: \"maybe\" is none of true, false",
		"KINGDEE_RATE: ", "LOG_LEVEL: ",
		"KINGDEE_APP_SECRET: both KINGDEE_APP_SECRET and KINGDEE_APP_SECRET_FILE are set",
	} {
		require.ErrorContains(t, err, want)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 13)
}

func TestLoadConfigEachWayInNeedsItsOwn(t *testing.T) {
	for auth, want := range map[string]string{
		"sign": "KINGDEE_APP_ID: not set; KINGDEE_AUTH=sign needs it\n" +
			"KINGDEE_APP_SECRET: not set; KINGDEE_AUTH=sign needs it",
		"app_secret": "KINGDEE_APP_ID: not set; KINGDEE_AUTH=app_secret needs it\n" +
			"KINGDEE_APP_SECRET: not set; KINGDEE_AUTH=app_secret needs it",
		"password": "KINGDEE_PASSWORD: not set; KINGDEE_AUTH=password needs it",
		"header": "KINGDEE_APP_ID: not set; KINGDEE_AUTH=header needs it\n" +
			"KINGDEE_APP_SECRET: not set; KINGDEE_AUTH=header needs it",
	} {
		settings := environment("https://erp.example.com")
		delete(settings, "KINGDEE_APP_ID")
		delete(settings, "KINGDEE_APP_SECRET")
		settings["KINGDEE_AUTH"] = auth
		_, err := load(settings)
		require.EqualError(t, err, want)
	}
}

func TestAnAppIDThatCannotSignHeadersIsNamed(t *testing.T) {
	settings := environment("https://erp.example.com")
	settings["KINGDEE_AUTH"], settings["KINGDEE_APP_ID"] = "header", "123456"
	_, err := load(settings)
	require.ErrorContains(t, err, "KINGDEE_APP_ID: want <client id>_<32 characters>")
}

func tokensFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
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

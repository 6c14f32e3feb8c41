package orchestrator

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const database = "postgres://voidrelay:hunter2hunter2@127.0.0.1:5432/voidrelay"

func load(settings map[string]string) (Config, error) {
	return LoadConfig(func(name string) string { return settings[name] })
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestLoadConfig(t *testing.T) {
	t.Run("needs a database and nothing else", func(t *testing.T) {
		cfg, err := load(map[string]string{"DATABASE_URL": database})
		require.NoError(t, err)
		require.Equal(t, database, cfg.DatabaseURL.Reveal())
		require.Equal(t, "127.0.0.1:7403", cfg.GRPCAddr)
		require.Equal(t, "127.0.0.1:7480", cfg.HTTPAddr)
		require.Equal(t, "127.0.0.1:7401", cfg.KingdeeTarget)
		require.Equal(t, "127.0.0.1:7402", cfg.WMSTarget)
		require.Equal(t, slog.LevelInfo, cfg.LogLevel)
	})

	t.Run("reads secrets from files", func(t *testing.T) {
		cfg, err := load(map[string]string{"DATABASE_URL_FILE": write(t, "url", database+"\n")})
		require.NoError(t, err)
		require.Equal(t, database, cfg.DatabaseURL.Reveal())
	})

	t.Run("names every problem at once and what would be right", func(t *testing.T) {
		_, err := load(map[string]string{
			"DATABASE_URL":           "mysql://root:hunter2hunter2@db/erp",
			"KINGDEESVC_TARGET":      "kingdee",
			"WMSSVC_TARGET":          "127.0.0.1:no",
			"ORCHESTRATOR_GRPC_ADDR": "0.0.0.0:7403",
			"ORCHESTRATOR_HTTP_ADDR": "7480",
			"SCHEMES_FILE":           write(t, "schemes.yaml", "schemes:\n  - name: a\n    titel: b\n"),
			"AUTH_TOKENS_FILE":       "",
			"TLS_CERT_FILE":          "cert.pem",
			"LOG_LEVEL":              "loud",
			"EVIDENCE_DAYS":          "1",

			"ORCHESTRATOR_METRICS_ADDR": "0.0.0.0:9100",
		})
		require.Error(t, err)
		for _, part := range []string{
			"DATABASE_URL: not a Postgres address such as postgres://",
			`KINGDEESVC_TARGET: "kingdee" is not a gRPC target such as 127.0.0.1:7401`,
			"WMSSVC_TARGET: ",
			"ORCHESTRATOR_GRPC_ADDR: 0.0.0.0:7403 is not a loopback address; that needs AUTH_TOKENS_FILE",
			`ORCHESTRATOR_HTTP_ADDR: "7480" is not host:port such as 127.0.0.1:7480`,
			"schemes.yaml:3", "titel",
			"TLS_CERT_FILE and TLS_KEY_FILE: set both",
			`ORCHESTRATOR_METRICS_ADDR: "0.0.0.0:9100" is not a loopback address`,
			"EVIDENCE_DAYS: 1 is not between 7 and 3650",
			`LOG_LEVEL: "loud" is none of debug, info, warn, error`,
		} {
			require.ErrorContains(t, err, part)
		}
	})

	t.Run("takes no days for no retention", func(t *testing.T) {
		_, err := load(map[string]string{"DATABASE_URL": database, "EVIDENCE_DAYS": "0"})
		require.ErrorContains(t, err, `EVIDENCE_DAYS: "0" is not a number of days such as 180`)
		cfg, err := load(map[string]string{"DATABASE_URL": database, "EVIDENCE_DAYS": "400"})
		require.NoError(t, err)
		require.Equal(t, 400, cfg.EvidenceDays)
	})

	t.Run("names a missing database", func(t *testing.T) {
		_, err := load(nil)
		require.ErrorContains(t, err, "DATABASE_URL: not set")
	})

	t.Run("says one thing about a secret that cannot be read", func(t *testing.T) {
		_, err := load(map[string]string{"DATABASE_URL_FILE": filepath.Join(t.TempDir(), "none")})
		require.ErrorContains(t, err, "DATABASE_URL_FILE: ")
		require.Equal(t, 1, strings.Count(err.Error(), "\n")+1)

		_, err = load(map[string]string{"DATABASE_URL": database, "DATABASE_URL_FILE": "x"})
		require.EqualError(t, err, "DATABASE_URL and DATABASE_URL_FILE: both are set; keep one")
	})

	t.Run("never repeats a secret", func(t *testing.T) {
		cfg, err := load(map[string]string{"DATABASE_URL": "postgres://u:hunter2hunter2@[::/x", "ADAPTER_TOKEN": "hunter2hunter2"})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "hunter2")
	})

	t.Run("listens beyond this machine only with tokens", func(t *testing.T) {
		settings := map[string]string{
			"DATABASE_URL": database, "ORCHESTRATOR_HTTP_ADDR": "0.0.0.0:7480",
			"AUTH_TOKENS_FILE": write(t, "tokens", "# who\nops:0123456789abcdef\n\n"),
		}
		cfg, err := load(settings)
		require.NoError(t, err)
		tokens, err := cfg.loadTokens()
		require.NoError(t, err)
		name, ok := tokens.Authenticate("0123456789abcdef")
		require.True(t, ok)
		require.Equal(t, "ops", name)
		_, ok = tokens.Authenticate("0123456789abcdeF")
		require.False(t, ok)

		settings["AUTH_TOKENS_FILE"] = write(t, "tokens", "ops:short\n")
		_, err = load(settings)
		require.ErrorContains(t, err, "tokens:1: not name:token with a token of 16 characters or more")
		require.NotContains(t, err.Error(), "short")
	})

	t.Run("refuses one port for two faces", func(t *testing.T) {
		_, err := load(map[string]string{"DATABASE_URL": database, "ORCHESTRATOR_GRPC_ADDR": "127.0.0.1:1", "ORCHESTRATOR_HTTP_ADDR": "127.0.0.1:1"})
		require.ErrorContains(t, err, "they need a port each")
	})

	t.Run("takes any gRPC target", func(t *testing.T) {
		for _, target := range []string{"dns:///kingdeesvc:7401", "unix:///run/kingdee.sock", "unix:kingdee.sock", "passthrough:///x:1", "[::1]:7401"} {
			_, err := load(map[string]string{"DATABASE_URL": database, "KINGDEESVC_TARGET": target})
			require.NoError(t, err, target)
		}
	})
}

func TestATakenPortIsNamedByItsSetting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = listen(t.Context(), "ORCHESTRATOR_HTTP_ADDR", taken.Addr().String())
	require.ErrorContains(t, err, "ORCHESTRATOR_HTTP_ADDR: listen tcp "+taken.Addr().String())
}

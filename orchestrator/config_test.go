package orchestrator

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
			"ORCHESTRATOR_HTTP_ADDR": "7480",
			"SCHEMES_FILE":           write(t, "schemes.yaml", "schemes:\n  - name: a\n    titel: b\n"),
			"LOG_LEVEL":              "loud",
			"EVIDENCE_DAYS":          "1",

			"ORCHESTRATOR_HTTP_RATE":    "0",
			"ORCHESTRATOR_HTTP_BURST":   "many",
			"ORCHESTRATOR_HTTP_ORIGINS": "https://board.example.com, *",
		})
		require.Error(t, err)
		for _, part := range []string{
			"DATABASE_URL: not a Postgres address such as postgres://",
			`KINGDEESVC_TARGET: "kingdee" is not a gRPC target such as 127.0.0.1:7401`,
			"WMSSVC_TARGET: ",
			`ORCHESTRATOR_HTTP_ADDR: "7480" is not host:port such as 127.0.0.1:7480`,
			"ORCHESTRATOR_HTTP_RATE: ", "ORCHESTRATOR_HTTP_BURST: ",
			`ORCHESTRATOR_HTTP_ORIGINS: "*" is no site such as https://board.example.com`,
			"schemes.yaml:3", "titel",
			`EVIDENCE_DAYS: "1" is not a whole number from 7 to 3650`,
			`LOG_LEVEL: "loud" is none of debug, info, warn, error`,
		} {
			require.ErrorContains(t, err, part)
		}
	})

	t.Run("takes no days for no retention", func(t *testing.T) {
		_, err := load(map[string]string{"DATABASE_URL": database, "EVIDENCE_DAYS": "0"})
		require.ErrorContains(t, err, `EVIDENCE_DAYS: "0" is not a whole number from 7 to 3650`)
		cfg, err := load(map[string]string{"DATABASE_URL": database, "EVIDENCE_DAYS": "400"})
		require.NoError(t, err)
		require.Equal(t, 400, cfg.EvidenceDays)
	})

	t.Run("names a missing database", func(t *testing.T) {
		_, err := load(nil)
		require.ErrorContains(t, err, "DATABASE_URL: not set")
	})

	t.Run("never repeats a secret", func(t *testing.T) {
		cfg, err := load(map[string]string{
			"DATABASE_URL": "postgres://u:hunter2hunter2@[::/x", "ADAPTER_TOKEN": "hunter2hunter2",
		})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "hunter2")
	})

	t.Run("refuses one port for two faces", func(t *testing.T) {
		_, err := load(map[string]string{
			"DATABASE_URL": database, "ORCHESTRATOR_GRPC_ADDR": "127.0.0.1:1", "ORCHESTRATOR_HTTP_ADDR": "127.0.0.1:1",
		})
		require.ErrorContains(t, err, "they need a port each")
	})

	t.Run("takes any gRPC target", func(t *testing.T) {
		for _, target := range []string{
			"dns:///kingdeesvc:7401", "unix:///run/kingdee.sock", "unix:kingdee.sock",
			"passthrough:///x:1", "[::1]:7401",
		} {
			_, err := load(map[string]string{"DATABASE_URL": database, "KINGDEESVC_TARGET": target})
			require.NoError(t, err, target)
		}
	})
}

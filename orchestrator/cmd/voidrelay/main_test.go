package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// call runs one command line with these settings.
func call(t *testing.T, settings map[string]string, line ...string) (status int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	sh := &shell{getenv: func(name string) string { return settings[name] }, out: &stdout, err: &stderr}
	status = execute(t.Context(), sh, line)
	return status, stdout.String(), stderr.String()
}

func TestWrongInput(t *testing.T) {
	t.Run("one vendor real and the other a sandbox: refused", func(t *testing.T) {
		for _, settings := range []map[string]string{
			{"KINGDEE_BASE_URL": "https://erp.example/K3Cloud/"}, {"WMS_URL": "https://wms.example/"},
		} {
			status, _, errOut := call(t, settings, "up")
			require.Equal(t, statusWrong, status)
			require.Contains(t, errOut, "never mixed")
			require.Contains(t, errOut, "KINGDEE_BASE_URL")
			require.Contains(t, errOut, "WMS_URL")
		}
	})

	t.Run("every wrong setting of all services is named at once", func(t *testing.T) {
		status, _, errOut := call(t, map[string]string{
			"KINGDEE_BASE_URL": "https://erp.example/K3Cloud/", "WMS_URL": "nowhere",
			"ORCHESTRATOR_HTTP_ADDR": "0.0.0.0:7480", "LOG_LEVEL": "loud",
		}, "up")
		require.Equal(t, statusWrong, status)
		for _, name := range []string{
			"SCHEMES_FILE", "KINGDEE_ACCT_ID", "KINGDEE_APP_SECRET", "WMS_SID", "WMS_URL",
			"ORCHESTRATOR_HTTP_ADDR", "LOG_LEVEL",
		} {
			require.Contains(t, errOut, name+": ")
		}
	})

	t.Run("a mixture is named beside all else, each once", func(t *testing.T) {
		settings := map[string]string{
			"WMS_URL": "https://x/", "WMS_RATE": "abc", "LOG_LEVEL": "loud", "DATABASE_URL": "foo",
			"ORCHESTRATOR_HTTP_ADDR": "nope", "KINGDEE_TIME_ZONE": "Mars/X",
		}
		status, _, errOut := call(t, settings, "up")
		require.Equal(t, statusWrong, status)
		for _, name := range []string{
			"WMS_RATE", "LOG_LEVEL", "DATABASE_URL", "ORCHESTRATOR_HTTP_ADDR", "KINGDEE_TIME_ZONE",
			"SCHEMES_FILE", "WMS_SID",
		} {
			require.Equal(t, 1, strings.Count(errOut, "\n  "+name+": "), "%s in %s", name, errOut)
		}
		require.Equal(t, 1, strings.Count(errOut, "never mixed"))

		status, _, errOut = call(t, settings, "run")
		require.Equal(t, statusWrong, status)
		for _, name := range []string{"WMS_RATE", "LOG_LEVEL", "DATABASE_URL", "ORCHESTRATOR_HTTP_ADDR"} {
			require.Equal(t, 1, strings.Count(errOut, "\n  "+name+": "), "%s in %s", name, errOut)
		}
		require.Contains(t, errOut, "`run` plays on its own sandboxes")
	})

	t.Run("run keeps its hands off real vendors", func(t *testing.T) {
		status, _, errOut := call(t,
			map[string]string{"KINGDEE_BASE_URL": "https://erp.example/K3Cloud/", "WMS_URL": "https://wms.example/"},
			"run")
		require.Equal(t, statusWrong, status)
		require.Contains(t, errOut, "voidrelay up")
	})

	t.Run("a command line that makes no sense", func(t *testing.T) {
		for _, line := range [][]string{{"bill"}, {"bill", "a", "b"}, {"nonsense"}, {"bill", "a", "--nonsense"},
			{"mode", "s", "send"}, {"cancellations", "--state", "x"}, {"retry", "s"},
			{"retry", "s", "--reason", "r", "--state", "lost"}, {"ignore", "s", "--reason", "r", "--from", "yesterday"},
			{"close", "x", "--reason", "r"}, {"reclassify", "cancelled", "--reason", "r"},
			{"reclassify", "text", "cancelled", "--item", "1", "--reason", "r"},
			{"backfill", "plan", "s", "--reason", "r"},
			{"backfill", "plan", "s", "--to", "2026-11-01", "--reason", "r"},
			{"backfill", "plan", "s", "--from", "2026-11-01", "--numbers", "A", "--reason", "r"},
			{"backfill", "start", "s", "--from", "1 November", "--reason", "r"},
			{"backfill", "plan", "s", "--numbers", "A"},
			{"backfill", "plan", "s", "--numbers-file", "/nowhere", "--reason", "r"},
			{"backfill", "apply", "first", "--reason", "r"},
			{"backfill", "apply", "1"}, {"backfill", "items", "0"}, {"backfill", "items", "1", "--state", "lost"},
			{"runs", "cancel", "1"}, {"runs", "show", "last"},
			{"runs", "list", "--kind", "sweep"}, {"runs", "start", "s"}} {
			status, out, errOut := call(t, nil, line...)
			require.Equal(t, statusWrong, status, line)
			require.Empty(t, out)
			require.NotEmpty(t, errOut)
		}
	})

	t.Run("migrate without a database", func(t *testing.T) {
		status, _, errOut := call(t, nil, "migrate")
		require.Equal(t, statusWrong, status)
		require.Contains(t, errOut, "DATABASE_URL")
	})

	t.Run("migrate --print-grants needs no database, and refuses what is no name", func(t *testing.T) {
		status, out, _ := call(t, nil, "migrate", "--print-grants", "--role", "relay.run", "--reader", "boss")
		require.Zero(t, status)
		require.Contains(t, out, `grant usage on schema voidrelay, reporting to "relay.run";`)
		require.Contains(t, out, `create role "boss" nologin;`)
		require.NotContains(t, out, "{")
		for _, name := range []string{"boss", "two words"} {
			status, out, errOut := call(t, nil, "migrate", "--print-grants", "--role", name, "--reader", "boss")
			require.Equal(t, statusWrong, status)
			require.Empty(t, out)
			require.Contains(t, errOut, name)
		}
	})

	t.Run("migrate with a database that cannot be meant: the setting is named, and nothing of it is shown",
		func(t *testing.T) {
			for _, settings := range []map[string]string{
				{"DATABASE_URL": "postgres://u:hidden#word@127.0.0.1/db"},
				{"DATABASE_URL": "host=127.0.0.1 password=hidden word"},
				{"DATABASE_URL_FILE": "/does/not/exist"},
				{"DATABASE_URL": "postgres://u:hidden@127.0.0.1/db", "DATABASE_URL_FILE": "/does/not/exist"},
			} {
				status, out, errOut := call(t, settings, "migrate")
				require.Equal(t, statusWrong, status, errOut)
				require.Contains(t, errOut, "\n  DATABASE_URL")
				require.NotContains(t, errOut, "not set")
				require.NotContains(t, out+errOut, "hidden")
			}
		})

	t.Run("blanks count as not set", func(t *testing.T) {
		status, _, errOut := call(t,
			map[string]string{"KINGDEE_BASE_URL": " ", "WMS_URL": "\t", "DATABASE_URL": " ", "LOG_LEVEL": "loud"}, "up")
		require.Equal(t, statusWrong, status)
		require.Contains(t, errOut, "LOG_LEVEL")
		require.Len(t, strings.Split(strings.TrimSpace(errOut), "\n"), 2, "nothing else is wrong: %s", errOut)
	})

	t.Run("nobody answers", func(t *testing.T) {
		status, _, errOut := call(t, map[string]string{"ORCHESTRATOR_TARGET": "127.0.0.1:1"}, "bill", "X")
		require.Equal(t, statusFailed, status)
		require.Contains(t, errOut, "127.0.0.1:1")
		require.Contains(t, errOut, "voidrelay up")
	})
}

func TestSchemeCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "schemes.yaml")

	t.Run("the example is a scheme", func(t *testing.T) {
		status, document, _ := call(t, nil, "scheme", "example")
		require.Zero(t, status)
		require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
		status, out, _ := call(t, nil, "scheme", "check", file)
		require.Zero(t, status)
		require.Contains(t, out, "assembly-void")
		require.Contains(t, out, "sandboxes only")
	})

	t.Run("so is that of another form", func(t *testing.T) {
		status, document, _ := call(t, nil, "scheme", "example", "PUR_MRAPP")
		require.Zero(t, status)
		require.NoError(t, os.WriteFile(file, []byte(document), 0o600))
		status, out, _ := call(t, nil, "scheme", "check", file)
		require.Zero(t, status)
		require.Contains(t, out, "return-void")
		status, _, errOut := call(t, nil, "scheme", "example", "PUR_PurchaseOrder")
		require.Equal(t, statusWrong, status)
		require.Contains(t, errOut, "STK_AssembledApp, PUR_MRAPP")
	})

	t.Run("a fault is named with its line", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, []byte("schemes:\n  - nam: x\n"), 0o600))
		status, _, errOut := call(t, nil, "scheme", "check", file)
		require.Equal(t, statusWrong, status)
		require.Contains(t, errOut, file+":2")
	})
}

func TestTable(t *testing.T) {
	table := newTable("单据 bill", "结论")
	table.row("ZZCX000151", "已取消")
	table.remark("why")
	table.row("X", "来不及")
	var out bytes.Buffer
	table.print(&out)
	require.Equal(t, `单据 bill   结论
----------  ------
ZZCX000151  已取消
    └ why
X           来不及
`, out.String())
}

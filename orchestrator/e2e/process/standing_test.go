package process

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// readiness is what /readyz answers.
type readiness struct {
	Status     string
	Conditions []struct {
		Kind, Host, Reason, Message, MessageEn string
		Since                                  time.Time
	}
}

// has says whether a condition is told, with this reason.
func (r readiness) has(kind, reason string) bool {
	for _, c := range r.Conditions {
		if c.Kind == kind && c.Reason == reason {
			return true
		}
	}
	return false
}

// ready asks /readyz, and expects its answer within a second, whatever is away.
func ready(t *testing.T, p *install.Process) (code int, body readiness) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Addrs[1]+"/readyz", nil)
	require.NoError(t, err)
	begun := time.Now()
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, time.Since(begun), 2*time.Second, "it answers from memory")
	require.NoError(t, json.NewDecoder(bytes.NewReader(text)).Decode(&body), string(text))
	return response.StatusCode, body
}

// private starts a Postgres of this test's own, with a ledger.
func private(ctx context.Context, t *testing.T) *privatepg.Server {
	t.Helper()
	server, err := privatepg.Start(ctx, privatepg.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	_, err = migrate.Up(ctx, server.URL())
	require.NoError(t, err)
	return server
}

// readOnly closes the database for writing, as a guard of a full disk does, or opens it again.
func readOnly(t *testing.T, server *privatepg.Server, closed bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	for _, statement := range []string{
		`set default_transaction_read_only = off`,
		fmt.Sprintf(`alter system set default_transaction_read_only = %t`, closed),
		`select pg_reload_conf()`,
	} {
		_, err = conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
}

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// The failure: with a database that took nothing, /readyz said 200.
func TestADatabaseThatIsReadOnlyIsToldFromMemoryAndWrittenLater(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	server := private(ctx, t)
	w := setup(t)
	w.database = server.URLAs(migrate.RunningRole)
	l := w.ledger()
	metrics := freeAddr(t)
	p, client := w.named("a", map[string]string{
		"ORCHESTRATOR_HOST_NAME": "wms-02", "ORCHESTRATOR_OPS_ADDR": metrics,
	})
	require.NoError(t, client.Baseline(ctx))
	code, body := ready(t, p)
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, "ready", body.Status)

	closed := time.Now()
	readOnly(t, server, true)
	await(t, 10*time.Second, "/readyz says so", func() bool {
		code, body = ready(t, p)
		return code == http.StatusServiceUnavailable && body.has("database_read_only", "")
	})
	t.Logf("told %s after the database closed", time.Since(closed).Round(100*time.Millisecond))
	require.Equal(t, "not ready", body.Status)
	require.Contains(t, body.Conditions[0].Message, "账本数据库只读")
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, health(t, p))
	require.Contains(t, healthDetail(t, p), `"kind":"database_read_only"`)
	require.Contains(t, get(t, "http://"+metrics+"/metrics"), `orchestrator_condition{account="",data_center="",`+
		`host="wms-02",kind="database_read_only",reason="",scheme="",trigger=""} 1`)
	listed := get(t, "http://"+p.Addrs[1]+"/v1/conditions")
	require.Contains(t, listed, `"kind":"database_read_only"`)
	require.Regexp(t, `"sendingBlockedBy":\s?\["database_read_only"\]`, get(t, "http://"+p.Addrs[1]+"/v1/status"))
	_, err := client.Schemes.StopAll(ctx, &orchestratorv1.StopAllRequest{Reason: "try"})
	require.Contains(t, status.Convert(err).Message(), "read only")

	readOnly(t, server, false)
	await(t, 10*time.Second, "it is ready again by itself", func() bool {
		code, body = ready(t, p)
		return code == http.StatusOK && len(body.Conditions) == 0
	})
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, health(t, p))
	await(t, 10*time.Second, "it is written", func() bool {
		return l.is(`exists (select from condition where kind = 'database_read_only' and host = 'wms-02'
			and end_time is not null)`)
	})
	var since, end time.Time
	require.NoError(t, l.pool.QueryRow(ctx, `select since, end_time from condition where kind = 'database_read_only'`).
		Scan(&since, &end))
	require.WithinDuration(t, closed, since, 5*time.Second, "its true beginning")
	require.True(t, end.After(since))
}

// Postgres does not answer at all, and refuses nothing: only a time-out finds that out.
func TestADatabaseThatHangsIsToldFromMemory(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	server := private(ctx, t)
	w := setup(t)
	w.database = server.URLAs(migrate.RunningRole)
	l := w.ledger()
	p, client := w.named("a", nil)
	require.NoError(t, client.Baseline(ctx))
	frozen := append(children(t, server.PID()), server.PID())
	for _, pid := range frozen {
		_ = syscall.Kill(pid, syscall.SIGSTOP) // one that has ended meanwhile hangs nobody
	}
	begun := time.Now()
	thaw := func() {
		for _, pid := range frozen {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	defer thaw()
	await(t, 15*time.Second, "/readyz says so", func() bool {
		code, body := ready(t, p)
		return code == http.StatusServiceUnavailable && body.has("ledger_away", "")
	})
	t.Logf("told %s after the database hung", time.Since(begun).Round(100*time.Millisecond))
	thaw()
	await(t, 15*time.Second, "it is ready again by itself", func() bool {
		code, _ := ready(t, p)
		return code == http.StatusOK
	})
	await(t, 10*time.Second, "it is written", func() bool {
		return l.is(`exists (select from condition where kind = 'ledger_away' and end_time is not null)`)
	})
	var since time.Time
	require.NoError(t, l.pool.QueryRow(ctx, `select since from condition where kind = 'ledger_away'`).Scan(&since))
	require.WithinDuration(t, begun, since, 5*time.Second, "its true beginning")
}

// children are the processes that a process has.
func children(t *testing.T, pid int) (all []int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	require.NoError(t, err)
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		require.NoError(t, err)
		all = append(all, child)
	}
	return all
}

// The failure: with both adapters dead an orchestrator was ready, and with one dead nobody was told.
func TestAnAdapterThatIsAwayIsAConditionOfItsHostAndOneAloneLeavesItReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := setup(t)
	l := w.ledger()
	p, client := w.named("a", map[string]string{"ORCHESTRATOR_HOST_NAME": "wms-02"})
	require.NoError(t, client.Baseline(ctx))
	open := func(reason string) string {
		return l.text(`select host from condition where kind = 'adapter_away' and end_time is null and reason = '` +
			reason + `'`)
	}

	w.wms.Kill()
	killed := time.Now()
	await(t, 10*time.Second, "the ledger has it", func() bool { return open("wms") == "wms-02" })
	t.Logf("told %s after wmssvc was killed", time.Since(killed).Round(100*time.Millisecond))
	code, body := ready(t, p)
	require.Equal(t, http.StatusOK, code, "this host still reads: nobody else could do better")
	require.True(t, body.has("adapter_away", "wms"), body)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, health(t, p))
	require.Contains(t, body.Conditions[0].Message, "主机 wms-02 连不上旺店通适配器 wmssvc")

	w.kingdee.Kill()
	await(t, 10*time.Second, "not ready", func() bool {
		code, body = ready(t, p)
		return code == http.StatusServiceUnavailable && body.has("adapter_away", "kingdee")
	})
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, health(t, p))

	again := w.vendors.Settings()
	again["KINGDEESVC_ADDR"], again["WMSSVC_ADDR"] = w.kingdee.Addrs[0], w.wms.Addrs[0]
	start(t, install.RoleKingdee, again)
	start(t, install.RoleWMS, again)
	back := time.Now()
	await(t, 15*time.Second, "both are over", func() bool {
		code, body = ready(t, p)
		return code == http.StatusOK && open("wms") == "" && open("kingdee") == ""
	})
	t.Logf("over %s after they were back", time.Since(back).Round(100*time.Millisecond))
	w.void(ctx, client, 2)
	w.settled(ctx, client, l)
}

// What one host cannot do the others do, and it leaves no trace in the orders.
func TestAHostWithoutAnAdapterLeavesTheWorkToTheOthers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := setup(t)
	l := w.ledger()
	lame, _ := w.named("lame", map[string]string{
		"WMSSVC_TARGET": freeAddr(t), "KINGDEESVC_TARGET": freeAddr(t),
	})
	await(t, 10*time.Second, "it is not ready", func() bool {
		code, _ := ready(t, lame)
		return code == http.StatusServiceUnavailable
	})
	_, client := w.named("whole", nil)
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 12)
	w.settled(ctx, client, l)
	require.False(t, l.is(`exists (select from attempt where disposition = 'not_sent')`))
}

// The wmssvc of one host lacks the account. That host sends nothing to it, and says so; another host sends.
func TestAnAccountThatOneHostLacksIsItsConditionAndTheOtherHostSends(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := setup(t)
	l := w.ledger()
	settings := w.vendors.Settings()
	accounts := filepath.Join(t.TempDir(), "accounts.yaml")
	require.NoError(t, os.WriteFile(accounts, fmt.Appendf(nil,
		"accounts:\n  - {name: another, url: %q, sid: %q, app_key_file: key, app_secret_file: secret}\n",
		settings["WMS_URL"], settings["WMS_SID"]), 0o600))
	for file, setting := range map[string]string{"key": "WMS_APP_KEY", "secret": "WMS_APP_SECRET"} {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(accounts), file), []byte(settings[setting]), 0o600))
	}
	lacking := w.vendors.Settings()
	maps.DeleteFunc(lacking, func(name, _ string) bool {
		return strings.HasPrefix(name, "WMS_")
	})
	lacking["WMSSVC_ADDR"], lacking["WMS_ACCOUNTS_FILE"] = "127.0.0.1:0", accounts
	poor := start(t, install.RoleWMS, lacking)
	_, client := w.named("poor", map[string]string{
		"ORCHESTRATOR_HOST_NAME": "wms-01", "WMSSVC_TARGET": poor.Addrs[0],
	})
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 4)
	missing := func() string {
		return l.text(`select host || ' ' || account from condition
			where kind = 'account_missing' and end_time is null`)
	}
	require.NoError(t, client.Run(ctx))
	await(t, 30*time.Second, "the condition", func() bool { return missing() == "wms-01 default" })
	require.True(t, l.is(`count(*) = 4 from cancellation_now where state = 'open' and attempt = 0`))

	_, whole := w.named("whole", map[string]string{"ORCHESTRATOR_HOST_NAME": "wms-02"})
	w.settled(ctx, whole, l)
	require.Equal(t, "wms-01 default", missing(), "it still lacks it")

	poor.Kill()
	settings["WMSSVC_ADDR"] = poor.Addrs[0]
	start(t, install.RoleWMS, settings)
	await(t, 90*time.Second, "it ends by itself", func() bool { return missing() == "" })
}

func healthDetail(t *testing.T, p *install.Process) string {
	t.Helper()
	conn, err := grpc.NewClient(p.Addrs[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	var header metadata.MD
	_, err = healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	require.NoError(t, err)
	return strings.Join(header.Get(serve.HealthDetailKey), "")
}

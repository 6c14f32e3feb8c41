package process

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

const assembly = "assembly-void"

// past is a Postgres whose files can be kept, and put back.
type past struct {
	*town
	server *privatepg.Server
	l      kept
}

func remembering(ctx context.Context, t *testing.T) past {
	t.Helper()
	server, err := privatepg.Start(ctx, privatepg.Options{
		Logger: slog.New(slog.DiscardHandler), ExtraSettings: map[string]string{"wal_level": "replica"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	_, err = migrate.Up(ctx, server.URL())
	require.NoError(t, err)
	w := setup(t)
	w.database = server.URLAs(migrate.RunningRole)
	return past{w, server, w.ledger()}
}

// while stops the server, does something to its files, and starts it again.
func (w past) while(ctx context.Context, do func(data string)) {
	w.t.Helper()
	require.NoError(w.t, syscall.Kill(w.server.PID(), syscall.SIGQUIT))
	<-w.server.Done()
	do(filepath.Join(w.server.Dir(), "data"))
	require.NoError(w.t, w.server.Restart(ctx))
	w.l.pool.Reset()
}

func (w past) files(command string, paths ...string) {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), "sh", append([]string{"-ec", command, "sh"}, paths...)...).
		CombinedOutput()
	require.NoError(w.t, err, string(out))
}

// keep makes a back-up of the ledger, and putBack puts it in the ledger's place.
func (w past) keep(ctx context.Context) {
	w.while(ctx, func(data string) { w.files(`cp -a "$1" "$1.kept"`, data) })
}

func (w past) putBack(ctx context.Context) {
	w.while(ctx, func(data string) { w.files(`rm -r "$1"; cp -a "$1.kept" "$1"`, data) })
}

// promoted lets the server take over as a standby does: it has what its files have, on a timeline of its own.
const promoted = `touch "$1/recovery.signal"; echo "restore_command = 'false'" >> "$1/postgresql.auto.conf"`

// host starts an orchestrator that remembers in a folder of its own.
func (w past) host(name, folder string) (*install.Process, *install.Client) {
	w.t.Helper()
	return w.named(name, map[string]string{"ORCHESTRATOR_HOST_NAME": name, "STATE_DIR": folder})
}

// seen waits until a host has seen every event there is.
func (w past) seen(l kept, client *install.Client) {
	w.t.Helper()
	await(w.t, 20*time.Second, "it remembers all there is", func() bool {
		memory, err := client.Ledger.GetLedgerMemory(w.t.Context(), &orchestratorv1.GetLedgerMemoryRequest{})
		require.NoError(w.t, err)
		return l.is(fmt.Sprintf(`newest_number = %d and not exists (select from event_inbox) from ledger_identity`,
			memory.GetSeenEventNumber()))
	})
}

// back waits until a host says that the ledger went back, and answers what it says is missing.
func (w past) back(p *install.Process, client *install.Client) *orchestratorv1.LedgerLoss {
	w.t.Helper()
	await(w.t, 20*time.Second, "/readyz says that the ledger went back", func() bool {
		code, body := ready(w.t, p)
		return code == http.StatusServiceUnavailable && body.has("ledger_went_back", "")
	})
	memory, err := client.Ledger.GetLedgerMemory(w.t.Context(), &orchestratorv1.GetLedgerMemoryRequest{})
	require.NoError(w.t, err)
	require.NotNil(w.t, memory.GetLoss())
	return memory.GetLoss()
}

// readyAgain waits until a host works. One that has just lost its server may say so for a second: it has not noticed,
// and a connection to the server of before is looked at only once it has rested for that long.
func (w past) readyAgain(p *install.Process) {
	w.t.Helper()
	for range 2 {
		waitOut(w.t.Context(), 1500*time.Millisecond)
		await(w.t, 20*time.Second, "it is ready", func() bool {
			code, body := ready(w.t, p)
			return code == http.StatusOK && !body.has("ledger_went_back", "")
		})
	}
}

// asked counts what reached the two vendors: queries, and requests to cancel.
func (w past) asked() (queries, requests int) {
	for truth := range w.vendors.WMS.EachTruth(warehouse.Filter{}) {
		if truth.Order != nil {
			requests += truth.Requests
		}
	}
	return w.vendors.Kingdee.Calls()[kbehaviour.ServiceQuery], requests
}

// cancelled expects every cancellation done. The books of both sides no longer agree: a ledger that went back does not
// know what it asked before.
func (w past) cancelled(ctx context.Context, client *install.Client, l kept) {
	w.t.Helper()
	require.NoError(w.t, client.Settled(ctx))
	require.True(w.t, l.is(`count(*) > 0 and bool_and(state = 'done') from cancellation_now`),
		l.text(`select string_agg(distinct state, ' ') from cancellation_now`))
}

// The failure: an older back-up of the ledger was taken for the ledger. What had been paused was sent, and nobody knew
// what was missing.
func TestAnOlderBackUpOfTheLedgerSendsNothingUntilAPersonConfirms(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := remembering(ctx, t)
	folder := filepath.Join(t.TempDir(), "memory")
	p, client := w.host("wms-01", folder)
	require.NoError(t, client.Baseline(ctx))
	numbers, err := w.vendors.Kingdee.Bulk(ctx, books.Bulk{Count: 5, Stocks: []string{"CK001"}})
	require.NoError(t, err)
	require.NoError(t, client.Run(ctx))
	l := w.l
	w.keep(ctx)
	w.readyAgain(p)

	// Two are cancelled and one is ignored; then everything stops.
	pause := &orchestratorv1.PauseSchemeRequest{Scheme: assembly, Reason: "盘点"}
	_, err = client.Schemes.PauseScheme(ctx, pause)
	require.NoError(t, err)
	require.NoError(t, w.vendors.Kingdee.VoidMany(ctx, numbers[:3]))
	require.NoError(t, client.Run(ctx))
	_, err = client.Cancellations.IgnoreCancellations(ctx, &orchestratorv1.IgnoreCancellationsRequest{
		Filter: &orchestratorv1.CancellationFilter{Scheme: assembly, BillNo: numbers[0]}, Reason: "仓库已发货",
	})
	require.NoError(t, err)
	_, err = client.Schemes.ResumeScheme(ctx, &orchestratorv1.ResumeSchemeRequest{Scheme: assembly, Reason: "盘点结束"})
	require.NoError(t, err)
	require.NoError(t, client.Settled(ctx))
	_, err = client.Schemes.PauseScheme(ctx, pause)
	require.NoError(t, err)
	_, err = client.Schemes.StopAll(ctx, &orchestratorv1.StopAllRequest{Reason: "机房迁移"})
	require.NoError(t, err)
	require.NoError(t, w.vendors.Kingdee.VoidMany(ctx, numbers[3:]))
	w.seen(l, client)
	p.Kill()

	w.putBack(ctx)
	queries, requests := w.asked()
	p, client = w.host("wms-01", folder)
	loss := w.back(p, client)
	require.JSONEq(t, `{"status": "alive"}`, get(t, "http://"+p.Addrs[1]+"/healthz"))
	var verbs, bills []string
	for _, act := range loss.GetActs() {
		if act.GetVerb() != "start_run" {
			verbs = append(verbs, act.GetVerbZh()+" "+act.GetVerb())
		}
	}
	require.Equal(t, []string{
		"全部停发 stop_all", "暂停发送 pause", "恢复 resume", "不取消 ignore", "暂停发送 pause",
	}, verbs)
	for _, outcome := range loss.GetOutcomes() {
		bills = append(bills, outcome.GetBillNo()+" "+outcome.GetOutcome())
	}
	require.ElementsMatch(t, []string{
		numbers[0] + " ignored", numbers[1] + " cancelled", numbers[2] + " cancelled",
	}, bills)
	require.Regexp(t, `"outcomeCount":\s?"3"`, get(t, "http://"+p.Addrs[1]+"/v1/ledger"))
	overall, err := client.Status.GetStatus(ctx, &orchestratorv1.GetStatusRequest{})
	require.NoError(t, err)
	require.True(t, overall.GetNeedsPerson())
	require.Equal(t, []string{"ledger_went_back"}, overall.GetSchemes()[0].GetSendingBlockedBy())

	// Acts are taken, so that what was paused can be paused again; nothing is read and nothing sent.
	_, err = client.Schemes.PauseScheme(ctx, pause)
	require.NoError(t, err)
	_, err = client.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{
		Scheme: assembly, Kind: orchestratorv1.RunKind_RUN_KIND_INCREMENTAL,
	})
	require.Contains(t, status.Convert(err).Message(), "went back")
	queriesNow, requestsNow := w.asked()
	require.Equal(t, []int{queries, requests}, []int{queriesNow, requestsNow})

	_, err = client.Ledger.ConfirmLedger(ctx, &orchestratorv1.ConfirmLedgerRequest{Reason: "恢复自 03:00 的备份"})
	require.NoError(t, err)
	w.readyAgain(p)
	require.NoError(t, client.Run(ctx))
	_, requestsNow = w.asked()
	require.Equal(t, requests, requestsNow, "it is paused again")
	_, err = client.Ledger.ConfirmLedger(ctx, &orchestratorv1.ConfirmLedgerRequest{Reason: "再来一次"})
	require.Contains(t, status.Convert(err).Message(), "nothing to confirm")
	_, err = client.Schemes.ResumeScheme(ctx, &orchestratorv1.ResumeSchemeRequest{Scheme: assembly, Reason: "已核对"})
	require.NoError(t, err)
	w.cancelled(ctx, client, l)
	await(t, 20*time.Second, "it is written", func() bool {
		return l.is(`exists (
				select from condition where kind = 'ledger_went_back' and host = 'wms-01' and end_time is not null)
			and exists (select from operator_action where verb = 'confirm_ledger' and reason = '恢复自 03:00 的备份')`)
	})
}

// Two hosts see it while they run, the third was down. One confirmation is for all three.
func TestConfirmingAtOneHostFreesTheOthersAlsoTheOneThatWasDown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := remembering(ctx, t)
	l := w.l
	dir := t.TempDir()
	folders := map[string]string{}
	hosts, clients := map[string]*install.Process{}, map[string]*install.Client{}
	for _, name := range []string{"a", "b", "c"} {
		folders[name] = filepath.Join(dir, name)
		hosts[name], clients[name] = w.host(name, folders[name])
	}
	require.NoError(t, clients["a"].Baseline(ctx))
	w.keep(ctx)
	for _, p := range hosts {
		w.readyAgain(p)
	}
	w.void(ctx, clients["a"], 4)
	w.settled(ctx, clients["a"], l)
	for _, client := range clients {
		w.seen(l, client)
	}
	hosts["c"].Kill()

	w.putBack(ctx)
	require.Positive(t, w.back(hosts["a"], clients["a"]).GetOutcomeCount())
	require.Positive(t, w.back(hosts["b"], clients["b"]).GetOutcomeCount())
	_, err := clients["a"].Ledger.ConfirmLedger(ctx, &orchestratorv1.ConfirmLedgerRequest{Reason: "旧备份"})
	require.NoError(t, err)
	w.readyAgain(hosts["a"])
	w.readyAgain(hosts["b"])
	w.void(ctx, clients["b"], 2)
	w.cancelled(ctx, clients["b"], l)
	hosts["c"], clients["c"] = w.host("c", folders["c"])
	w.readyAgain(hosts["c"])
	w.seen(l, clients["c"])

	// The same back-up once more is a ledger from before that confirmation: nobody accepts it.
	w.putBack(ctx)
	require.True(t, w.back(hosts["c"], clients["c"]).GetAnotherLedger())
	w.back(hosts["a"], clients["a"])
}

// A standby takes over that has it all: only the timeline is another.
func TestASwitchoverThatLostNothingStopsNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := remembering(ctx, t)
	l := w.l
	folder := filepath.Join(t.TempDir(), "memory")
	p, client := w.host("wms-01", folder)
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 2)
	w.settled(ctx, client, l)
	w.seen(l, client)

	w.while(ctx, func(data string) { w.files(promoted, data) })
	await(t, 20*time.Second, "it has taken over", func() bool { return l.is(`not pg_is_in_recovery()`) })
	require.True(t, l.is(`timeline > 1 from ledger_place`))
	w.readyAgain(p)
	w.void(ctx, client, 2)
	w.settled(ctx, client, l)
	require.False(t, l.is(`exists (select from condition where kind = 'ledger_went_back')`))
	text, err := os.ReadFile(filepath.Join(folder, "ledger-memory.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"timeline":2`)
}

// A standby takes over that lacks the last transactions. Requests wait at that moment: none of them may leave by what
// it says, though nobody started anything anew.
func TestAServerThatTookOverWithoutTheLastTransactionsSendsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := remembering(ctx, t)
	l := w.l
	p, client := w.host("wms-01", filepath.Join(t.TempDir(), "memory"))
	require.NoError(t, client.Baseline(ctx))
	pause := &orchestratorv1.PauseSchemeRequest{Scheme: assembly, Reason: "盘点"}
	_, err := client.Schemes.PauseScheme(ctx, pause)
	require.NoError(t, err)
	w.void(ctx, client, 6)
	require.NoError(t, client.Run(ctx))
	_, err = client.Schemes.ResumeScheme(ctx, &orchestratorv1.ResumeSchemeRequest{Scheme: assembly, Reason: "可以"})
	require.NoError(t, err)
	w.slow(time.Minute)
	w.keep(ctx) // nothing is paused in it, and six are open
	w.readyAgain(p)
	_, err = client.Schemes.PauseScheme(ctx, pause)
	require.NoError(t, err)
	_, err = client.Schemes.StopAll(ctx, &orchestratorv1.StopAllRequest{Reason: "先停"})
	require.NoError(t, err)
	w.seen(l, client)

	queries, requests := w.asked()
	w.while(ctx, func(data string) { w.files(`rm -r "$1"; cp -a "$1.kept" "$1"; `+promoted, data) })
	loss := w.back(p, client)
	require.True(t, loss.GetAnotherTimeline())
	require.False(t, loss.GetAnotherLedger())
	require.Equal(t, "stop_all", loss.GetActs()[0].GetVerb())
	require.False(t, l.is(`exists (select from condition where kind in ('paused', 'stop_all') and end_time is null)`))
	queriesNow, requestsNow := w.asked()
	require.Equal(t, []int{queries, requests}, []int{queriesNow, requestsNow})
}

// The failure: an orchestrator that was started then ended at once, and nobody could ask it why.
func TestAnOrchestratorThatStartsWhileTheDatabaseIsReadOnlySaysSoAndBeginsLater(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	server := private(ctx, t)
	w := setup(t)
	w.database = server.URLAs(migrate.RunningRole)
	l := w.ledger()
	readOnly(t, server, true)
	p, client := w.named("a", map[string]string{"ORCHESTRATOR_HOST_NAME": "wms-02"})
	code, body := ready(t, p)
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.True(t, body.has("database_read_only", ""), body)
	require.JSONEq(t, `{"status": "alive"}`, get(t, "http://"+p.Addrs[1]+"/healthz"))
	require.Contains(t, get(t, "http://"+p.Addrs[1]+"/v1/conditions"), `"kind":"database_read_only"`)

	readOnly(t, server, false)
	await(t, 20*time.Second, "it is ready by itself", func() bool {
		code, _ := ready(t, p)
		return code == http.StatusOK
	})
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, 2)
	w.settled(ctx, client, l)
	terminate(t, p)
}

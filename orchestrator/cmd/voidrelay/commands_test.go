package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

// nothingStarts is asked for runs, and starts none.
type nothingStarts struct{}

func (nothingStarts) StartRun(context.Context, pgx.Tx, string, ledger.RunKind) error { return nil }
func (nothingStarts) InsertBackfill(context.Context, pgx.Tx, int64) error            { return nil }

// alwaysMay lets any scheme be set to send.
type alwaysMay struct{}

func (alwaysMay) CanSend(ledger.Scheme) error { return nil }

// morning is a ledger behind an orchestrator's gRPC services, and whoever sits at a terminal before it.
type morning struct {
	*testing.T
	rows   rowtest.DB
	pool   *pgxpool.Pool
	memory *memory.Keeper
	target string
}

func sitDown(t *testing.T) morning { return sitDownBehind(t, access.Guard{}) }

// sitDownBehind is sitDown before an orchestrator that asks who calls.
func sitDownBehind(t *testing.T, guard access.Guard) morning {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	server, err := serve.NewGRPC(serve.GRPCOptions{
		Chain: rpc.Chain(slog.New(slog.DiscardHandler)), Guard: guard,
	})
	require.NoError(t, err)
	all := rooms.New(pool)
	remembered, err := memory.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(remembered.Close)
	require.NoError(t, remembered.Compare(t.Context(), pool))
	rpc.Register(server, rpc.Deps{
		Reader: all, Host: host.New(host.Config{Name: "wms-01:7403", Pool: pool}), Operator: all,
		Recorder: operate.NewRecorder(pool), Starter: nothingStarts{}, Gate: alwaysMay{}, Ledger: pool,
		Timing: func(string) rule.Timing { return rule.DefaultTiming() }, Memory: remembered,
	})
	require.NoError(t, server.Listen(t.Context(), "TEST_ADDR", "127.0.0.1:0"))
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve() })
	t.Cleanup(func() { server.Drain(context.Background()); serving.Wait() })
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	return morning{t, rows, pool, remembered, server.Addr()}
}

// goBack puts a ledger in the place of the one that the host remembers, which lacks the newest act.
func (m morning) goBack() {
	m.Helper()
	status, out := m.types(`voidrelay stop-all --reason 先停`)
	require.Zero(m, status, out)
	_, err := ledger.NumberEvents(m.Context(), m.pool)
	require.NoError(m, err)
	require.NoError(m, m.memory.Compare(m.Context(), m.pool))
	m.rows.Exec(`delete from voidrelay.event`)
	m.rows.Exec(`update voidrelay.ledger_identity set newest_number = 0`)
	m.rows.Exec(`delete from voidrelay.condition`)
	require.ErrorIs(m, m.memory.Compare(m.Context(), m.pool), ledger.ErrWentBack)
}

// Somebody on call sees what is missing before the ledger counts as it is.
func TestWhatIsMissingIsShownBeforeALedgerThatWentBackIsConfirmed(t *testing.T) {
	m := sitDown(t)
	status, out := m.types(`voidrelay ledger show`)
	require.Zero(t, status, out)
	require.Contains(t, out, "账本都有 the ledger has all of it")
	status, out = m.types(`voidrelay ledger confirm --reason x`)
	require.NotZero(t, status)
	require.Contains(t, out, "nothing to confirm")

	m.goBack()
	status, out = m.types(`voidrelay ledger show`)
	require.Zero(t, status, out)
	require.Contains(t, out, "账本变旧 the ledger went back")
	require.Regexp(t, `缺少的操作 acts that are missing: 1\n.*\n.*\n.*全部停发 stop_all .* 先停`, out)
	status, out = m.types(`voidrelay ledger confirm --reason 旧备份`)
	require.Zero(t, status, out)
	require.Regexp(t, `(?s)全部停发 stop_all .*已确认 confirmed`, out)
	require.NoError(t, m.memory.Compare(t.Context(), m.pool))
}

// types runs a command line as a shell reads it, and answers questions with y.
func (m morning) types(command string) (status int, out string) {
	m.Helper()
	read, err := exec.CommandContext(m.Context(), "sh", "-c", `printf '%s\0' `+command).Output()
	require.NoError(m, err, command)
	words := strings.Split(strings.TrimSuffix(string(read), "\x00"), "\x00")
	require.Equal(m, "voidrelay", words[0])
	var printed bytes.Buffer
	sh := &shell{
		getenv: func(name string) string { return map[string]string{"ORCHESTRATOR_TARGET": m.target}[name] },
		out:    &printed, err: &printed, in: strings.NewReader("y\n"), terminal: true,
	}
	status = execute(m.Context(), sh, words[1:])
	return status, printed.String()
}

// printed is the command that the one row of a view ends with, the same in both languages.
func (m morning) printed(view string) string {
	m.Helper()
	last := func(column string) string {
		text := m.rows.Text(`select ` + column + ` from ` + view)
		i := strings.LastIndex(text, "voidrelay ")
		require.GreaterOrEqual(m, i, 0, "the next step names no command")
		return text[i:]
	}
	chinese := last("action")
	require.Equal(m, last("action_en"), strings.ReplaceAll(chinese, "……", "…"))
	return chinese
}

// awkward is a bill number that a shell must not read.
const awkward = `ZZ'$(touch x)"1`

// TestTheCommandOfEachWorkItemWorksAsPrinted stages an item of each kind, with the cancellation that it is about as
// such an item leaves it, and types what the item says.
func TestTheCommandOfEachWorkItemWorksAsPrinted(t *testing.T) {
	held := func(reason string) rowtest.Cancellation {
		return rowtest.Cancellation{State: "held", HoldReason: reason}
	}
	waits := rowtest.Cancellation{State: "needs_attention", Disposition: "rejected", Attempt: 1}
	staged := map[string]rowtest.Cancellation{
		"restored_after_cancel": {State: "done", Disposition: "cancelled", Attempt: 1},
		"many_inferred":         {State: "done", Disposition: "not_found", Attempt: 2},
		"order_vanished":        {}, "warehouse_not_mapped": {}, "bill_without_lines": {}, "bill_undecodable": {},
		"line_without_warehouse": {}, "order_claimed": {State: "withdrawn", Outcome: "order_claimed"},
		"claim_unconfirmed":   {},
		"number_reuse_unsaid": held("number_reuse_unsaid"),
		"no_event_time":       held("no_event_time"), "many_deleted": held("many_deleted"),
		"part_was_away": held("part_was_away"),
	}
	// What is about no single cancellation.
	ofNone := map[string]bool{
		"order_vanished": true, "warehouse_not_mapped": true, "bill_without_lines": true, "bill_undecodable": true,
		"many_inferred": true, "line_without_warehouse": true, "stamp_ahead": true, "runs_miss_changes": true,
		"no_event_time": true, "many_deleted": true, "part_was_away": true,
		"trigger_off": true, "before_cutover": true,
	}
	// What ends by itself: its command only asks, or has Kingdee read at once.
	asks := map[string]bool{"bill_undecodable": true, "resting_orders": true, "claim_unconfirmed": true}
	m := sitDown(t)
	kinds := strings.Fields(m.rows.Text(`
select string_agg(distinct kind, ' ') from voidrelay.work_kind`))
	require.Greater(t, len(kinds), 15)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			m := sitDown(t)
			row, about := staged[kind]
			if !about {
				row = waits
			}
			row.BillID, row.BillNo = 7, awkward
			m.rows.Bill(rowtest.Bill{ID: 7, No: awkward})
			id := m.rows.Cancellation(row)
			item := rowtest.Work{Kind: kind, BillID: 7, BillNo: awkward, CancellationID: id}
			if ofNone[kind] {
				item.CancellationID = 0
			}
			if kind == "answer_unrecognised" {
				item = rowtest.Work{Kind: kind, Subject: fmt.Sprint(m.rows.AnswerText("单据[#]已撤单", false, id))}
			}
			m.rows.Work(item)
			before := m.state()
			typed := m.printed("reporting.work_item")
			status, out := m.types(typed)
			require.Zero(t, status, "%s\n%s", typed, out)
			if !asks[kind] {
				require.NotEqual(t, before, m.state(), "%s did nothing:\n%s", typed, out)
			}
		})
	}
}

// state is what an act may change: the cancellation, and whether the item is open.
func (m morning) state() string {
	m.Helper()
	return m.rows.Text(`
select (select string_agg(state, ' ') from voidrelay.cancellation_now) || ' ' ||
       (select count(*) from voidrelay.work_item where close_time is null) || ' ' ||
       (select count(*) from voidrelay.condition where end_time is null)`)
}

// TestTheCommandOfEachConditionWorksAsPrinted opens each condition whose next step is a command and types what it says.
// All that only a person ends are among them, and end.
func TestTheCommandOfEachConditionWorksAsPrinted(t *testing.T) {
	for _, row := range rule.ConditionRows() {
		asks := strings.Contains(row.ActionZH, "：voidrelay ")
		if !row.ByPerson && !asks || row.Kind == rule.ConditionSafetyLimit && row.Reason == "" {
			continue
		}
		t.Run(string(row.Kind)+" "+row.Reason, func(t *testing.T) {
			m := sitDown(t)
			c := rowtest.Condition{Kind: string(row.Kind), Reason: row.Reason}
			switch row.Subject {
			case rule.SubjectScheme:
				c.Scheme = rowtest.SchemeName
			case rule.SubjectDataCenter:
				c.DataCenterID = "dc-1"
			}
			if row.Kind == rule.ConditionLedgerWentBack {
				m.goBack()
			}
			m.rows.Condition(c)
			m.rows.Cancellation(rowtest.Cancellation{State: "held", HoldReason: row.Reason})
			typed := strings.Replace(m.printed("reporting.condition"),
				`-restored-to "……"`, `-restored-to 2025-11-25T08:00:00+08:00`, 1)
			status, out := m.types(typed)
			require.Zero(t, status, "%s\n%s", typed, out)
			want := "1"
			if row.ByPerson {
				want = "0"
			}
			if row.Kind == rule.ConditionLedgerWentBack { // it stands in the memory of the host, which asks by itself
				require.NoError(t, m.memory.Compare(t.Context(), m.pool))
				want = "1"
			}
			require.Equal(t, want, m.rows.Text(`select count(*)::text from voidrelay.condition where end_time is null`),
				"%s\n%s", typed, out)
		})
	}
}

// One screen says whether anything needs a person, what stands still, how old it all is, what waits and since when, and
// which hosts live; its exit status says the first.
func TestStatusIsOneScreenAndItsExitStatusSaysWhetherAPersonIsNeeded(t *testing.T) {
	m := sitDown(t)
	m.rows.Exec(`insert into voidrelay.host (host, version) values ('wms-01', 'v1')`)
	m.rows.Exec(`
insert into voidrelay.host (host, version, beat_time) values ('wms-02', 'v1', now() - interval '3 minutes')`)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "A7"})
	m.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "A7", State: "open"})
	status, out := m.types(`voidrelay status`)
	require.Zero(t, status, out)
	require.Regexp(t, `^无需人工处理 nothing needs a person\n`, out)
	require.Contains(t, out, "截至 as of ")
	require.Regexp(t, `未结 unsettled .*open.* 1, 最早 oldest`, out)
	require.Regexp(t, `wms-02 .*已失联 gone`, out)
	require.NotRegexp(t, `wms-01 .*gone`, out)

	away := m.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: "default", Detail: "502"})
	status, out = m.types(`voidrelay status`)
	require.Zero(t, status, "what ends by itself needs nobody:\n%s", out)
	require.Contains(t, out, "旺店通没有应答，账号 default 的取消全部等待：502")
	require.Contains(t, out, "处理 to do: 检查旺店通服务和网络")
	require.Contains(t, out, "受阻于 blocked by wms_away")
	require.Regexp(t, `^没有待办；有状况使读取或发送停顿，排除后自动继续 no work waits for a person; a condition `, out)
	m.rows.EndCondition(away)

	for name, needs := range map[string]func() func(){
		"a condition that a person ends": func() func() {
			id := m.rows.Condition(rowtest.Condition{Kind: "paused", Scheme: rowtest.SchemeName})
			return func() { m.rows.EndCondition(id) }
		},
		"a work item": func() func() {
			m.rows.Work(rowtest.Work{Kind: "bill_undecodable", BillID: 8, BillNo: "A8"})
			return func() { m.rows.Exec(`delete from voidrelay.work_item`) }
		},
		"what is held": func() func() {
			m.rows.Exec(`
update voidrelay.unsettled_cancellation set state = 'held', hold_reason = 'number_reuse_unsaid'`)
			return func() {
				m.rows.Exec(`update voidrelay.unsettled_cancellation set state = 'open', hold_reason = ''`)
			}
		},
	} {
		over := needs()
		status, out = m.types(`voidrelay status`)
		require.Equal(t, statusPerson, status, "%s:\n%s", name, out)
		require.Regexp(t, `^需要人工处理 something needs a person: voidrelay work\n`, out)
		over()
	}

	m.rows.Exec(`update voidrelay.watermark set last_run_time = now() - interval '1 hour'`)
	for _, list := range []string{"status", "cancellations", "work"} {
		_, out = m.types(`voidrelay ` + list)
		require.Contains(t, out, "现在不知道：", list)
	}
	_, out = m.types(`voidrelay work`)
	require.Regexp(t, `^assembly  现在不知道：`, out, "first, also where there is nothing to do")
}

// A word that is left out must not be enough to close everything.
func TestAnActOnEverythingAsksFirst(t *testing.T) {
	m := sitDown(t)
	for _, warehouse := range []string{"a", "b", "c"} {
		m.rows.Cancellation(rowtest.Cancellation{State: "needs_attention", Warehouse: warehouse})
	}
	status, out := m.types(`voidrelay ignore assembly --reason x`)
	require.Equal(t, statusWrong, status, out)
	require.Contains(t, out, "--all")

	say := func(answer string, terminal bool, line ...string) (int, string) {
		var printed bytes.Buffer
		sh := &shell{
			getenv: func(name string) string { return map[string]string{"ORCHESTRATOR_TARGET": m.target}[name] },
			out:    &printed, err: &printed, in: strings.NewReader(answer), terminal: terminal,
		}
		return execute(t.Context(), sh, line), printed.String()
	}
	ignore := []string{"ignore", "assembly", "--all", "--reason", "x"}
	status, out = say("y\n", false, ignore...)
	require.Equal(t, statusWrong, status, "a script says --yes")
	require.Contains(t, out, "--yes")
	status, out = say("n\n", true, ignore...)
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "3 条")
	require.Contains(t, out, "未执行")
	require.Contains(t, m.state(), "needs_attention needs_attention needs_attention")
	status, out = say("", false, append(ignore, "--yes")...)
	require.Zero(t, status, out)
	require.Equal(t, "closed closed closed 0 0", m.state())
}

// The message named max_count, which no flag is called.
func TestAnActThatIsTooLargeSaysWhichFlagAllowsIt(t *testing.T) {
	m := sitDown(t)
	for _, warehouse := range []string{"a", "b", "c"} {
		m.rows.Cancellation(rowtest.Cancellation{State: "needs_attention", Warehouse: warehouse})
	}
	status, out := m.types(`voidrelay ignore assembly --account default --max 2 --reason x`)
	require.Equal(t, statusFailed, status)
	require.Contains(t, out, "--max 3")
	require.NotContains(t, out, "max_count")
	status, out = m.types(`voidrelay ignore assembly --account default --max 3 --reason x`)
	require.Zero(t, status, out)
}

// Who only tries what an act would do has no reason yet, and nothing keeps one.
func TestADryRunWantsNoReason(t *testing.T) {
	m := sitDown(t)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "ZZCX7"})
	id := m.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "ZZCX7", State: "needs_attention", Attempt: 1})
	m.rows.AnswerText("单据[#]已撤单", false, id)
	for _, line := range []string{
		`voidrelay reclassify "单据[#]已撤单" already_cancelled`, `voidrelay retry assembly --ids ` + fmt.Sprint(id),
	} {
		status, out := m.types(line)
		require.NotZero(t, status, line)
		require.Contains(t, out, "--reason is missing")
		status, out = m.types(line + ` --dry-run`)
		require.Zero(t, status, out)
	}
	require.Equal(t, "0", m.rows.Text(`select count(*)::text from voidrelay.operator_action`))
}

// Whoever sets a scheme to send sees what it decided meanwhile, and it is sent only on his word.
func TestSettingASchemeToSendShowsWhatWasDecidedInDryRun(t *testing.T) {
	m := sitDown(t)
	m.rows.Exec(`update voidrelay.scheme set mode = 'dry_run'`)
	m.rows.Bill(rowtest.Bill{ID: 7, No: "ZZCX7"})
	m.rows.Cancellation(rowtest.Cancellation{BillID: 7, BillNo: "ZZCX7", State: "dry_run"})
	backfills := func() string {
		return m.rows.Text(`select count(*)::text from voidrelay.run_backfill where numbers = '{ZZCX7}'`)
	}
	status, out := m.types(`voidrelay mode assembly send --reason ok`)
	require.Zero(t, status, out)
	require.Contains(t, out, "ZZCX7")
	require.Equal(t, "0", backfills())
	status, out = m.types(`voidrelay mode assembly send --include-dry-run --reason ok`)
	require.Zero(t, status, out)
	require.Contains(t, out, "回补 backfill")
	require.Equal(t, "1", backfills())
}

package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

var update = flag.Bool("update", false, "rewrite the expected replies")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(storetest.With(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

// face is an orchestrator as callers see it: gRPC and REST over a database of its own, through the production
// interceptors.
type face struct {
	rows    rowtest.DB
	conn    *grpc.ClientConn
	rest    *httptest.Server
	starter *starter
	gate    *gate
	server  *serve.GRPC
	// options are those of rest, and log what it says at info.
	options gateway.Options
	log     *safeBuffer
}

// starter remembers which runs were asked for.
type starter struct {
	mu    sync.Mutex
	asked []string
	// filled are the backfills that a job was inserted for.
	filled []int64
}

func (s *starter) StartRun(_ context.Context, _ pgx.Tx, scheme string, kind ledger.RunKind) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, scheme+" "+string(kind))
	return nil
}

func (s *starter) InsertBackfill(_ context.Context, _ pgx.Tx, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filled = append(s.filled, id)
	return nil
}

// gate refuses one scheme, or all of them.
type gate struct{ shut atomic.Bool }

func (g *gate) CanSend(standing ledger.Scheme) error {
	if standing.Scheme == "halted" || g.shut.Load() {
		return errors.New("it is stopped")
	}
	return nil
}

// kingdeeNow is a Kingdee that has one bill, and cannot be asked for the scheme that stands still.
type kingdeeNow struct{}

func (kingdeeNow) BillsNow(_ context.Context, scheme, billNo string) (rpc.BillsNow, error) {
	if scheme == "halted" {
		return rpc.BillsNow{}, &rpc.KingdeeError{Reason: "VENDOR_UNREACHABLE", Cause: errors.New("no answer")}
	}
	shown := rpc.BillsNow{Read: rowtest.Now}
	if billNo == "ZZCX000001" {
		shown.Bills = []rpc.BillNow{{State: rule.State{
			ID: 1, Number: billNo, Org: "100", Kind: "Assembly", DocumentStatus: rule.Audited,
			CancelStatus: rule.Voided, CreateTime: rowtest.Now.Add(-time.Hour), ModifyTime: rowtest.Now,
			CancelTime: rowtest.Now,
		}}}
	}
	return shown, nil
}

// remembered is the memory of a host that worked with another ledger.
func remembered(t *testing.T, pool *pgxpool.Pool) *memory.Keeper {
	t.Helper()
	lines := []any{
		memory.Head{LedgerID: "6b0b3a52-3f0e-4d6e-9c2b-0f6a5d1c7e10", SystemIdentifier: 1, Timeline: 1},
		memory.Line{
			Number: 41, Kind: ledger.EventSettled, AboutID: 7, Time: time.Now(), Reason: "cancelled", State: "done",
			Scheme: "assembly", BillNo: "ZZRK001", Order: "WH-HZ01 ZZRK001 QTRK",
		},
		memory.Line{
			Number: 42, Kind: ledger.EventAct, AboutID: 9, Time: time.Now(), Reason: "pause", ReasonZH: "暂停发送",
			Scheme: "assembly", Actor: "li", Why: "盘点",
		},
	}
	folder := t.TempDir()
	var text strings.Builder
	for _, line := range lines {
		require.NoError(t, json.NewEncoder(&text).Encode(line))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ledger-memory.jsonl"), []byte(text.String()), 0o600))
	k, err := memory.Open(folder, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(k.Close)
	require.ErrorIs(t, k.Compare(t.Context(), pool), ledger.ErrWentBack)
	return k
}

// setup serves the production chain; who calls is asked where callers are not nil.
func setup(t *testing.T, callers *access.Callers) *face {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	f := &face{rows: rowtest.New(t, pool), starter: &starter{}, gate: &gate{}}

	f.server, err = serve.NewGRPC(serve.GRPCOptions{
		Chain: rpc.Chain(slog.New(slog.DiscardHandler)), Guard: access.Guard{Callers: callers},
	})
	require.NoError(t, err)
	all := rooms.New(pool)
	rpc.Register(f.server, rpc.Deps{
		Reader: all, Host: host.New(host.Config{Name: "wms-02:7403", Pool: pool}), Operator: all,
		Recorder: operate.NewRecorder(pool), Starter: f.starter, Gate: f.gate,
		Ledger: pool,
		Timing: func(string) rule.Timing { return rule.DefaultTiming() }, Events: event.NewReader(pool),
		Memory: remembered(t, pool), KingdeeNow: kingdeeNow{},
	})
	f.server.SetHealth(true)
	own := f.server.Own()
	require.NoError(t, f.server.Listen(t.Context(), "TEST_ADDR", "127.0.0.1:0"))
	var serving sync.WaitGroup
	serving.Go(func() { _ = f.server.Serve() })
	t.Cleanup(func() { f.server.Drain(context.Background()); serving.Wait() })

	f.conn = dial(t, f.server.Addr())
	f.log = &safeBuffer{}
	f.options = gateway.Options{
		Conn: dialOwn(t, own), Streams: dialOwn(t, own), Ready: f.server.Ready, Door: f.server.Door, Local: true,
		Tracers: noop.NewTracerProvider(), Logger: telemetry.NewLogger(f.log, slog.LevelInfo),
		Pace: gateway.Pace{PerSecond: 100_000, Burst: 100_000},
	}
	f.serve(t, f.options)
	return f
}

// serve puts another REST face with these options before the same orchestrator.
func (f *face) serve(t *testing.T, options gateway.Options) {
	t.Helper()
	handler, err := gateway.New(t.Context(), options)
	require.NoError(t, err)
	f.rest = httptest.NewUnstartedServer(nil)
	f.rest.Config = serve.HTTP(handler, slog.New(slog.DiscardHandler))
	f.rest.Listener = gateway.Listener(f.rest.Listener, options.Logger)
	f.rest.Config.DisableGeneralOptionsHandler = true
	f.rest.Start()
	t.Cleanup(f.rest.Close)
}

// safeBuffer takes what is logged.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (b *safeBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String is all that was logged.
func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func dialOwn(t *testing.T, way *access.OwnWay) *grpc.ClientConn {
	t.Helper()
	conn, err := serve.DialOwn(way, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := serve.Dial(addr, serve.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call sends one HTTP request; target is "GET /path".
func (f *face) call(t *testing.T, target, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	method, path, ok := strings.Cut(target, " ")
	require.True(t, ok, target)
	request, err := http.NewRequestWithContext(t.Context(), method, f.rest.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for key, values := range header {
		request.Header[key] = values
	}
	response, err := f.rest.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if response.Header.Get("Content-Encoding") == "" && !strings.HasPrefix(path, "/docs") && path != "/openapi.json" {
		require.NoError(t, apitest.Check(request, response.StatusCode, response.Header, content))
	}
	return response, string(content)
}

// seed fills a database with a little of everything.
func seed(rows rowtest.DB) {
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "halted", StopReason: "DATA_CENTER_DIFFERS", NoWatermark: true})
	rows.Scheme(rowtest.Scheme{Scheme: "trial", Mode: "dry_run"})
	rows.Run(rowtest.Run{Kind: "baseline", RunCounts: `{"rows": 9, "rows_of_bills": 9, "bills": 4, "live": 4}`})
	rows.Run(rowtest.Run{
		RunCounts: `{"rows": 3, "rows_of_bills": 3, "bills": 2, "voided": 2, "orders": 3, "orders_new": 3}`,
	})
	rows.Run(rowtest.Run{Error: "kingdeesvc: UNAVAILABLE"})

	rows.Bill(rowtest.Bill{ID: 1, No: "ZZCX000001", Snapshot: true})
	done := rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "ZZCX000001", State: "done", Disposition: "cancelled", Attempt: 2,
	})
	rows.Attempt(rowtest.Attempt{
		CancellationID: done, Attempt: 1, Disposition: "unknown", Request: []byte("<request/>"), Reply: []byte{},
	})
	rows.Attempt(rowtest.Attempt{
		CancellationID: done, Attempt: 2, Disposition: "cancelled", Recognised: true, VendorMessage: "取消成功",
		Request: []byte("<request/>"), Reply: []byte("<flag>success</flag>\x00\xff"),
	})
	late := rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "ZZCX000001", Warehouse: "WH02", State: "needs_attention", Disposition: "too_late",
		VendorMessage: "单据已完成", Attempt: 1,
	})
	rows.Attempt(rowtest.Attempt{
		CancellationID: late, Disposition: "too_late", Recognised: true, VendorMessage: "单据已完成",
	})
	rows.Work(rowtest.Work{Kind: "too_late", BillID: 1, BillNo: "ZZCX000001", CancellationID: late, Detail: "单据已完成"})
	rows.AnswerText("单据[#]已转出", false, late)

	rows.Bill(rowtest.Bill{ID: 2, No: "ZZCX/2026/2"})
	rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "ZZCX/2026/2", State: "held"})
	rows.Condition(rowtest.Condition{
		Kind: "safety_limit", Scheme: "assembly", Reason: "safety_limit_hour", Detail: "101 new",
	})
	rows.Bill(rowtest.Bill{ID: 3, No: "组装 100%", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 3, No: "组装 100%", Scheme: "trial", Class: "live"})
	rows.Work(rowtest.Work{Kind: "bill_undecodable", BillNo: "ZZCX%2F9", Subject: "FAffairType"})
	rows.Work(rowtest.Work{Kind: "rejected", BillID: 3, BillNo: "组装 100%", Closed: "settled"})
	rows.Bill(rowtest.Bill{ID: 4, No: "ZZCX000004", Scheme: "trial"})
	rows.Cancellation(rowtest.Cancellation{BillID: 4, BillNo: "ZZCX000004", Scheme: "trial"})
	rows.Bill(rowtest.Bill{ID: 5, No: "a//b"})

	rows.Reconcile(rowtest.Reconcile{Differing: 2, Repaired: 3, Missing: 1, Gone: 1, RunCounts: `{"bills": 3, ` +
		`"live": 1, "voided": 1, "deleted": 1, "orders": 2, "orders_new": 2}`})
	rows.Reconcile(rowtest.Reconcile{Kind: "recheck", Note: "none of the known bills is shown"})
	rows.Reconcile(rowtest.Reconcile{Scheme: "trial"})
	rows.Reconcile(rowtest.Reconcile{State: "running", Error: "kingdeesvc: UNAVAILABLE"})
	seedBackfills(rows, done)
	seedEvents(rows, done, late)
	seedMapping(rows)
}

// mapping is a whole scheme, for those who decide stored bills by it.
const mapping = `name: assembly
title: 组装拆卸单作废
form: STK_AssembledApp
sandbox_only: true
kingdee:
  data_center: dc-1
orders:
  Assembly.in: {lines: products, order_code: bill.number, order_type: QTRK, cancel_reason: '"作废"'}
warehouses:
  CK001: {account: default, code: WH01}
`

// seedMapping gives the scheme a whole document, and two of its bills what they were when last seen live.
func seedMapping(rows rowtest.DB) {
	rows.Exec(`
update scheme_revision set document = $1, actor = 'wang', reason = '上线' where scheme = 'assembly'`, mapping)
	rows.Exec(`
insert into bill_snapshot (scheme, bill_id, generation, content, read_time)
select 'assembly', bill_id, 1,
       jsonb_build_object('id', bill_id, 'number', bill_no, 'org', '100', 'document_status', 'C', 'cancel_status', 'A',
           'kind', 'Assembly', 'lines', '{"products": [{"id": 1, "warehouse": "CK001", "quantity": "1"}]}'::jsonb), $1
from bill where scheme = 'assembly' and bill_id in (1, 2)
on conflict (scheme, bill_id, generation) do update set content = excluded.content`, rowtest.Now)
}

// seedEvents adds what changed, in a ledger whose identity is always the same.
func seedEvents(rows rowtest.DB, done, late int64) {
	rows.Exec(`
insert into event (event_number, kind, state, reason, scheme, about_id, create_time)
values (1, 'scheme_revised', '', '', 'assembly', 1, $3),
       (2, 'cancellation_settled', 'done', 'cancelled', 'assembly', $1, $3),
       (3, 'cancellation_needs_attention', 'needs_attention', 'too_late', 'assembly', $2, $3),
       (4, 'work_item_opened', 'open', 'too_late', 'assembly', 1, $3),
       (5, 'run_ended', 'failed', 'incremental', 'assembly', 3, $3)`, done, late, rowtest.Now)
	rows.Exec(`
update ledger_identity i
set ledger_id = '0a0b0c0d-0000-4000-8000-000000000001', system_identifier = p.system_identifier, timeline = p.timeline,
    database_oid = p.database_oid, event_oid = p.event_oid, newest_number = 5
from ledger_place p`)
}

// seedBackfills adds a plan that waits, a list that is complete, and a plan of the scheme that stopped.
func seedBackfills(rows rowtest.DB, done int64) {
	rows.Exec(`
insert into run (scheme, kind, state, revision, asked, cursor_id, run_counts, start_time, end_time)
values ('assembly', 'backfill', 'planned', 1, true, 0,
        '{"rows": 4, "rows_of_bills": 4, "bills": 3, "voided": 2, "live": 1, "orders": 3, "orders_new": 2,
          "orders_already_owed": 1}', $1, null),
       ('assembly', 'backfill', 'complete', 1, true, 2,
        '{"rows": 1, "rows_of_bills": 1, "bills": 1, "voided": 1, "orders": 1, "orders_already_owed": 1}', $1, $1),
       ('halted', 'backfill', 'planned', 1, true, 0, '{}', $1, null)`, rowtest.Now)
	rows.Exec(`
insert into run_backfill (run_id, plan_only, before_cutover, from_time, to_time, numbers, actor, reason, items, counts,
    numbers_not_found)
values (8, true, true, '2026-11-01T00:00:00Z', '2026-11-08T00:00:00Z', null, 'wang', '补十一月第一周', 3,
        '{"new": 2, "settled": 1}', '{}'),
       (9, false, false, null, null, '{ZZCX000001,ZZCX999999}', 'wang', '核对', 1, '{"settled": 1}', '{ZZCX999999}'),
       (10, true, false, null, null, '{ZZCX000009}', 'wang', '核对', 0, '{}', '{ZZCX000009}')`)
	rows.Exec(`
insert into backfill_item (run_id, item, bill_id, bill_no, class, state, order_kind, warehouse_number, account,
    warehouse_code, order_code, order_type, cancel_reason, extend_props, owner_code, triggers, evidence, generation,
    cancellation_id, detail)
values (8, 1, 1, 'ZZCX000001', 'voided', 'settled', 'Assembly.in', 'CK001', 'default', 'WH01', 'ZZCX000001', 'CNJG',
        '作废', '{}', 'XIER', '{voided}', 'seen_live', 1, $1, ''),
       (8, 2, 8, 'ZZCX000008', 'voided', 'new', 'Assembly.in', 'CK001', 'default', 'WH01', 'ZZCX000008', 'CNJG', '作废',
        '{"remark": "十一月"}', 'XIER', '{voided}', 'approve_date', 1, null, ''),
       (8, 3, 8, 'ZZCX000008', 'voided', 'new', 'Assembly.out', 'CK002', 'default', 'WH02', 'ZZCX000008', 'CNJG', '作废',
        '{}', 'XIER', '{voided}', 'approve_date', 1, null, '')`, done)
}

package e2e_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/kingdeesvc"
	ksandbox "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/wmssvc"
	wsandbox "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	wmshouse "github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// warehouses is what the shipped scheme's table says.
var warehouses = map[string]string{
	"CK001": "WH-HZ01", "CK002": "WH-YW01", "CK003": "WH-JX01", "CK004": "WH-GZ01", "CK005": "WH-TH01",
}

// stack is everything in one process, over real HTTP, gRPC and Postgres.
type stack struct {
	*testing.T
	kingdee      *ksandbox.Server
	wms          *wsandbox.Server
	orchestrator *orchestrator.Server
	kingdeesvc   *kingdeesvc.Server
	pool         *pgxpool.Pool
	// wmsBook is where the WMS sandbox keeps its orders.
	wmsBook string
	// scheme is the scheme file; nil means the shipped one.
	scheme []byte
	// begun is when the baseline was complete.
	begun time.Time
	// noOrders keeps audits from making warehouse orders.
	noOrders bool
	// wmsFront is the address that wmssvc is given for the WMS; empty for the sandbox's own.
	wmsFront string
	// wmsRate is how many requests a second wmssvc may start; empty for as many as a sandbox likes.
	wmsRate string
	// ops is where the orchestrator answers probes and scrapes; empty for nowhere.
	ops string
	// collector is where all three services send their traces; empty for nowhere.
	collector string
	// access says who may call the orchestrator; empty: everybody. token is what post and get show then.
	access access.Files
	token  string
	// log is where all three write what they do; nil for nowhere.
	log io.Writer

	url, kingdeeTarget, wmsTarget string
	logger                        *slog.Logger
}

// start brings up sandboxes, adapters and an orchestrator, and waits for the baseline. prepare, if any, runs before the
// services start.
func start(t *testing.T, prepare func(*stack)) *stack {
	t.Helper()
	ctx, logger := t.Context(), slog.New(slog.DiscardHandler)
	if os.Getenv("E2E_LOG") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	s := &stack{T: t, wmsBook: filepath.Join(t.TempDir(), "orders")}
	s.startWMS("127.0.0.1:0")
	var err error
	s.kingdee, err = ksandbox.Start(ctx, ksandbox.Config{OnAudit: func(b books.Bill) {
		for _, order := range b.Orders() {
			s.order(order)
		}
	}})
	require.NoError(t, err)
	s.later(func(ctx context.Context) error { return s.kingdee.Stop(ctx) })
	s.scheme = scheme.ShippedDocument()
	if prepare != nil {
		prepare(s)
	}
	if s.log != nil {
		logger = telemetry.NewLogger(s.log, slog.LevelDebug)
	}
	s.url, s.logger = storetest.URL(t), logger
	s.reopen()
	s.kingdeeTarget, s.wmsTarget = s.startKingdeesvc(logger), s.startWMSsvc(logger)
	s.startOrchestrator()
	s.until("baseline, or a stopped scheme", func() bool {
		return s.count(`select count(*) from watermark`)+
			s.count(`select count(*) from condition where reason <> '' and end_time is null`) == 1
	})
	s.begun = time.Now()
	return s
}

// reopen gives the test a pool of its own to the ledger.
func (s *stack) reopen() {
	s.Helper()
	pool, err := ledger.Open(s.Context(), s.url)
	require.NoError(s, err)
	s.pool = pool
	s.Cleanup(pool.Close)
}

func (s *stack) startOrchestrator() {
	s.Helper()
	server, err := orchestrator.Start(s.Context(), orchestrator.Config{
		DatabaseURL: settings.Secret(s.url), KingdeeTarget: s.kingdeeTarget, WMSTarget: s.wmsTarget,
		GRPCAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Schemes: s.scheme, OpsAddr: s.ops,
		Traces: telemetry.Settings{Endpoint: s.collector}, Access: s.access,
	}, s.logger)
	require.NoError(s, err)
	s.orchestrator = server
	s.later(server.Stop)
}

// revise applies another scheme file.
func (s *stack) revise(document []byte) {
	s.Helper()
	body, err := json.Marshal(map[string]string{"document": string(document), "reason": "test"})
	require.NoError(s, err)
	require.Equal(s, 200, s.post("/v1/schemes:apply", string(body)))
}

func (s *stack) startKingdeesvc(logger *slog.Logger) string {
	c := s.kingdee.Config()
	cfg, err := kingdeesvc.LoadConfig(env(map[string]string{
		"KINGDEE_BASE_URL": s.kingdee.URL(), "KINGDEE_ACCT_ID": c.AcctID,
		"KINGDEE_USERNAME": c.Username, "KINGDEE_APP_ID": c.AppID,
		"KINGDEE_APP_SECRET": string(c.AppSecret), "KINGDEESVC_ADDR": "127.0.0.1:0",
		"OTEL_EXPORTER_OTLP_ENDPOINT": s.collector,
	}))
	require.NoError(s, err)
	server, err := kingdeesvc.Start(s.Context(), cfg, logger)
	require.NoError(s, err)
	s.kingdeesvc = server
	s.later(server.Stop)
	return server.Addr()
}

func (s *stack) startWMSsvc(logger *slog.Logger) string {
	cfg, err := wmssvc.LoadConfig(env(map[string]string{
		"WMS_URL": cmp.Or(s.wmsFront, s.wms.URL()), "WMS_SID": wsandbox.DemoSID,
		"WMS_APP_KEY": wsandbox.DemoAppKey, "WMS_APP_SECRET": wsandbox.DemoSecret,
		"WMSSVC_ADDR": "127.0.0.1:0", "WMS_RATE": s.wmsRate, "OTEL_EXPORTER_OTLP_ENDPOINT": s.collector,
	}))
	require.NoError(s, err)
	server, err := wmssvc.Start(s.Context(), cfg, logger)
	require.NoError(s, err)
	s.later(server.Stop)
	return server.Addr()
}

// later stops something when the test is over.
func (s *stack) later(stop func(context.Context) error) {
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		if err := stop(ctx); err != nil {
			s.Errorf("stop: %v", err)
		}
	})
}

// withSafetyLimit is the shipped scheme with another limit per hour; withDataCenter reads other books.
func withSafetyLimit(perHour int) []byte {
	return append(scheme.ShippedDocument(),
		fmt.Sprintf("    safety_limits: {per_hour: %d, per_day: %d}\n", perHour, max(perHour, 500))...)
}

func withDataCenter(id string) []byte {
	return []byte(strings.ReplaceAll(string(scheme.ShippedDocument()), ksandbox.DefaultAcctID, id))
}

// saying is the shipped scheme with other words at some places: old, new, old, new.
func saying(words ...string) []byte {
	return []byte(strings.NewReplacer(words...).Replace(string(scheme.ShippedDocument())))
}

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// order puts this order of a bill into the WMS; the same number again is the same order.
func (s *stack) order(order books.Order) {
	if s.noOrders {
		return
	}
	orderType := map[string]string{books.Inbound: "QTRK", books.Outbound: "QTCK"}[order.Direction]
	_, _ = s.wms.CreateOrder(wmshouse.Order{
		Key: wmshouse.Key{WarehouseCode: warehouses[order.Stock], OrderCode: order.BillNo, OrderType: orderType},
	})
}

// bill is an assembly bill with one product into this warehouse.
func bill(no, stock string) books.Bill {
	return books.Bill{
		BillNo: no, AffairType: "Assembly", StockOrg: "100",
		Lines: []books.Line{{Goods: books.Goods{Material: "CP.LH.001", Qty: "1", Stock: stock}}},
	}
}

// audited makes a bill, and with it its order.
func (s *stack) audited(no, stock string) {
	s.Helper()
	_, err := s.kingdee.Create(s.Context(), bill(no, stock))
	require.NoError(s, err)
	_, err = s.kingdee.Approve(s.Context(), no)
	require.NoError(s, err)
}

func (s *stack) void(no string) {
	s.Helper()
	require.NoError(s, s.kingdee.VoidMany(s.Context(), []string{no}))
}

// truth is what the WMS knows of an order.
func (s *stack) truth(warehouse, order string) wmshouse.Truth {
	s.Helper()
	truth, err := s.wms.Truth(wmshouse.Key{WarehouseCode: warehouse, OrderCode: order, OrderType: "QTRK"})
	require.NoError(s, err)
	return truth
}

// wmsAway takes the WMS off the network until back is called; its book stays.
func (s *stack) wmsAway() (back func()) {
	s.Helper()
	addr := s.wms.Addr()
	require.NoError(s, s.wms.Stop(s.Context()))
	return func() {
		s.Helper()
		s.startWMS(addr)
	}
}

func (s *stack) startWMS(addr string) {
	s.Helper()
	s.startWMSWith(addr, wsandbox.DemoSecret)
}

// startWMSWith starts a WMS that has given our account this secret.
func (s *stack) startWMSWith(addr, secret string) {
	s.Helper()
	cfg := wsandbox.DefaultConfig()
	cfg.Addr, cfg.StateFile = addr, s.wmsBook
	cfg.Accounts[0].Secret = wmshouse.Secret(secret)
	var err error
	s.wms, err = wsandbox.Start(s.Context(), cfg)
	require.NoError(s, err)
	server := s.wms
	s.later(server.Stop)
}

// run waits for a run that began after now.
func (s *stack) run() {
	s.Helper()
	asked := time.Now()
	s.until("a run that began now", func() bool {
		return s.count(`select count(*) from watermark where last_run_time > $1`, asked.Add(1100*time.Millisecond)) == 1
	})
}

// settle waits until runs have seen everything and nothing is due.
func (s *stack) settle() {
	s.Helper()
	s.run()
	s.until("nothing due", func() bool {
		return s.count(`select count(*) from cancellation_now where state in ('planned', 'open')`) == 0
	})
}

func (s *stack) post(path, body string) int {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost,
		"http://"+s.orchestrator.HTTPAddr()+path, strings.NewReader(body))
	require.NoError(s, err)
	request.Header.Set("Content-Type", "application/json")
	s.show(request)
	answer, err := apitest.Client(s).Do(request)
	require.NoError(s, err)
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode
}

func (s *stack) show(request *http.Request) {
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
}

// get reads one REST resource.
func (s *stack) get(path string, into any) int {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet,
		"http://"+s.orchestrator.HTTPAddr()+path, nil)
	require.NoError(s, err)
	s.show(request)
	answer, err := apitest.Client(s).Do(request)
	require.NoError(s, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	if into != nil {
		require.NoError(s, json.Unmarshal(body, into), string(body))
	}
	return answer.StatusCode
}

// verdict is what REST says of a bill now; empty when it is not known.
func (s *stack) verdict(billNo string) string {
	s.Helper()
	var answer struct {
		Bills []struct{ Verdict, VerdictText, Reason string }
	}
	if s.get("/v1/bills/"+url.PathEscape(billNo), &answer) != http.StatusOK {
		return ""
	}
	return answer.Bills[0].VerdictText
}

func (s *stack) until(what string, done func() bool) {
	s.Helper()
	require.Eventually(s, done, 60*time.Second, 20*time.Millisecond, what)
}

// rest lets time pass in which something must not happen.
func (s *stack) rest(d time.Duration) {
	s.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.Context().Done():
		s.Fatal("the test was ended")
	}
}

func (s *stack) count(sql string, args ...any) (n int) {
	s.Helper()
	require.NoError(s, s.pool.QueryRow(s.Context(), sql, args...).Scan(&n))
	return n
}

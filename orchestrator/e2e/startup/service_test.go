package startup

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/orchestrator"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(tidy{storetest.With(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	})})
}

// tidy removes the programs that the tests built.
type tidy struct{ tests interface{ Run() int } }

func (t tidy) Run() int {
	status := t.tests.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	return status
}

// service is one of the three, in the words that its table needs.
type service struct {
	name string
	// domain is that of its ErrorInfo.
	domain string
	// sound are settings that nothing is wrong with; its vendor refuses connections. needs are what it starts with
	// besides.
	sound map[string]string
	needs func(t *testing.T) map[string]string
	// addrs are the settings of its addresses, the one of gRPC first; ops that of its probes and metrics.
	addrs []string
	ops   string
	// secret is a setting that holds one, and what stands in it where the settings are sound.
	secret string
	// reveal answers the secret that was read.
	reveal func(getenv func(string) string) (string, error)
	load   func(getenv func(string) string) error
	start  func(ctx context.Context, getenv func(string) string, logger *slog.Logger) (running, error)
	// names are the services whose health it tells.
	names []string
	// call makes a call that is answered, broken one that breaks a rule of the .proto files, and stream opens a stream,
	// where the service has one.
	call   func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error
	broken func(ctx context.Context, conn *grpc.ClientConn) error
	field  string
	stream func(ctx context.Context, conn *grpc.ClientConn) (grpc.ClientStream, error)
}

// quick is how refused logins are slowed here, where the tests guess by the hundreds.
var quick = access.Slowing{Free: 1, Back: time.Hour, Step: time.Nanosecond, Most: time.Microsecond}

// running is a service that was started.
type running struct {
	serve.Service

	addr, ops string
	// rest is where REST is served; empty where it is not.
	rest string
}

func nothing(*testing.T) map[string]string { return nil }

var noStream = func(context.Context, *grpc.ClientConn) (grpc.ClientStream, error) { return nil, nil }

// services are all three.
var services = []service{
	{
		name: "kingdeesvc", domain: apierr.Kingdee, addrs: []string{"KINGDEESVC_ADDR"},
		ops: "KINGDEESVC_OPS_ADDR", secret: "KINGDEE_APP_SECRET",
		names: []string{kingdeev1.BillService_ServiceDesc.ServiceName},
		sound: map[string]string{
			"KINGDEE_BASE_URL": "http://127.0.0.1:1", "KINGDEE_ACCT_ID": "a",
			"KINGDEE_USERNAME": "u", "KINGDEE_APP_ID": "i",
			"KINGDEE_APP_SECRET": "hush-hush", "KINGDEESVC_ADDR": "127.0.0.1:0",
			"KINGDEESVC_OPS_ADDR": "127.0.0.1:0",
		},
		needs: nothing,
		reveal: func(getenv func(string) string) (string, error) {
			cfg, err := kingdeesvc.LoadConfig(getenv)
			return cfg.AppSecret.Reveal(), err
		},
		load: func(getenv func(string) string) error { _, err := kingdeesvc.LoadConfig(getenv); return err },
		start: func(ctx context.Context, getenv func(string) string, logger *slog.Logger) (running, error) {
			cfg, err := kingdeesvc.LoadConfig(getenv)
			if err != nil {
				return running{}, err
			}
			cfg.Access.Slowing = quick
			s, err := kingdeesvc.Start(ctx, cfg, logger)
			if err != nil {
				return running{}, err
			}
			return running{s, s.Addr(), s.OpsAddr(), ""}, nil
		},
		call: func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
			_, err := kingdeev1.NewBillServiceClient(conn).CheckConnection(ctx,
				&kingdeev1.CheckConnectionRequest{}, opts...)
			return answered(err, apierr.Kingdee)
		},
		broken: func(ctx context.Context, conn *grpc.ClientConn) error {
			_, err := kingdeev1.NewBillServiceClient(conn).GetBill(ctx,
				&kingdeev1.GetBillRequest{FormId: "STK_AssembledApp", Id: -1})
			return err
		},
		field: "id",
		stream: func(ctx context.Context, conn *grpc.ClientConn) (grpc.ClientStream, error) {
			return kingdeev1.NewBillServiceClient(conn).StreamBillStates(ctx, &kingdeev1.StreamBillStatesRequest{
				FormId: "STK_AssembledApp",
				Selection: &kingdeev1.StreamBillStatesRequest_Numbers{
					Numbers: &kingdeev1.BillNumbers{Numbers: []string{"A"}},
				},
			})
		},
	},
	{
		name: "wmssvc", domain: apierr.WMS, addrs: []string{"WMSSVC_ADDR"}, ops: "WMSSVC_OPS_ADDR",
		secret: "WMS_APP_SECRET", names: []string{wmsv1.OrderService_ServiceDesc.ServiceName},
		sound: map[string]string{
			"WMS_URL": "http://127.0.0.1:1", "WMS_SID": "s", "WMS_APP_KEY": "k", "WMS_APP_SECRET": "hush-hush",
			"WMSSVC_ADDR": "127.0.0.1:0", "WMSSVC_OPS_ADDR": "127.0.0.1:0",
		},
		needs: nothing,
		reveal: func(getenv func(string) string) (string, error) {
			cfg, err := wmssvc.LoadConfig(getenv)
			if err != nil {
				return "", err
			}
			return cfg.Accounts[0].AppSecret.Reveal(), nil
		},
		load: func(getenv func(string) string) error { _, err := wmssvc.LoadConfig(getenv); return err },
		start: func(ctx context.Context, getenv func(string) string, logger *slog.Logger) (running, error) {
			cfg, err := wmssvc.LoadConfig(getenv)
			if err != nil {
				return running{}, err
			}
			cfg.Access.Slowing = quick
			s, err := wmssvc.Start(ctx, cfg, logger)
			if err != nil {
				return running{}, err
			}
			return running{s, s.Addr(), s.OpsAddr(), ""}, nil
		},
		call: func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
			_, err := wmsv1.NewOrderServiceClient(conn).CheckConnection(ctx, &wmsv1.CheckConnectionRequest{}, opts...)
			return answered(err, apierr.WMS)
		},
		broken: func(ctx context.Context, conn *grpc.ClientConn) error {
			_, err := wmsv1.NewOrderServiceClient(conn).CancelOrder(ctx,
				&wmsv1.CancelOrderRequest{Order: &wmsv1.Order{}})
			return err
		},
		field: "warehouse_code",
		stream: func(ctx context.Context, conn *grpc.ClientConn) (grpc.ClientStream, error) {
			return wmsv1.NewOrderServiceClient(conn).CancelOrders(ctx)
		},
	},
	{
		name: "orchestrator", domain: apierr.Orchestrator,
		addrs: []string{"ORCHESTRATOR_GRPC_ADDR", "ORCHESTRATOR_HTTP_ADDR"}, ops: "ORCHESTRATOR_OPS_ADDR",
		secret: "ADAPTER_TOKEN",
		names: []string{
			orchestratorv1.BillService_ServiceDesc.ServiceName,
			orchestratorv1.CancellationService_ServiceDesc.ServiceName,
			orchestratorv1.RunService_ServiceDesc.ServiceName, orchestratorv1.SchemeService_ServiceDesc.ServiceName,
		},
		sound: map[string]string{
			"DATABASE_URL": "postgres://voidrelay@127.0.0.1:1/voidrelay", "KINGDEESVC_TARGET": "127.0.0.1:1",
			"WMSSVC_TARGET": "127.0.0.1:1",
			"ADAPTER_TOKEN": "hush-hush", "ORCHESTRATOR_GRPC_ADDR": "127.0.0.1:0",
			"ORCHESTRATOR_HTTP_ADDR": "127.0.0.1:0", "ORCHESTRATOR_OPS_ADDR": "127.0.0.1:0",
		},
		needs: func(t *testing.T) map[string]string { return map[string]string{"DATABASE_URL": storetest.URL(t)} },
		reveal: func(getenv func(string) string) (string, error) {
			cfg, err := orchestrator.LoadConfig(getenv)
			return cfg.AdapterToken.Reveal(), err
		},
		load: func(getenv func(string) string) error { _, err := orchestrator.LoadConfig(getenv); return err },
		start: func(ctx context.Context, getenv func(string) string, logger *slog.Logger) (running, error) {
			cfg, err := orchestrator.LoadConfig(getenv)
			if err != nil {
				return running{}, err
			}
			cfg.Access.Slowing = quick
			s, err := orchestrator.Start(ctx, cfg, logger)
			if err != nil {
				return running{}, err
			}
			return running{s, s.GRPCAddr(), s.OpsAddr(), s.HTTPAddr()}, nil
		},
		call: func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
			_, err := orchestratorv1.NewSchemeServiceClient(conn).ListSchemes(ctx,
				&orchestratorv1.ListSchemesRequest{}, opts...)
			return answered(err, apierr.Orchestrator)
		},
		broken: func(ctx context.Context, conn *grpc.ClientConn) error {
			_, err := orchestratorv1.NewBillServiceClient(conn).GetBill(ctx,
				&orchestratorv1.GetBillRequest{BillNo: "\x00"})
			return err
		},
		field:  "bill_no",
		stream: noStream,
	},
}

// answered lets an error run that the service itself wrote about its vendor, who is not there in these tests.
func answered(err error, domain string) error {
	switch info := apierr.Info(err, domain); {
	case info == nil:
		return err
	case info.GetReason() == "UNAUTHENTICATED", info.GetReason() == "DEADLINE_EXCEEDED", info.GetReason() == "INTERNAL":
		return err
	}
	return nil
}

// each runs a test for every service.
func each(t *testing.T, test func(t *testing.T, s service)) {
	t.Helper()
	t.Parallel()
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// getenv is an environment: sound settings, changed. An empty change takes a setting away.
func (s service) getenv(changes map[string]string) func(string) string {
	env := maps.Clone(s.sound)
	maps.Copy(env, changes)
	return func(name string) string { return env[name] }
}

// ready is an environment that the service starts in.
func (s service) ready(t *testing.T, changes map[string]string) map[string]string {
	t.Helper()
	env := maps.Clone(s.sound)
	maps.Copy(env, s.needs(t))
	maps.Copy(env, changes)
	return env
}

// run starts the service for the time of the test.
func (s service) run(t *testing.T, changes map[string]string) running {
	t.Helper()
	return s.runLogging(t, changes, slog.New(slog.DiscardHandler))
}

func (s service) runLogging(t *testing.T, changes map[string]string, logger *slog.Logger) running {
	t.Helper()
	r, err := s.start(t.Context(), s.getenv(s.ready(t, changes)), logger)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, errors.Join(r.Stop(context.Background()), r.Wait()))
	})
	return r
}

func dial(t *testing.T, addr string, options serve.DialOptions) *grpc.ClientConn {
	t.Helper()
	conn, err := serve.Dial(addr, options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

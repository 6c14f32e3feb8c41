package kingdeesvc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// formID is the form that the sandbox's bills are of.
const formID = "STK_AssembledApp"

// products and components are the lines of a bill, entity by entity.
func products(b *kingdeev1.Bill) []*kingdeev1.Line   { return linesOf(b, "FEntity") }
func components(b *kingdeev1.Bill) []*kingdeev1.Line { return linesOf(b, "FSubEntity") }

func linesOf(b *kingdeev1.Bill, entity string) []*kingdeev1.Line {
	for _, e := range b.GetEntities() {
		if e.GetName() == entity {
			return e.GetLines()
		}
	}
	return nil
}

// bundle is one adapter in front of one sandbox, over real HTTP and real gRPC.
type bundle struct {
	vendor *sandbox.Server
	server *kingdeesvc.Server
	conn   *grpc.ClientConn
	client kingdeev1.BillServiceClient
}

// setup starts a sandbox and an adapter. env overrides settings; tune may change the sandbox before it starts.
func setup(t *testing.T, env map[string]string, tune func(*sandbox.Config)) *bundle {
	t.Helper()
	cfg := sandbox.DefaultConfig()
	if tune != nil {
		tune(&cfg)
	}
	vendor, err := sandbox.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, vendor.Stop(background(t))) })

	settings := environment("http://" + vendor.Addr())
	for name, value := range env {
		settings[name] = value
	}
	adapter, err := kingdeesvc.LoadConfig(func(name string) string { return settings[name] })
	require.NoError(t, err)
	server, err := kingdeesvc.Start(background(t), adapter, quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(background(t))) })

	conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	if env[noWait] == "" {
		// The first probe is over: faults queued from here on meet the test's own calls.
		awaitHealth(t, conn, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	return &bundle{vendor: vendor, server: server, conn: conn, client: kingdeev1.NewBillServiceClient(conn)}
}

func environment(base string) map[string]string {
	return map[string]string{
		"KINGDEE_BASE_URL":   base,
		"KINGDEE_ACCT_ID":    sandbox.DefaultAcctID,
		"KINGDEE_USERNAME":   sandbox.DefaultUsername,
		"KINGDEE_APP_ID":     sandbox.DefaultAppID,
		"KINGDEE_APP_SECRET": "sandbox-app-secret",
		"KINGDEESVC_ADDR":    "127.0.0.1:0",
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// background outlives the test's own context, for clean-up, and ends before the test binary would.
func background(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// noWait is a pseudo setting for tests whose vendor is not usable at first.
const noWait = "TEST_NO_WAIT"

// awaitHealth watches until health says what is wanted.
func awaitHealth(t *testing.T, conn *grpc.ClientConn, want grpc_health_v1.HealthCheckResponse_ServingStatus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	watch, err := grpc_health_v1.NewHealthClient(conn).Watch(ctx,
		&grpc_health_v1.HealthCheckRequest{Service: "kingdee.v1.BillService"})
	require.NoError(t, err)
	for {
		status, err := watch.Recv()
		require.NoError(t, err)
		if status.GetStatus() == want {
			return
		}
	}
}

// answer is a whole stream of bills.
type answer struct {
	header   *kingdeev1.StreamHeader
	pages    []*kingdeev1.BillPage
	bills    []*kingdeev1.Bill
	problems []*kingdeev1.BillProblem
	summary  *kingdeev1.StreamSummary
}

func (b *bundle) bills(t *testing.T, req *kingdeev1.StreamBillsRequest) answer {
	t.Helper()
	got, err := b.tryBills(t, req)
	require.NoError(t, err)
	return got
}

// tryBills reads a stream to its end and holds the promises that every stream makes.
func (b *bundle) tryBills(t *testing.T, req *kingdeev1.StreamBillsRequest) (answer, error) {
	t.Helper()
	stream, err := b.client.StreamBills(t.Context(), req)
	require.NoError(t, err)
	got := answer{}
	rows, last := int64(0), int64(0)
	for {
		frame, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return got, err
		}
		switch frame := frame.GetFrame().(type) {
		case *kingdeev1.StreamBillsResponse_Header:
			require.Nil(t, got.header, "one header")
			got.header = frame.Header
		case *kingdeev1.StreamBillsResponse_Page:
			require.NotNil(t, got.header, "the header comes first")
			page := frame.Page
			sum := int64(0)
			for _, bill := range page.GetBills() {
				require.Greater(t, bill.GetId(), last, "bills ascend")
				last = bill.GetId()
				sum += int64(bill.GetRows())
			}
			for _, problem := range page.GetProblems() {
				sum += int64(problem.GetRows())
			}
			require.Equal(t, page.GetRows(), sum, "rows = rows of bills + rows of problems")
			require.False(t, page.GetQueryLeftTime().AsTime().Before(got.header.GetServiceTime().AsTime()),
				"the header's clock is the earliest")
			last = max(last, page.GetLastId())
			rows += page.GetRows()
			got.pages = append(got.pages, page)
			got.bills = append(got.bills, page.GetBills()...)
			got.problems = append(got.problems, page.GetProblems()...)
		case *kingdeev1.StreamBillsResponse_Summary:
			require.Nil(t, got.summary, "one summary")
			got.summary = frame.Summary
		}
	}
	require.NotNil(t, got.summary, "the summary comes last")
	require.Equal(t, got.summary.GetRows(), rows)
	require.Equal(t, got.summary.GetBills(), int64(len(got.bills)))
	require.Equal(t, got.summary.GetProblems(), int64(len(got.problems)))
	return got, nil
}

// states reads a stream of states to its end.
func (b *bundle) states(
	t *testing.T, req *kingdeev1.StreamBillStatesRequest,
) ([]*kingdeev1.BillState, []*kingdeev1.BillProblem, *kingdeev1.StreamHeader) {
	t.Helper()
	stream, err := b.client.StreamBillStates(t.Context(), req)
	require.NoError(t, err)
	var states []*kingdeev1.BillState
	var problems []*kingdeev1.BillProblem
	var header *kingdeev1.StreamHeader
	for {
		frame, err := stream.Recv()
		require.NoError(t, err, "a stream ends with its summary")
		if frame.GetHeader() != nil {
			header = frame.GetHeader()
		}
		if summary := frame.GetSummary(); summary != nil {
			require.Equal(t, summary.GetBills(), int64(len(states)))
			require.Equal(t, summary.GetRows(), int64(len(states)+len(problems)))
			return states, problems, header
		}
		states = append(states, frame.GetPage().GetStates()...)
		problems = append(problems, frame.GetPage().GetProblems()...)
	}
}

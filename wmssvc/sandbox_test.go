package wmssvc_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

const (
	already    = wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED
	inProgress = wmsv1.Disposition_DISPOSITION_IN_PROGRESS
	tooLate    = wmsv1.Disposition_DISPOSITION_TOO_LATE
	notFound   = wmsv1.Disposition_DISPOSITION_NOT_FOUND
	rejected   = wmsv1.Disposition_DISPOSITION_REJECTED
	auth       = wmsv1.Disposition_DISPOSITION_AUTH
	throttled  = wmsv1.Disposition_DISPOSITION_THROTTLED
)

func newSandbox(t *testing.T, personality behaviour.Personality) *sandbox.Server {
	t.Helper()
	cfg := sandbox.DefaultConfig()
	cfg.Personality = personality
	server, err := sandbox.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Stop(ctx))
	})
	return server
}

func sandboxConfig(url string) wmssvc.Config {
	return wmssvc.Config{Addr: "127.0.0.1:0", Accounts: []wmssvc.Account{{
		Name: wmssvc.DefaultAccount, URL: url, SID: sandbox.DemoSID,
		AppKey: sandbox.DemoAppKey, AppSecret: sandbox.DemoSecret,
		Timeout: 2 * time.Second,
	}}}
}

// create puts an order into the book and answers its key.
func create(t *testing.T, wms *sandbox.Server, code string, state warehouse.State) warehouse.Key {
	t.Helper()
	o, err := wms.CreateOrder(warehouse.Order{
		Key: warehouse.Key{WarehouseCode: "CK001", OrderCode: code, OrderType: "QTRK"}, State: state,
	})
	require.NoError(t, err)
	return o.Key
}

func coded(code string) func(*wmsv1.Order) {
	return func(o *wmsv1.Order) { o.OrderCode = code }
}

// What state an order is in, how this WMS behaves, and what the caller is told.
func TestSandboxStates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		personality behaviour.Personality
		state       warehouse.State // empty: never created
		want        wmsv1.Disposition
	}{
		{"pending", behaviour.Personality{}, warehouse.StatePending, done},
		{"approved", behaviour.Personality{}, warehouse.StateApproved, done},
		{"working", behaviour.Personality{}, warehouse.StateWorking, tooLate},
		{"working, intercepted", behaviour.Personality{Working: "intercept"}, warehouse.StateWorking, inProgress},
		{
			"working, intercepted with success", behaviour.Personality{Working: "intercept", InterceptFlag: "success"},
			warehouse.StateWorking, inProgress,
		},
		{"partly received", behaviour.Personality{}, warehouse.StatePartlyReceived, tooLate},
		{"done", behaviour.Personality{}, warehouse.StateDone, tooLate},
		{"cancelled", behaviour.Personality{}, warehouse.StateCancelled, already},
		{
			"cancelled, repeat answered success", behaviour.Personality{RepeatCancel: "success"},
			warehouse.StateCancelled, done,
		},
		{
			"cancelled, repeat answered that nothing was done", behaviour.Personality{RepeatCancel: "noop"},
			warehouse.StateCancelled, rejected,
		},
		{"unknown", behaviour.Personality{}, "", notFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wms := newSandbox(t, c.personality)
			if c.state != "" {
				create(t, wms, "ZZCX1", c.state)
			}
			_, client := start(t, sandboxConfig(wms.URL()))
			result := cancelOne(t, client, order(1, coded("ZZCX1")))
			require.Equal(t, c.want, result.GetDisposition(), "%s %s",
				result.GetVendorCode(), result.GetVendorMessage())
			requireOnThePage(t, result)
		})
	}
}

// requireOnThePage holds docs/wms-answers.md to what the sandbox really says.
func requireOnThePage(t *testing.T, r *wmsv1.CancelResult) {
	t.Helper()
	page, err := os.ReadFile("../docs/wms-answers.md")
	require.NoError(t, err)
	text := strings.TrimPrefix(r.GetVendorMessage(), "旺店通WMS返回：")
	if text, _, _ = strings.Cut(text, ": "); text != "" {
		require.Regexp(t, `\| `+regexp.QuoteMeta(text)+`[^|]* \| .`+
			strings.ToLower(strings.TrimPrefix(r.GetDisposition().String(), "DISPOSITION_"))+"`", string(page))
	}
}

func TestSandboxRefusals(t *testing.T) {
	t.Parallel()
	wms := newSandbox(t, behaviour.Personality{})
	create(t, wms, "ZZCX1", warehouse.StateApproved)
	for _, c := range []struct {
		name  string
		spoil func(*wmssvc.Account)
		order func(*wmsv1.Order)
		want  wmsv1.Disposition
	}{
		{"wrong secret", func(a *wmssvc.Account) { a.AppSecret = "another" }, nil, auth},
		{"wrong key", func(a *wmssvc.Account) { a.AppKey = "another" }, nil, auth},
		{"wrong sid", func(a *wmssvc.Account) { a.SID = "another" }, nil, auth},
		{"wrong warehouse", nil, func(o *wmsv1.Order) { o.WarehouseCode = "CK009" }, rejected},
		{"wrong type", nil, func(o *wmsv1.Order) { o.OrderType = "QTCK" }, rejected},
		{"a type that the WMS does not know", func(a *wmssvc.Account) { a.ExtraOrderTypes = []string{"CNJG"} },
			func(o *wmsv1.Order) { o.OrderType = "CNJG" }, rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := sandboxConfig(wms.URL())
			if c.spoil != nil {
				c.spoil(&cfg.Accounts[0])
			}
			_, client := start(t, cfg)
			o := order(1, coded("ZZCX1"))
			if c.order != nil {
				c.order(o)
			}
			result := cancelOne(t, client, o)
			require.Equal(t, c.want, result.GetDisposition(), result.GetVendorMessage())
			require.True(t, result.GetRecognised(), result.GetVendorMessage())
			requireOnThePage(t, result)
		})
	}
}

// Every way in which the sandbox can be difficult, and whether the caller's story fits the sandbox's truth.
func TestSandboxFaults(t *testing.T) {
	t.Parallel()
	want := map[behaviour.FaultKind]wmsv1.Disposition{
		"drop_before_commit": unknown, "commit_then_drop": unknown, "commit_then_cut": unknown,
		"bad_gateway": unknown, "commit_then_bad_gateway": unknown, "redirect": unknown,
		"slow": unknown, "slow_reply": unknown, "throttle": throttled,
		"msg_element": done, "empty_message": done, "no_message": done,
		"no_code": done, "empty_code": done, "code_0000": done, "code_200": done, "bare": done,
		"no_declaration": done, "upper_charset": done, "text_plain": done,
		"extra_elements": done, "byte_order_mark": done,
		"declared_gbk": done, "undeclared_gbk": unknown,
		"no_flag": unknown, "broken_xml": unknown, "empty_body": unknown, "not_xml": unknown, "json": unknown,
		"doctype": unknown, "oversize": unknown, "gzip": unknown, "sub_code": auth,
		"noop": rejected, "not_deployed": rejected, "db_error": rejected, "race": rejected, "flag_error": rejected,
	}
	for _, kind := range behaviour.FaultKinds() {
		require.Contains(t, want, kind, "a fault that this test does not know")
	}
	for kind, disposition := range want {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			wms := newSandbox(t, behaviour.Personality{})
			key := create(t, wms, "ZZCX1", warehouse.StateApproved)
			require.NoError(t, wms.AddFaults(behaviour.Fault{Kind: kind, OrderCode: "ZZCX1", DelayMS: delay(kind)}))
			cfg := sandboxConfig(wms.URL())
			cfg.Accounts[0].Timeout = 500 * time.Millisecond
			_, client := start(t, cfg)
			result := cancelOne(t, client, order(1, coded("ZZCX1")))
			require.Equal(t, disposition, result.GetDisposition(), "%s %s",
				result.GetVendorMessage(), result.GetDetail())
			if disposition == unknown {
				requireUnknown(t, result)
			} else {
				requireOnThePage(t, result)
			}
			var truth warehouse.Truth
			// A slow WMS gets to it after the caller has given up.
			require.Eventually(t, func() bool {
				var err error
				truth, err = wms.Truth(key)
				return err == nil && truth.Requests > 0
			}, 10*time.Second, 5*time.Millisecond)
			require.Equal(t, 1, truth.Requests, "one attempt is one request")
			switch disposition {
			case done:
				require.Equal(t, 1, truth.Effects)
			case unknown:
			default:
				require.Zero(t, truth.Effects)
			}
		})
	}
}

// delay makes the slow faults outlast the time-out of the test.
func delay(kind behaviour.FaultKind) int {
	if kind == behaviour.FaultSlow || kind == behaviour.FaultSlowReply {
		return 1500
	}
	return 0
}

func TestSandboxSpeaksQimenInEveryVariant(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"qimen", "qimen-direct"} {
		for _, method := range []string{"md5", "hmac", "hmac-sha256"} {
			t.Run(dialect+" "+method, func(t *testing.T) {
				t.Parallel()
				wms := newSandbox(t, behaviour.Personality{})
				created, err := wms.CreateOrder(warehouse.Order{
					Key: warehouse.Key{WarehouseCode: "CK001", OrderCode: "JG1", OrderType: "CNJG"}, OwnerCode: "HZ",
				})
				require.NoError(t, err)
				cfg := sandboxConfig(wms.BaseURL())
				cfg.Accounts[0].Dialect, cfg.Accounts[0].SignMethod = dialect, method
				_, client := start(t, cfg)
				result := cancelOne(t, client, order(1, func(o *wmsv1.Order) {
					o.OrderCode, o.OrderType, o.OwnerCode = "JG1", "CNJG", "HZ"
					o.CancelReason, o.ExtendProps = "two words & more", map[string]string{"k": "v w"}
				}))
				require.Equal(t, done, result.GetDisposition(), result.GetVendorMessage())
				truth, err := wms.Truth(created.Key)
				require.NoError(t, err)
				require.Equal(t, "two words & more", truth.Arrivals[0].CancelReason)
				require.Equal(t, map[string]string{"k": "v w"}, truth.Arrivals[0].ExtendProps)
			})
		}
	}
}

// Chinese, blanks, line ends, escapes and full-width blanks arrive as they were written, under a signature that the
// sandbox computes on its own.
func TestSandboxReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	wms := newSandbox(t, behaviour.Personality{})
	_, client := start(t, sandboxConfig(wms.BaseURL()))
	for i, reason := range []string{"金蝶 作废", "a\r\nb\tc", "A&B <x> ]]> \"'", "全角　空格\u00a0", "😀", ""} {
		key := create(t, wms, fmt.Sprintf("ZZCX%d", i), warehouse.StateApproved)
		result := cancelOne(t, client, order(1, coded(key.OrderCode), func(o *wmsv1.Order) {
			o.CancelReason, o.ExtendProps = reason, map[string]string{"note": reason}
		}))
		require.Equal(t, done, result.GetDisposition(), result.GetVendorMessage())
		truth, err := wms.Truth(key)
		require.NoError(t, err)
		require.Equal(t, reason, truth.Arrivals[0].CancelReason)
		require.Equal(t, reason, truth.Arrivals[0].ExtendProps["note"])
	}
}

// Under random faults every answer fits the sandbox's truth: what is said to be cancelled is, what is said to have not
// been sent never arrived, and nothing arrived twice.
func TestStoryFitsTheTruthUnderChaos(t *testing.T) {
	t.Parallel()
	wms := newSandbox(t, behaviour.Personality{Chaos: map[behaviour.FaultKind]float64{
		"commit_then_drop": 0.05, "drop_before_commit": 0.05, "commit_then_cut": 0.05, "bad_gateway": 0.05,
		"declared_gbk": 0.05, "no_flag": 0.05, "msg_element": 0.05, "db_error": 0.05,
	}})
	cfg := sandboxConfig(wms.URL())
	unlimited, inFlight := 0.0, 32
	cfg.Accounts[0].Rate, cfg.Accounts[0].Concurrency = &unlimited, &inFlight
	_, client := start(t, cfg)
	const orders = 1000
	keys := make([]warehouse.Key, orders)
	for i := range keys {
		keys[i] = create(t, wms, fmt.Sprintf("ZZCX%d", i), warehouse.StateApproved)
	}
	stream, _ := open(t, t.Context(), client)
	var sender sync.WaitGroup
	sender.Go(func() {
		for i, key := range keys {
			if stream.Send(&wmsv1.CancelOrdersRequest{Order: order(int64(i+1), coded(key.OrderCode))}) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	})
	came := map[wmsv1.Disposition]int{}
	for range orders {
		frame, err := stream.Recv()
		require.NoError(t, err)
		result := frame.GetResult()
		came[result.GetDisposition()]++
		truth, err := wms.Truth(keys[result.GetCancellationId()-1])
		require.NoError(t, err)
		require.LessOrEqual(t, truth.Requests, 1)
		switch result.GetDisposition() {
		case done:
			require.Equal(t, 1, truth.Effects)
		case notSent:
			require.Zero(t, truth.Requests)
		case rejected:
			require.Zero(t, truth.Effects)
		default:
			require.Equal(t, unknown, result.GetDisposition())
		}
	}
	sender.Wait()
	require.Greater(t, came[done], orders/2)
	require.Positive(t, came[unknown])
	require.Positive(t, came[rejected])
}

func TestSandboxCheckConnection(t *testing.T) {
	t.Parallel()
	wms := newSandbox(t, behaviour.Personality{})
	for name, c := range map[string]struct {
		spoil func(*wmssvc.Account)
		want  wmsv1.Disposition
	}{
		"all is well":    {func(*wmssvc.Account) {}, notFound},
		"a wrong secret": {func(a *wmssvc.Account) { a.AppSecret = "x" }, auth},
		"nobody there":   {func(a *wmssvc.Account) { a.URL = "http://127.0.0.1:1" }, notSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := sandboxConfig(wms.URL())
			c.spoil(&cfg.Accounts[0])
			_, client := start(t, cfg)
			response, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
			require.NoError(t, err)
			require.Equal(t, c.want, response.GetDisposition(), response.GetVendorMessage())
		})
	}
}

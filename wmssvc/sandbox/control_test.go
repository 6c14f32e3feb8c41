package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestControlRunsAnOrdersWholeLife(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var o warehouse.Order
	require.Equal(t, 200, b.control("POST", "/control/orders",
		`{"warehouse_code":"CK001","order_code":"ZZCX1","order_type":"QTRK","owner_code":"HZ01","state":"pending"}`,
		&o))
	require.Equal(t, warehouse.StatePending, o.State)
	require.Equal(t, "testsid", o.SID)
	require.NotEmpty(t, o.WMSOrderID)

	for _, state := range []string{"approved", "作业中", "partly_received", "done"} {
		require.Equal(t, 200, b.control("POST", "/control/orders/state",
			`{"warehouse_code":"CK001","order_code":"ZZCX1","order_type":"QTRK","state":"`+state+`","note":"n"}`, &o))
	}
	require.Equal(t, warehouse.StateDone, o.State)
	require.Len(t, o.History, 5)

	var problem map[string]string
	move := `{"warehouse_code":"CK001","order_code":"ZZCX1","order_type":"QTRK","state":"approved"`
	require.Equal(t, 409, b.control("POST", "/control/orders/state", move+`}`, &problem))
	require.Contains(t, problem["error"], "已完成")
	require.Equal(t, 200, b.control("POST", "/control/orders/state", move+`,"force":true}`, &o))

	require.Equal(t, "success", b.cancel(o.Key).Flag)
	var page warehouse.TruthPage
	require.Equal(t, 200, b.control("GET", "/control/truth?order_code=ZZCX1&effective=true", "", &page))
	require.Len(t, page.Truths, 1)
	require.Empty(t, cmp.Diff(b.truth(o.Key), page.Truths[0]))
}

func TestControlRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.order("ZZCX1", warehouse.StateApproved)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/control/orders", `{"warehouse_code":"CK001","order_code":"ZZCX1",` +
			`"order_type":"QTRK"}`, 409, "already exists"},
		{"POST", "/control/orders", `{"warehouse_code":"CK001","order_code":"ZZCX2",` +
			`"order_type":"NONE"}`, 400, "order_type"},
		{"POST", "/control/orders", `{"order_code":"ZZCX2","order_type":"QTRK"}`, 400, "warehouse_code"},
		{
			"POST", "/control/orders", `{"warehouse_code":"CK001","order_code":"ZZCX2","order_type":"QTRK","sid":"x"}`,
			400, "sid",
		},
		{"POST", "/control/orders", `{"warehouseCode":"CK001"}`, 400, "warehouseCode"},
		{"POST", "/control/orders", `{} {}`, 400, "more than one"},
		{"POST", "/control/orders/state", `{"warehouse_code":"CK001","order_code":"NONE","order_type":"QTRK",` +
			`"state":"done"}`, 404, "no such order"},
		{"POST", "/control/orders/state", `{"warehouse_code":"CK001","order_code":"ZZCX1",` +
			`"order_type":"QTRK"}`, 400, "state"},
		{"POST", "/control/orders/state", `{"warehouse_code":"CK001","order_code":"ZZCX1","order_type":"QTRK",` +
			`"state":"gone"}`, 400, "待审核"},
		{"GET", "/control/orders?colour=red", "", 400, "colour"},
		{"GET", "/control/orders?page_size=100000", "", 400, "page_size"},
		{"GET", "/control/orders?page_token=x", "", 400, "page_token"},
		{"GET", "/control/orders?state=gone", "", 400, "state"},
		{"PUT", "/control/personality", `{"match":"loosely"}`, 400, "loosely"},
		{"PUT", "/control/personality", `{"chaos":{"nonsense":0.5}}`, 400, "nonsense"},
		{"POST", "/control/faults", `{"kind":"nonsense"}`, 400, "nonsense"},
		{"POST", "/control/faults", `{"kind":"slow","delay_ms":999999}`, 400, "delay_ms"},
	} {
		t.Run(c.path+" "+c.body, func(t *testing.T) {
			var problem map[string]string
			require.Equal(t, c.status, b.control(c.method, c.path, c.body, &problem))
			require.Contains(t, problem["error"], c.says)
		})
	}
	t.Run("a web page of another origin", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.BaseURL()+"/control/reset", nil)
		require.NoError(t, err)
		req.Header.Set("Origin", "https://elsewhere.example")
		resp, err := b.client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 403, resp.StatusCode)
		require.Equal(t, int64(1), b.Status().Orders)
	})
}

func TestBulkAndPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var many struct {
		Orders []warehouse.Order `json:"orders"`
	}
	for i := range 250 {
		many.Orders = append(many.Orders, warehouse.Order{Key: key(fmt.Sprintf("ZZCX%03d", i))})
	}
	many.Orders = append(many.Orders, many.Orders[7])
	body, err := json.Marshal(many)
	require.NoError(t, err)
	var result warehouse.BulkResult
	require.Equal(t, 200, b.control("POST", "/control/orders/bulk", string(body), &result))
	require.Equal(t, 250, result.Created)
	require.Len(t, result.Problems, 1)
	require.Equal(t, 250, result.Problems[0].Index)

	b.cancel(key("ZZCX010"))
	b.cancel(key("NOWHERE"))
	seen := map[string]bool{}
	token, pages := "", 0
	for {
		var page warehouse.OrderPage
		require.Equal(t, 200, b.control("GET", "/control/orders?page_size=60&state=已审核&page_token="+token, "", &page))
		for _, o := range page.Orders {
			require.False(t, seen[o.OrderCode])
			seen[o.OrderCode] = true
		}
		pages++
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	require.Len(t, seen, 249)
	require.Equal(t, 5, pages)

	walked := 0
	for truth := range b.EachTruth(warehouse.Filter{WarehouseCode: "CK001"}) {
		walked++
		require.Equal(t, truth.Requests > 0, truth.OrderCode == "ZZCX010" || truth.OrderCode == "NOWHERE")
	}
	require.Equal(t, 251, walked)

	var truths warehouse.TruthPage
	b.control("GET", "/control/truth?requested=true", "", &truths)
	require.Len(t, truths.Truths, 2)
	b.control("GET", "/control/truth?unknown=1", "", &truths)
	require.Len(t, truths.Truths, 1)
	require.Equal(t, "NOWHERE", truths.Truths[0].OrderCode)
}

func TestPersonalityFaultsStatusAndResetOverControl(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var p behaviour.Personality
	require.Equal(t, 200, b.control("GET", "/control/personality", "", &p))
	require.Empty(t, cmp.Diff(behaviour.DefaultPersonality(), p))
	b.control("PATCH", "/control/personality", `{"repeat_cancel":"success","chaos":{"race":0.1}}`, &p)
	b.control("PATCH", "/control/personality", `{"success_code":"0000"}`, &p)
	require.Equal(t, "success", p.RepeatCancel)
	require.Equal(t, "0000", p.SuccessCode)
	require.Equal(t, 0.1, p.Chaos["race"])
	b.control("PUT", "/control/personality", `{"text_element":"msg"}`, &p)
	require.Equal(t, "failure", p.RepeatCancel)

	k := b.order("ZZCX1", warehouse.StateApproved)
	got := b.cancel(k)
	require.NotNil(t, got.Msg)
	require.Nil(t, got.Message)

	require.Equal(t, 200,
		b.control("POST", "/control/faults", `{"kind":"commit_then_drop","order_code":"ZZCX1","times":3}`, nil))
	require.Equal(t, 3, b.Faults()[0].Times)
	require.Equal(t, 200, b.control("DELETE", "/control/faults", "", nil))
	require.Empty(t, b.Faults())

	q := b.wdtQuery(bodyA)
	q.Set("sign", "wrong")
	_, err := b.post(b.URL(), q, bodyA)
	require.NoError(t, err)
	var status sandbox.Status
	b.control("GET", "/control/status", "", &status)
	require.Equal(t, "wms", status.Sandbox)
	require.Equal(t, b.URL(), status.URL)
	require.Equal(t, [4]int64{1, 1, 1, 1}, [4]int64{status.Orders, status.Cancels, status.Effects, status.Rejected})
	require.Equal(t, 1, status.States[warehouse.StateCancelled])
	var rejected struct {
		Count      int64
		Rejections []warehouse.Rejection
	}
	b.control("GET", "/control/rejections", "", &rejected)
	require.Equal(t, "sign-check-failure", rejected.Rejections[0].Code)

	require.Equal(t, 200, b.control("POST", "/control/reset", "", nil))
	require.Empty(t, cmp.Diff(behaviour.DefaultPersonality(), b.Personality()))
	require.Zero(t, b.Status().Orders)
	_, err = b.Truth(k)
	require.ErrorIs(t, err, warehouse.ErrNotFound)
}

func TestANumberLivesAgainOnlyByPersonality(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.order("ZZCX1", warehouse.StateApproved)
	b.cancel(k)
	_, err := b.CreateOrder(warehouse.Order{Key: k})
	require.ErrorIs(t, err, warehouse.ErrConflict)

	require.NoError(t, b.SetPersonality(behaviour.Personality{RecreateCancelled: true}))
	o, err := b.CreateOrder(warehouse.Order{Key: k})
	require.NoError(t, err)
	require.Equal(t, 2, o.Life)
	require.Equal(t, "success", b.cancel(k).Flag)
	truth := b.truth(k)
	require.Equal(t, 2, truth.Effects)
	require.Equal(t, []int{1, 2}, []int{truth.Arrivals[0].Life, truth.Arrivals[1].Life})
	require.Equal(t, int64(1), b.Status().Orders)
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	cfg := config(&clock{})
	text := fmt.Sprintf("%v %+v %#v", cfg.Accounts, cfg.Accounts, cfg.Accounts)
	asJSON, err := json.Marshal(cfg.Accounts)
	require.NoError(t, err)
	require.NotContains(t, text+string(asJSON), secret)
}

func TestWrongSettingsAreReportedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := sandbox.Start(t.Context(), sandbox.Config{
		Addr:        "nonsense",
		Accounts:    []warehouse.Account{{SID: "a"}, {SID: "a", AppKey: "k", Secret: "s"}},
		Personality: behaviour.Personality{Match: "loosely", LatencyMS: -1},
	})
	require.Error(t, err)
	for _, part := range []string{"addr", "account 0", "account 1", "match", "latency_ms"} {
		require.True(t, strings.Contains(err.Error(), part), part)
	}
}

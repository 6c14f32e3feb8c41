package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
)

// control makes one call of the control API and reads its answer into v.
func (b *bundle) control(method, path, body string, status int, v any) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method,
		b.server.URL()+"/control/"+path, strings.NewReader(body))
	require.NoError(b, err)
	response, err := b.client.Do(request)
	require.NoError(b, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	require.Equal(b, status, response.StatusCode, string(text))
	require.Equal(b, sandbox.SandboxName, response.Header.Get(sandbox.SandboxHeader))
	if v != nil {
		require.NoError(b, json.Unmarshal(text, v), string(text))
	}
}

func TestABillsLifeOverTheControlAPI(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var bill books.Bill
	b.control("POST", "bills", `{"affair_type":"Dassembly","stock_org":"100","note":"拆套",`+
		`"lines":[{"material":"CP.TZ.010","qty":"2","stock":"CK001","components":[{"material":"WL.SP.103","qty":"2",`+
		`"stock":"CK003"}]}]}`, 200, &bill)
	require.Equal(t, "ZZCX000101", bill.BillNo)
	b.control("POST", "bills/ZZCX000101/approve", "", 200, &bill)
	require.True(t, bill.Live())
	b.control("POST", "bills/100003/unaudit", `{"remark":"数量有误"}`, 200, &bill)
	b.control("POST", "bills/ZZCX000101/edit", `{"component_stock":"CK004"}`, 200, &bill)
	require.Equal(t, "CK004", bill.Lines[0].Components[0].Stock)
	b.control("POST", "bills/ZZCX000101/void", "", 200, &bill)
	require.Equal(t, books.Voided, bill.CancelStatus)
	b.control("POST", "bills/ZZCX000101/restore", "", 200, &bill)
	b.control("POST", "bills/ZZCX000101/approve", "", 200, &bill)
	b.control("POST", "bills/ZZCX000101/cancel", "", 200, &bill)
	require.Equal(t, "D B", bill.DocumentStatus+" "+bill.CancelStatus)
	b.control("GET", "bills/ZZCX000101", "", 200, &bill)

	var bills []books.Bill
	b.control("GET", "bills?cancel_status=B", "", 200, &bills)
	require.Len(t, bills, 1)
	b.control("GET", "bills?status=C", "", 200, &bills)
	require.Empty(t, bills)

	var orders []books.Order
	b.control("GET", "orders", "", 200, &orders)
	require.Len(t, orders, 2)
	require.Equal(t, []string{"CK003", "CK004"}, []string{orders[0].Stock, orders[1].Stock})
	var history []books.BillTruth
	b.control("GET", "truth/ZZCX000101", "", 200, &history)
	require.Equal(t, "数量有误", history[0].Events[3].Remark)
	var truth books.Truth
	b.control("GET", "truth", "", 200, &truth)
	require.Equal(t, []int64{100003}, truth.VoidedIDs)
}

func TestTheServersOwnSwitchesOverTheControlAPI(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	b.control("PUT", "personality", `{"void_keeps_modify_date":true}`, 200, nil)
	b.control("PUT", "personality", `{"max_limit":1}`, 200, nil)
	p := b.server.Personality()
	require.True(t, p.VoidKeepsModifyDate && p.MaxLimit == 1, "switches that are not named stay")
	b.control("POST", "faults", `{"shape":"F1","msg_code":14,"count":2}`, 200, nil)
	require.Len(t, b.server.Faults(), 1)
	b.control("POST", "damage", `{"bill":"A","missing_cells":1}`, 200, nil)
	b.control("DELETE", "faults", "", 200, nil)
	require.Empty(t, b.server.Faults())
	var sessions struct {
		Open  int            `json:"open"`
		Calls map[string]int `json:"calls"`
	}
	b.control("GET", "sessions", "", 200, &sessions)
	require.Equal(t, 1, sessions.Open)
	require.Equal(t, map[string]int{"validateuser": 1}, sessions.Calls)
	b.control("POST", "sessions/expire", "", 200, nil)
	require.Zero(t, b.server.Sessions())

	var made struct {
		Count   int      `json:"count"`
		BillNos []string `json:"bill_nos"`
	}
	b.control("POST", "bulk", `{"count":10000,"prefix":"PF","stocks":["CK001","CK002"]}`, 200, &made)
	require.Len(t, made.BillNos, 10000)
	b.control("POST", "bulk/void", `{"prefix":"PF"}`, 200, &made)
	require.Equal(t, 10000, made.Count)
	require.Len(t, b.server.Truth().VoidedIDs, 10000)
	b.control("POST", "reset", `{"seed":7}`, 200, nil)
	require.NotEmpty(t, b.server.AuditedOrders())
	b.control("POST", "reset", "", 200, nil)
	require.Empty(t, b.server.Bills())
}

func TestControlErrorsArePlain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.audited("A")
	fails := func(method, path, body string, status int, text string) {
		t.Helper()
		var answer struct{ Error string }
		b.control(method, path, body, status, &answer)
		require.Contains(t, answer.Error, text)
	}
	fails("GET", "bills/NOPE", "", 404, "no such bill")
	fails("POST", "bills/A/void", "", 409, "un-audited first")
	fails("POST", "bills/A/explode", "", 400, `unknown action "explode"`)
	fails("POST", "bills", `{"bill_no":"A"}`, 409, "taken")
	fails("POST", "bills", `{"affair_type":"Disassembly"}`, 400, "affair_type")
	fails("POST", "bills", `{"colour":"red"}`, 400, "unknown field")
	fails("POST", "bills", `{`, 400, "bad request")
	fails("POST", "bulk", `{"count":0}`, 400, "count")
	fails("POST", "bulk/void", `{}`, 400, "prefix")
	fails("POST", "faults", `{}`, 400, "must be set")
	fails("POST", "damage", `{"bill":"NOPE"}`, 404, "no such bill")
	fails("POST", "sample-day/99", "", 400, "step")
	fails("GET", "nothing", "", 404, "GET /control/ lists them")
	fails("DELETE", "bills", "", 404, "DELETE /control/bills")
	b.control("GET", "", "", 200, nil)
}

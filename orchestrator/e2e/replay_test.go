package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/apitest"
)

// A scheme's next mapping is tried on what is stored: it says what would differ, and neither the ledger nor the WMS
// learns of it.
func TestAMappingIsTriedOnStoredBills(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.audited("A2", "CK002")
	s.run()
	before := s.count(`select count(*) from cancellation_now`) + s.count(`select count(*) from scheme_revision`)
	diff := func(order map[string]any) (reply struct {
		Differences []struct {
			BillNo        string
			Before, After struct{ WarehouseCode string }
		}
		Bills, OrdersSame, NextPageToken string
	}) {
		body, err := json.Marshal(order)
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"http://"+s.orchestrator.HTTPAddr()+"/v1/schemes/assembly-void:diffBills", bytes.NewReader(body))
		require.NoError(t, err)
		answer, err := apitest.Client(t).Do(request)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		require.Equal(t, 200, answer.StatusCode)
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&reply))
		return reply
	}
	next := strings.ReplaceAll(string(scheme.ShippedDocument()), "WH-HZ01", "WH-NEW1")
	differ, pages, token := []string{}, 0, ""
	for {
		reply := diff(map[string]any{"document": next, "pageSize": 1, "pageToken": token})
		for _, d := range reply.Differences {
			require.Equal(t, []string{"WH-HZ01", "WH-NEW1"}, []string{d.Before.WarehouseCode, d.After.WarehouseCode})
			differ = append(differ, d.BillNo)
		}
		pages++
		if token = reply.NextPageToken; token == "" {
			break
		}
	}
	require.Contains(t, differ, "A1")
	require.NotContains(t, differ, "A2")
	require.Greater(t, pages, 1, "a bill to a page")

	same := diff(map[string]any{"revision": 1})
	require.Empty(t, same.Differences, "the present revision is like itself")
	require.Equal(t, before,
		s.count(`select count(*) from cancellation_now`)+s.count(`select count(*) from scheme_revision`))
	require.Equal(t, 400, s.post("/v1/schemes/assembly-void:diffBills", `{"document": "schemes: []"}`))
	require.Equal(t, 404, s.post("/v1/schemes/assembly-void:diffBills", `{"revision": 9}`))
}

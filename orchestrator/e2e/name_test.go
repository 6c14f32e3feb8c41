package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Staff know a warehouse and an organisation by their names; every answer showed the numbers alone.
func TestWarehousesAndOrganisationsCarryTheirNames(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.scheme = []byte(strings.Replace(string(scheme.ShippedDocument()), "    organisations: []",
			"    organisations: []\n    organisation_names: {\"100\": 云栖贸易}", 1))
	})
	s.audited("A1", "CK001")
	s.run()
	s.void("A1")
	s.run()
	names := func() [3]string {
		var found struct {
			Bills []struct {
				StockOrgNumber, StockOrgName string
				Cancellations                []struct{ WarehouseName string }
			}
		}
		require.Equal(t, 200, s.get("/v1/bills/A1", &found))
		b := found.Bills[0]
		return [3]string{b.StockOrgNumber, b.StockOrgName, b.Cancellations[0].WarehouseName}
	}
	require.Equal(t, [3]string{"100", "云栖贸易", "杭州成品仓"}, names())
	require.Equal(t, 1, s.count(`
select count(*) from reporting.cancellation_outcome where bill_no = 'A1' and warehouse_name = '杭州成品仓'`))
	require.Equal(t, 5, s.count(`select count(*) from reporting.warehouse where warehouse_name <> ''`))
	require.Equal(t, 1, s.count(`select count(*) from reporting.organisation where organisation_name = '云栖贸易'`))

	// The newest revision says what they are called.
	next := strings.Replace(string(s.scheme), "杭州成品仓", "杭州一号仓", 1)
	status, reply := s.call("/v1/schemes:apply", map[string]any{"document": next, "reason": "改名"})
	require.Equal(t, 200, status, reply)
	require.Equal(t, [3]string{"100", "云栖贸易", "杭州一号仓"}, names())
	require.Equal(t, 0, s.count(`select count(*) from run where kind = 'remap'`), "a name is no other order")
}

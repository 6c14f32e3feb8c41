package process

import (
	"context"
	"log/slog"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/serve"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// town is the two sandboxes, the two adapters as processes, and a database; orchestrators come and go.
type town struct {
	t            *testing.T
	vendors      *install.Vendors
	kingdee, wms *install.Process
	database     string
}

// setup starts them; settings are the adapters', beyond those of the sandboxes.
func setup(t *testing.T, settings ...map[string]string) *town {
	t.Helper()
	vendors, err := install.StartVendors(t.Context(),
		install.VendorOptions{Seed: ksample.DefaultSeed, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, vendors.Stop(context.WithoutCancel(t.Context()))) })
	adapters := vendors.Settings()
	for _, more := range settings {
		maps.Copy(adapters, more)
	}
	return &town{
		t: t, vendors: vendors, database: storetest.URL(t),
		kingdee: start(t, install.RoleKingdee, adapters),
		wms:     start(t, install.RoleWMS, adapters),
	}
}

// orchestrate starts an orchestrator, and a client of it.
func (w *town) orchestrate(more map[string]string) (*install.Process, *install.Client) {
	w.t.Helper()
	settings := map[string]string{
		"DATABASE_URL": w.database, "KINGDEESVC_TARGET": w.kingdee.Addrs[0], "WMSSVC_TARGET": w.wms.Addrs[0],
	}
	maps.Copy(settings, more)
	p := start(w.t, install.RoleOrchestrator, settings)
	client, err := install.Dial(p.Addrs[0], serve.DialOptions{})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = client.Close() })
	return p, client
}

// agree expects the ledger and both sandboxes' truths to tell the same story.
func (w *town) agree(client *install.Client) {
	w.t.Helper()
	c, err := install.Compare(w.t.Context(), w.vendors, client)
	require.NoError(w.t, err)
	require.Empty(w.t, c.Disagreements)
}

// theBill is what became of the one bill of that number.
func (w *town) theBill(client *install.Client, number string) *orchestratorv1.Bill {
	w.t.Helper()
	answer, err := client.Bills.GetBill(w.t.Context(), &orchestratorv1.GetBillRequest{BillNo: number})
	require.NoError(w.t, err)
	require.Len(w.t, answer.GetBills(), 1)
	return answer.GetBills()[0]
}

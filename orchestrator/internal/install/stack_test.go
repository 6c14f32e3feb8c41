package install_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

// bundle is a whole installation, with the bills of a seed.
type bundle struct {
	*testing.T
	database *install.Database
	vendors  *install.Vendors
	client   *install.Client
	all      *install.Stack
}

func setup(t *testing.T, seed uint64) *bundle {
	t.Helper()
	ctx, logger := t.Context(), slog.New(slog.DiscardHandler)
	late := func(stop func(context.Context) error) {
		t.Cleanup(func() { require.NoError(t, stop(context.WithoutCancel(ctx))) })
	}
	database, err := install.OpenDatabase(ctx, storetest.URL(t), "", logger)
	require.NoError(t, err)
	late(database.Stop)
	vendors, err := install.StartVendors(ctx, install.VendorOptions{Seed: seed, Logger: logger})
	require.NoError(t, err)
	late(vendors.Stop)
	empty, err := database.Empty(ctx)
	require.NoError(t, err)
	require.True(t, empty)
	opts := install.Options{Getenv: func(string) string { return "" }, Sandboxes: true, FreePorts: true, Logger: logger}
	all, err := install.Start(ctx, opts, database, vendors)
	require.NoError(t, err)
	late(all.Stop)
	client, err := install.Dial(all.Orchestrator.GRPCAddr(), serve.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.Baseline(ctx))
	return &bundle{T: t, database: database, vendors: vendors, client: client, all: all}
}

// audited makes a bill of one line into CK001 and lets it be audited, so that the WMS has its order.
func (b *bundle) audited(number string) warehouse.Key {
	b.Helper()
	line := books.Line{Goods: books.Goods{Material: "CP.TZ.011", Qty: "20", Stock: "CK001"}}
	_, err := b.vendors.Kingdee.Create(b.Context(),
		books.Bill{BillNo: number, AffairType: books.Assembly, StockOrg: "100", Lines: []books.Line{line}})
	require.NoError(b, err)
	_, err = b.vendors.Kingdee.Approve(b.Context(), number)
	require.NoError(b, err)
	return warehouse.Key{SID: wms.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: number, OrderType: "QTRK"}
}

func (b *bundle) void(number string) {
	b.Helper()
	_, err := b.vendors.Kingdee.UnauditAndVoid(b.Context(), number)
	require.NoError(b, err)
}

func (b *bundle) compare() install.Comparison {
	b.Helper()
	c, err := install.Compare(b.Context(), b.vendors, b.client)
	require.NoError(b, err)
	return c
}

func TestCompareSeesWhatIsWrong(t *testing.T) {
	b := setup(t, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	key := b.audited("A1")
	kept := b.audited("A2")
	b.void("A1")
	require.NoError(t, b.client.Settled(ctx))
	empty, err := b.database.Empty(ctx)
	require.NoError(t, err)
	require.False(t, empty)

	c := b.compare()
	require.Empty(t, c.Disagreements)
	require.Equal(t, install.Comparison{Voided: 1, Orders: 1, Effects: 1, Cancellations: 1}, c)

	t.Run("an order that came back to life", func(t *testing.T) {
		_, err := b.vendors.WMS.SetState(warehouse.Move{Key: key, To: warehouse.StateApproved, Force: true})
		require.NoError(t, err)
		c := b.compare()
		require.Len(t, c.Disagreements, 1)
		require.Contains(t, c.Disagreements[0], "the ledger says cancelled, in the WMS it is 已审核")
		_, err = b.vendors.WMS.SetState(warehouse.Move{Key: key, To: warehouse.StateCancelled, Force: true})
		require.NoError(t, err)
	})

	t.Run("a voided bill whose order nobody has settled", func(t *testing.T) {
		require.NoError(t, b.vendors.WMS.AddFaults(wbehaviour.Fault{
			Kind: wbehaviour.FaultDropBeforeCommit, OrderCode: kept.OrderCode, Times: 1000,
		}))
		b.void("A2")
		require.NoError(t, b.client.Run(ctx))
		c := b.compare()
		require.Len(t, c.Disagreements, 1)
		require.Contains(t, c.Disagreements[0],
			"bill A2 is voided, and its order in CK001 is neither cancelled nor in a person's hands")
		b.vendors.WMS.ClearFaults()
		require.NoError(t, b.client.Settled(ctx))
		require.Empty(t, b.compare().Disagreements)
	})
}

var errKilled = errors.New("killed")

// A run that is killed in the middle of the day goes on where it was, and may play a few steps again.
func TestADayGoesOnAfterAKill(t *testing.T) {
	b := setup(t, ksample.DefaultSeed)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	day := install.Day{Vendors: b.vendors, Client: b.client}
	for _, dies := range []int{6, 13} {
		day.Played = func(n int) error {
			if n == dies {
				return errKilled
			}
			return nil
		}
		require.ErrorIs(t, day.Play(ctx, dies/2), errKilled)
	}
	day.Played = nil
	require.NoError(t, day.Play(ctx, 13))
	require.NoError(t, b.client.Settled(ctx))
	require.Empty(t, b.compare().Disagreements)
	require.True(t, b.vendors.Kingdee.BillHistory("ZZCX000161")[0].Voided, "the last step was played")
}

func TestOneRealVendorIsRefused(t *testing.T) {
	for _, name := range []string{"KINGDEE_BASE_URL", "WMS_URL", "WMS_ACCOUNTS_FILE"} {
		_, err := install.RealVendors(func(asked string) string {
			if asked == name {
				return "x"
			}
			return ""
		})
		require.ErrorContains(t, err, "never mixed", name)
	}
}

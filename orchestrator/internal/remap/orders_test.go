package remap_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/remap"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// bench is a scheme on a ledger that its runs and its remaps follow.
type bench struct {
	*runtest.Bench
	remapper *remap.Remapper
}

func setup(t *testing.T) *bench {
	b := &bench{Bench: runtest.New(t)}
	b.Job.Registry = intake.FollowSchemes(ledger.NewSchemes(b.Pool))
	require.NoError(t, b.Job.Registry.Refresh(t.Context()))
	b.remapper = &remap.Remapper{
		Pool: b.Pool, Registry: b.Job.Registry, Logger: slog.New(slog.NewTextHandler(b.Output(), nil)),
	}
	return b
}

// apply applies the shipped scheme with other words at some places, old, new, old, new, and maps anew what that asks
// for.
func (b *bench) apply(orders ledger.Orders, words ...string) {
	b.Helper()
	require.NoError(b, ledger.InTx(b.Context(), b.Pool, func(tx pgx.Tx) error {
		_, fault, err := revision.Apply(b.Context(), tx, ledger.Act{Actor: "wang", Reason: "rain"}, revision.Proposal{
			Document: strings.NewReplacer(words...).Replace(string(scheme.ShippedDocument())), Orders: orders,
		})
		require.NoError(b, fault)
		return err
	}))
	require.NoError(b, b.Job.Registry.Refresh(b.Context()))
	require.NoError(b, b.remapper.Run(b.Context(), queue.RemapArgs{Scheme: name}))
}

// owed are the orders that are owed, each with its bill, its state and what shows that the WMS has it.
func (b *bench) owed() string {
	return b.Text(`
select coalesce(string_agg(bill_no || ' ' || warehouse_code || '/' || order_code || ' ' || state || ' ' || evidence,
       ', ' order by bill_id, order_code), '') from cancellation_now`)
}

// Rule 17 (docs/rules.md): from now on means that orders that are there keep their old names, whenever they are voided,
// and those of bills that are audited later have the new ones.
func TestOrdersFromNowLeaveStoredSnapshotsWithTheirOldOrders(t *testing.T) {
	b := setup(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A2", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.apply(ledger.OrdersFromNow, "code: WH-HZ01", "code: WH-HZ99")
	require.Empty(t, b.Text(`select coalesce(string_agg(kind, ''), '') from run where kind = 'remap'`),
		"nothing that is stored is mapped anew")
	b.Later(time.Minute)
	b.Books.Fresh(3, "A3", "CK001")
	// An old one is un-audited and audited again: its order is made anew.
	b.Books.UnAudit(2)
	b.Run()
	b.Later(time.Minute)
	b.Books.Audit(2)
	b.Run()
	b.Later(time.Minute)
	for id := range int64(3) {
		b.Books.Void(id + 1)
	}
	b.Run()
	require.Equal(t, "A1 WH-HZ01/A1 open snapshot, A2 WH-HZ99/A2 open snapshot, A3 WH-HZ99/A3 open snapshot", b.owed())

	// A correction of the new name leaves the old one alone.
	b.Books.Fresh(4, "A4", "CK001")
	b.Run()
	b.apply(ledger.OrdersCorrected, "code: WH-HZ01", "code: WH-HZ98")
	b.Later(time.Minute)
	b.Books.Void(4)
	b.Run()
	require.Contains(t, b.owed(), "A1 WH-HZ01/A1 open snapshot")
	require.Contains(t, b.owed(), "A4 WH-HZ98/A4 open snapshot")
}

// Rule 17 (docs/rules.md): corrected means that what was stored before is named in the new way when it is owed later.
func TestCorrectedOrdersHoldForStoredSnapshots(t *testing.T) {
	b := setup(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.apply(ledger.OrdersCorrected, "code: WH-HZ01", "code: WH-HZ99")
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "A1 WH-HZ99/A1 open snapshot", b.owed())
}

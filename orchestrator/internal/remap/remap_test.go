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

const name = "assembly-void"

// Rule 17 (docs/rules.md): a revision that changes claims starts a run of kind remap, which maps the stored snapshots
// anew and adds claims; until it has ended the scheme sends nothing.
func TestARevisionThatChangesClaimsSendsNothingUntilItsRemapHasEnded(t *testing.T) {
	b := runtest.New(t)
	shipped := string(scheme.ShippedDocument())
	b.Run()
	for id, no := range []string{"A0", "A1", "A2"} {
		b.Books.Fresh(int64(id+1), no, "CK001")
	}
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(3)
	b.Run()
	claims := func() string {
		return b.Text(`select coalesce(string_agg(bill_id || ' ' || order_code || ' ' || revision, ', '
       order by bill_id, revision), '') from claim join warehouse_order using (order_id) where bill_id < 3`)
	}
	sends := func() bool {
		may, err := b.Store.MaySend(t.Context(), name, "default")
		require.NoError(t, err)
		return may
	}
	apply := func(words ...string) {
		require.NoError(t, ledger.InTx(t.Context(), b.Pool, func(tx pgx.Tx) error {
			wang := ledger.Act{Actor: "wang", Reason: "rain"}
			_, fault, err := revision.Apply(t.Context(), tx, wang, revision.Proposal{
				Document: strings.NewReplacer(words...).Replace(shipped), Orders: ledger.OrdersCorrected,
			})
			require.NoError(t, fault)
			return err
		}))
	}
	require.Equal(t, "1 A0 1, 2 A1 1", claims())
	apply("backoff: 1s", "backoff: 2s")
	require.True(t, sends(), "it changes no claims")

	apply("backoff: 1s", "backoff: 2s", "order_code: bill.number", `order_code: '"X" + bill.number'`,
		"order_code: ZZ", "order_code: XZZ")
	require.False(t, sends())
	require.Equal(t, "running 3", b.Text(`select state || ' ' || revision from run where kind = 'remap'`))
	stopping := make(chan struct{})
	r := &remap.Remapper{Pool: b.Pool, Registry: intake.FollowSchemes(ledger.NewSchemes(b.Pool)),
		Logger: slog.New(slog.NewTextHandler(b.Output(), nil)), Stopping: stopping}
	close(stopping)
	require.NoError(t, r.Run(t.Context(), queue.RemapArgs{Scheme: name}))
	require.False(t, sends(), "the process was asked to end; another goes on")
	r.Stopping = nil
	require.NoError(t, r.Run(t.Context(), queue.RemapArgs{Scheme: name}))
	require.True(t, sends())
	require.Equal(t, "1 A0 1, 1 XA0 3, 2 A1 1, 2 XA1 3", claims(), "it adds claims, and takes none away")
	require.Equal(t, "complete 2", b.Text(`
select state || ' ' || (run_counts ->> 'bills') from run where kind = 'remap'`), "a voided bill claims nothing")
}

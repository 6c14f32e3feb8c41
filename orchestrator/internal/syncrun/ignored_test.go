package syncrun_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// Rule 2 (docs/rules.md, adr/0039): a person said that the order of an un-audited bill is not to be cancelled. It was,
// because another bill of the order was voided after that.
func TestABillWhoseUnAuditAPersonIgnoredKeepsItsOrder(t *testing.T) {
	do := func(b *living, verb ledger.Verb) {
		b.Helper()
		effect, err := b.Acts().Operate(b.Context(), verb, ledger.Act{
			Scheme: "assembly-void", Actor: "li", Reason: "it is only being corrected",
		}, ledger.CancellationFilter{Scheme: "assembly-void", IDs: []int64{1}}, ledger.Bounds{Max: 10})
		require.NoError(b, err)
		require.EqualValues(b, 1, effect.Count)
	}
	setup := func(t *testing.T) *living {
		b := setupSharing(t, runtest.AllTriggers)
		b.Clock = time.Now().Truncate(time.Second)
		b.Books.UnAudit(2)
		b.Run()
		b.passed("unsettled_cancellation", 2)
		b.Later(3 * time.Minute)
		do(b, ledger.Ignore)
		b.Books.Void(1)
		b.Run()
		require.Zero(t, b.send(rule.Cancelled, saidCancelled), "the order stays")
		require.Equal(t, "1 PO-77 withdrawn order_claimed; 2 PO-77 closed ignored", b.standing())
		require.Equal(t, "order_claimed 1 B7", b.items(), "and somebody is told")
		return b
	}
	due := func(b *living) {
		_, err := b.Pool.Exec(b.Context(), `update outcome set due_time = now() where outcome = 'order_claimed'`)
		require.NoError(b, err)
		b.Later(time.Minute)
		b.Run()
		b.Run()
	}
	t.Run("until it is voided, too", func(t *testing.T) {
		b := setup(t)
		due(b)
		require.Equal(t, "1 PO-77 withdrawn order_claimed; 2 PO-77 closed ignored", b.standing())
		b.Books.Void(2)
		due(b)
		require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
		require.Equal(t, "1 PO-77 done cancelled; 2 PO-77 closed ignored", b.standing())
		require.Empty(t, b.items())
	})
	t.Run("until a person retries it", func(t *testing.T) {
		b := setup(t)
		do(b, ledger.Retry)
		due(b)
		require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
		require.Equal(t, "1 PO-77 done cancelled with 2; 2 PO-77 done cancelled", b.standing())
	})
}

package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// claim writes that bill 2 claims the order of bill 1.
func claim(w *writer, tx pgx.Tx) error {
	return ledger.WriteClaims(w.Context(), tx, rowtest.SchemeName, 1, []ledger.BillWrite{{
		After: rule.Known{
			State: rule.State{
				ID: 2, Number: "A1", DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided,
			}, Generation: 1,
		},
		Claims: []ledger.OrderKey{
			{Account: "default", WarehouseCode: "WH1", OrderCode: "A1", OrderType: "QTRK"},
		},
	}})
}

func TestAnOrderThatAnotherBillClaimsIsNotLeased(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A1", Class: "live"})
	require.False(t, w.due("A1")[0].NeedsRead, "a bill of the number that claims nothing is no obstacle")
	require.NoError(t, ledger.InTx(t.Context(), w.pool, func(tx pgx.Tx) error { return claim(w, tx) }))
	require.True(t, w.due("A1")[0].NeedsRead)
	require.Empty(t, w.lease(due))

	w.rows.Exec(`update bill set cancel_status = 'B' where bill_id = 2`)
	require.Len(t, w.lease(due), 1, "a voided bill claims nothing")
}

// Two hosts at the same moment: one commits a snapshot whose order the other is about to send a cancel for.
func TestAClaimAndARequestAtTheSameMomentSeeEachOther(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A1", Class: "live"})
	leased := make(chan []ledger.Due)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		if err := claim(w, tx); err != nil {
			return err
		}
		go func() {
			got, err := w.store.Lease(t.Context(), due, time.Minute)
			if err != nil {
				t.Error(err)
			}
			leased <- got
		}()
		w.eventually(`select count(*) > 0 from pg_locks where not granted`)
		return nil
	}))
	require.Empty(t, <-leased, "the claim was there first, and the request left all the same")

	w.rows.Exec(`delete from claim`)
	var attempts int
	require.Len(t, w.lease(due), 1)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		if err := claim(w, tx); err != nil {
			return err
		}
		return tx.QueryRow(t.Context(), `select count(*) from attempt`).Scan(&attempts)
	}))
	require.Equal(t, 1, attempts, "whoever claims the order afterwards sees the intent")
}

func (w *writer) eventually(sql string) {
	w.Helper()
	require.Eventually(w, func() bool {
		var yes bool
		return w.pool.QueryRow(w.Context(), sql).Scan(&yes) == nil && yes
	}, 20*time.Second, 10*time.Millisecond)
}

// What a scheme owns that nobody has read for long nobody knows: where an order code may be anybody's, nothing leaves.
func TestAnOwnerThatIsNotReadForLongIsKnownByItsAccount(t *testing.T) {
	w := setupWriter(t)
	unread := func(account string) bool {
		yes, err := w.store.OwnersUnread(t.Context(), account)
		require.NoError(t, err)
		return yes
	}
	require.False(t, unread("default"))
	behind := w.rows.Condition(rowtest.Condition{Kind: "reading_behind", Scheme: rowtest.SchemeName})
	require.True(t, unread("default"))
	require.False(t, unread("another"))
	w.rows.EndCondition(behind)
	require.False(t, unread("default"))
}

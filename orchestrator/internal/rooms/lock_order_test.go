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

// A page locks its bills, and then how their cancellations stand. A verification that began at the other end waited for
// the page, which waited for it, until Postgres ended one of them.
func TestARunAndAVerificationLockInOneOrder(t *testing.T) {
	for outcome, locked := range map[rule.Verification]string{
		rule.Holds: "A1", rule.Dwelling: "A1", rule.NoTrigger: "A1", rule.OrderClaimed: "A1", rule.Unread: "A1",
		rule.ClaimUnconfirmed: "B1",
	} {
		t.Run(string(outcome), func(t *testing.T) {
			w := setupWriter(t)
			due := w.owe(1, "A1", "WH1")[0]
			w.owe(2, "B1", "WH2")
			w.rows.Exec(`insert into claim (scheme, bill_id, generation, order_id, revision) values ($1, 2, 1, $2, 1)`,
				rowtest.SchemeName, due.OrderID)
			stored := make(chan error, 1)
			require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), `select from bill where bill_no = $1 for update`, locked)
				require.NoError(t, err)
				go func() {
					stored <- w.store.StoreVerified(t.Context(), rowtest.SchemeName, 1, []ledger.Verified{{
						ID: due.ID, Outcome: outcome, ReadTime: time.Now().Add(time.Second), NotBefore: time.Now(),
						Trigger: rule.TriggerUnAudited, By: rule.Claimant{BillID: 2, Number: "B1"},
					}}, time.Second, rule.UnreadFor)
				}()
				w.untilLocked()
				_, err = tx.Exec(t.Context(), `
select from unsettled_cancellation where cancellation_id = $1 for update nowait`, due.ID)
				return err
			}), "the verification holds what the page asks for next")
			require.NoError(t, <-stored)
		})
	}
}

package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Whoever reads what happened to a bill reads no codes, in either language.
func TestTheHistoryOfABillIsInPlainWordsOfBothLanguages(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Snapshot: true})
	var id int64
	for state, outcomes := range map[string][]string{
		"done": {
			"cancelled", "already_cancelled", "not_found_after_possible_cancel", "marked_done",
		},
		"withdrawn": {
			"no_trigger", "decided anew", "scheme_retired", "order_claimed", "not_asked", "owed", "taken_over",
			"corrected", "not_in_scheme",
		},
		"dry_run": {"dry_run"}, "closed": {"no_order", "nothing_to_cancel", "ignored"},
	} {
		for _, outcome := range outcomes {
			id = w.rows.Cancellation(rowtest.Cancellation{
				BillID: 1, BillNo: "A1", Warehouse: outcome, State: state, Outcome: outcome, Attempt: 1,
			})
			for _, closed := range []string{
				"owed anew", "owed now", "owed for another reason, too", "released", "settled by the WMS",
				"withdrawn: no_trigger", "withdrawn: order_claimed", "withdrawn: not_in_scheme",
				"no trigger holds any longer", "read again",
				"retried by li: again", "marked_done by li: told by phone", "reclassified as too_late by li: so it is",
				"taken over by cancellation 7",
			} {
				w.rows.Work(rowtest.Work{
					Kind: "rejected", BillID: 1, BillNo: "A1", CancellationID: id, Subject: closed, Closed: closed,
				})
			}
		}
	}
	for n, disposition := range []rule.Disposition{
		rule.Cancelled, rule.AlreadyCancelled, rule.InProgress, rule.TooLate, rule.NotFound, rule.Rejected, rule.Auth,
		rule.Throttled, rule.NotSent, rule.Unknown,
	} {
		w.rows.Attempt(rowtest.Attempt{CancellationID: id, Attempt: n + 1, Disposition: string(disposition)})
	}
	w.rows.Exec(`insert into cancellation_hold (cancellation_id, hold_reason, hold_time)
select $1, r, now() + n * interval '1 second'
from unnest('{no_event_time,safety_limit_hour,safety_limit_day,number_reuse_unsaid,many_deleted}'::text[])
    with ordinality as t (r, n)`, id)
	const words = `select coalesce(string_agg(distinct event || ': ' || %s, '; '), '') from reporting.bill_history
where bill_no = 'A1' and event in ('last_read', 'held', 'answer', 'outcome', 'work_item_closed') and %s`
	require.Empty(t, w.text(fmt.Sprintf(words, "detail", `regexp_replace(detail, '：?li: .*$', '') ~ '[A-Za-z_]'`)),
		"codes in the Chinese")
	require.Empty(t, w.text(fmt.Sprintf(words, "detail_en", `detail_en ~ '[a-z]_[a-z]'`)), "codes in the English")
	require.Empty(t, w.text(fmt.Sprintf(words, "event_en", `event_en ~ '[^ -~]'`)), "Chinese in the English")
}

// The order of a bill that is live again was cancelled, as the WMS says, and the scheme says that the WMS takes its
// number again: no work for anybody, but a line of its history.
func TestABillThatIsLiveAgainWhereTheNumberIsTakenAgainIsALineOfItsHistory(t *testing.T) {
	for _, takesAgain := range []bool{true, false} {
		t.Run(fmt.Sprint(takesAgain), func(t *testing.T) {
			w := setupWriter(t)
			w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
			w.rows.Cancellation(rowtest.Cancellation{
				BillID: 1, BillNo: "A1", State: "done", Outcome: "cancelled", Disposition: "cancelled", Attempt: 1,
				Created: rowtest.Now.Add(-2 * time.Hour),
			})
			for range 2 {
				require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
					return ledger.OpenRestored(t.Context(), tx, rowtest.SchemeName, []int64{1}, takesAgain)
				}))
			}
			lines, items := 0, 1
			if takesAgain {
				lines, items = 1, 0
			}
			bills, err := w.store.BillViews(t.Context(), "A1", "")
			require.NoError(t, err)
			found := 0
			for _, h := range bills[0].History {
				if h.Event == "live_again" {
					found++
					require.Contains(t, h.Detail, "A1")
					require.Contains(t, h.DetailEN, "was cancelled before")
				}
			}
			require.Equal(t, lines, found)
			require.Equal(t, items, w.count(`select count(*) from work_item where kind = 'restored_after_cancel'`))
		})
	}
}

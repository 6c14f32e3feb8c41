package backfill_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

func TestAPlanSendsNothingAndChangesNothing(t *testing.T) {
	b := setupFilling(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Books.Live(2, "A2", "CK002")
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Clock = b.Clock.Add(2 * time.Hour)
	before := b.ledgerSum()
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	id := b.order(order)
	require.Equal(t, "planned", b.standingOf(id))
	require.Equal(t, "A1 new Assembly.in WH-HZ01; A2 new Assembly.in WH-YW01", b.items(id))
	require.Equal(t, before, b.ledgerSum())

	b.apply(id)
	require.Equal(t, "complete", b.standingOf(id))
	require.Equal(t, "A1 new Assembly.in WH-HZ01; A2 new Assembly.in WH-YW01", b.items(id))
	require.Equal(t, "2 open", b.Text(`select count(*) || ' ' || min(state) from cancellation_now`))
	require.Equal(t, "2", b.Text(`select count(*)::text from backfill_item where cancellation_id is not null`))

	again := b.order(order)
	require.Equal(t, "A1 already_owed Assembly.in WH-HZ01; A2 already_owed Assembly.in WH-YW01", b.items(again),
		"and what is settled already")
}

func TestAPlanIsRefusedWhereSomethingHasChanged(t *testing.T) {
	b := setupFilling(t)
	for id := int64(1); id <= 6; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	for id := int64(1); id <= 6; id++ {
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	id := b.order(order)

	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED // restored
	b.Books.Void(2)                                                                 // voided anew
	b.Books.Bills[3].ModifyTime = timestamppb.New(b.Clock)                          // edited
	b.Books.Live(99, "A4", "CK001")                                                 // has the number now
	delete(b.Books.Bills, 5)
	before := b.Text(
		`select string_agg(bill_id || class || read_time, ';' order by bill_id) from bill where bill_id < 6`,
	)
	b.apply(id)
	items := b.items(id)
	require.Contains(t, items, "A1 refused Assembly.in WH-HZ01 作废状态 cancel status B → A")
	require.Contains(t, items, "A2 refused Assembly.in WH-HZ01 作废日期 cancel date")
	require.Contains(t, items, "A3 refused Assembly.in WH-HZ01 修改日期 modify date")
	require.Contains(t, items, "A4 refused Assembly.in WH-HZ01 单号已被有效单据使用")
	require.Contains(t, items, "A5 refused Assembly.in WH-HZ01 金蝶已查不到此单")
	require.Contains(t, items, "A6 new Assembly.in WH-HZ01")
	require.Equal(t, "complete 1 5", b.Text(`select state || ' ' || (counts->>'new') || ' ' ||
       (counts->>'refused') from run
join run_backfill using (run_id)`))
	require.Equal(t, "6", b.Text(`select string_agg(bill_id::text, ' ') from cancellation_now`))
	require.Equal(t, before,
		b.Text(`select string_agg(bill_id || class || read_time, ';' order by bill_id) from bill where bill_id < 6`),
		"what was refused is left to the incremental runs, which still see it as changed")
	b.Run()
	require.Equal(t, "2 3 4 6", b.Text(`select string_agg(bill_id::text, ' ' order by bill_id) from cancellation_now`))
}

func TestAPlanIsCappedAndAppliedOnce(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	id := b.order(order)
	act := ledger.Act{Actor: "li", Reason: "as planned", RequestID: "r1"}
	var tooMany *ledger.CapError
	require.ErrorAs(t, b.Acts().ApplyBackfill(t.Context(), act, id, 2), &tooMany)
	require.Equal(t, int64(3), tooMany.Count)
	require.Equal(t, "planned", b.standingOf(id))
	require.NoError(t, b.Acts().ApplyBackfill(t.Context(), act, id, 3))
	require.NoError(t, b.Acts().ApplyBackfill(t.Context(), act, id, 3), "a repeated call")
	var unfit *ledger.StateError
	require.ErrorAs(t, b.Acts().ApplyBackfill(t.Context(), ledger.Act{Actor: "li", Reason: "again"}, id, 0), &unfit)
	b.fill(id)
	require.Equal(t, "3", b.Text(`select count(*)::text from cancellation_now`))
}

func noSuccessor(pgx.Tx) error { return nil }

func TestAPlanOfAnotherRevisionIsRefusedWholeWhereItsRequestsWouldDiffer(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	same, other := b.order(order), b.order(order)
	b.Load("h2")
	_, err := b.Pool.Exec(t.Context(),
		`update backfill_item set cancel_reason = 'as it was' where run_id = $1 and bill_id = 3`, other)
	require.NoError(t, err)
	b.apply(other)
	require.Equal(t, "failed", b.standingOf(other))
	require.Contains(t, b.Text(`select string_agg(error, '') from run join run_backfill using (run_id)`),
		"under revision 2 the request of bill A3 would differ: Assembly.in cancel_reason: as it was →")
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`), "not even those that agree")
	b.apply(same)
	require.Equal(t, "complete", b.standingOf(same))
	require.Equal(t, "3", b.Text(`select count(*)::text from cancellation_now`))
}

func TestAKilledApplyGoesOnAndOwesOnce(t *testing.T) {
	b := setupFilling(t)
	b.Run()
	for id := int64(1); id <= 450; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Void(id)
	}
	b.Clock = b.Clock.Add(2 * time.Hour)
	order := b.since(12 * time.Hour)
	order.PlanOnly = true
	id := b.order(order)
	vendor := &runtest.Tiring{Books: b.Books, Left: 1}
	b.Job.Kingdee = vendor
	b.apply(id)
	require.Equal(t, "applying 199",
		b.Text(`select state || ' ' || cursor_id from run join run_backfill using (run_id)`))
	_, err := b.Pool.Exec(t.Context(), `update run_backfill set not_before = now() - interval '1 day'`)
	require.NoError(t, err)
	vendor.Left = 100
	b.fill(id)
	require.Equal(t, "complete 450", b.Text(`select state || ' ' ||
       (coalesce((counts->>'new')::int, 0) + (counts->>'held')::int) from run
join run_backfill using (run_id)`))
	require.Equal(t, "450", b.Text(`select count(*)::text from cancellation_now`))
}

package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestATimeOutIsProbedAndCancelsOnce(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: wbehaviour.FaultCommitThenDrop, OrderCode: "A1"}))
	s.void("A1")
	s.settle()
	truth := s.truth("WH-HZ01", "A1")
	require.Equal(t, 1, truth.Effects)
	require.Equal(t, 2, truth.Requests)
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 1, s.count(`select count(*) from attempt where attempt = 1 and disposition = 'unknown'`))
}

func TestARestoreWhileTheWMSIsAwaySendsNothingLater(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	stop := s.wmsAway()
	s.void("A1")
	s.until("the cancellation is open",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'open'`) == 1 })
	_, err := s.kingdee.Restore(t.Context(), "A1")
	require.NoError(t, err)
	s.run()
	stop()
	s.settle()
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where state = 'withdrawn'`))
	require.Zero(t, s.truth("WH-HZ01", "A1").Effects)
	require.Equal(t, "无需取消", s.verdict("A1"))
}

func TestABillLiveAgainAfterItsCancelIsForAPerson(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.void("A1")
	s.settle()
	for _, action := range []books.Action{books.ActionRestore, books.ActionSubmit, books.ActionAudit} {
		_, err := s.kingdee.Do(t.Context(), "A1", action, books.Edit{}, "")
		require.NoError(t, err)
	}
	s.until("a work item", func() bool {
		return s.count(
			`select count(*) from work_item where kind = 'restored_after_cancel' and close_time is null`,
		) == 1
	})
	require.Equal(t, "需人工", s.verdict("A1"))
}

func TestVoidRestoreAuditVoidOwesTwice(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.void("A1")
	s.settle()
	for _, action := range []books.Action{books.ActionRestore, books.ActionSubmit, books.ActionAudit} {
		_, err := s.kingdee.Do(t.Context(), "A1", action, books.Edit{}, "")
		require.NoError(t, err)
	}
	s.run()
	s.void("A1")
	s.settle()
	require.Equal(t, 2, s.count(`select count(distinct generation) from cancellation_now where bill_no = 'A1'`))
}

func TestAVoidedDraftOwesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	_, err := s.kingdee.Create(t.Context(), bill("A1", "CK001"))
	require.NoError(t, err)
	_, err = s.kingdee.Void(t.Context(), "A1")
	require.NoError(t, err)
	s.until("it is known", func() bool { return s.verdict("A1") == "无需取消" })
	require.Zero(t, s.count(`select count(*) from cancellation_now`))
}

func TestABillThatCannotBeReadStopsOnlyItself(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.audited("A2", "CK002")
	require.NoError(t, s.kingdee.Damage(kbehaviour.Damage{Bill: "A1", NullFields: []string{"FAffairType"}}))
	s.void("A1")
	s.void("A2")
	s.until("the other is cancelled", func() bool { return s.verdict("A2") == "已取消" })
	require.Equal(t, "需人工", s.verdict("A1"))
	require.Zero(t, s.truth("WH-HZ01", "A1").Requests)

	require.NoError(t, s.kingdee.Damage(kbehaviour.Damage{Bill: "A1"}))
	s.until("it is read again and cancelled", func() bool { return s.verdict("A1") == "已取消" })
}

func TestSafetyLimitsHoldUntilAPersonReleases(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = withSafetyLimit(2) })
	for _, no := range []string{"A1", "A2", "A3"} {
		s.audited(no, "CK001")
	}
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), []string{"A1", "A2", "A3"}))
	s.until("all are held",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'held'`) == 3 })
	require.Equal(t, "需人工", s.verdict("A1"))
	code := s.post("/v1/cancellations:release",
		`{"filter": {"scheme": "assembly-void", "holdReason": "safety_limit_hour"}, "reason": "checked with the `+
			`warehouse"}`)
	require.Equal(t, http.StatusOK, code)
	s.settle()
	require.Equal(t, 3, s.count(`select count(*) from cancellation_now where state = 'done'`))
	require.Equal(t, 1, s.count(`select count(*) from operator_action where verb = 'release'`))
}

func TestASchemeInDryRunSendsNothingAndNeverWhatItDecided(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.audited("A2", "CK001")
	s.run()
	require.Equal(t, http.StatusOK,
		s.post("/v1/schemes/assembly-void:setMode", `{"mode": "SCHEME_MODE_DRY_RUN", "reason": "stocktaking"}`))
	s.void("A1")
	s.until("it is a dry run",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'dry_run'`) == 1 })
	require.Equal(t, http.StatusOK,
		s.post("/v1/schemes/assembly-void:setMode", `{"mode": "SCHEME_MODE_SEND", "reason": "done"}`))
	s.void("A2")
	s.until("the later one is cancelled", func() bool { return s.verdict("A2") == "已取消" })
	require.Zero(t, s.truth("WH-HZ01", "A1").Requests)
	require.Equal(t, "需人工", s.verdict("A1"))
}

// A person has looked at what was decided in dry run, and wants it sent: what was restored meanwhile is not.
func TestWhatWasDecidedInDryRunIsSentWhenAPersonSaysSo(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, no := range []string{"A1", "A2"} {
		s.audited(no, "CK001")
	}
	s.run()
	require.Equal(t, http.StatusOK,
		s.post("/v1/schemes/assembly-void:setMode", `{"mode": "SCHEME_MODE_DRY_RUN", "reason": "stocktaking"}`))
	s.void("A1")
	s.void("A2")
	s.until("both are dry runs",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'dry_run'`) == 2 })
	_, err := s.kingdee.Do(t.Context(), "A2", books.ActionRestore, books.Edit{}, "")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, s.post("/v1/schemes/assembly-void:setMode",
		`{"mode": "SCHEME_MODE_DRY_RUN", "includeDryRun": true, "reason": "x"}`))
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void:setMode",
		`{"mode": "SCHEME_MODE_SEND", "includeDryRun": true, "reason": "all of them are meant"}`))
	s.until("it is cancelled", func() bool { return s.verdict("A1") == "已取消" })
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Effects)
	require.Zero(t, s.truth("WH-HZ01", "A2").Requests)
}

func TestALoginToOtherBooksStopsTheScheme(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = withDataCenter("another-dc") })
	s.until("the scheme stops", func() bool {
		return s.count(
			`select count(*) from condition where reason = 'DATA_CENTER_DIFFERS' and end_time is null`,
		) == 1
	})
	require.Zero(t, s.count(`select count(*) from bill`))
}

func TestKingdeeAwayIsRecordedAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.run()
	require.NoError(t, s.kingdee.AddFault(kbehaviour.Fault{Status: http.StatusBadGateway, Count: 8}))
	s.void("A1")
	s.until("the failure is recorded", func() bool { return s.count(`select count(*) from run_failure`) == 1 })
	s.until("it is cancelled all the same", func() bool { return s.verdict("A1") == "已取消" })
	s.until("the failure is gone", func() bool { return s.count(`select count(*) from run_failure`) == 0 })
}

func TestAnOrderThatComesAfterItsVoidIsStillCancelled(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.noOrders = true
	s.audited("A1", "CK001")
	s.void("A1")
	s.until("the WMS does not know it",
		func() bool { return s.count(`select count(*) from attempt where disposition = 'not_found'`) > 0 })
	_, err := s.wms.CreateOrder(warehouse.Order{
		Key: warehouse.Key{WarehouseCode: "WH-HZ01", OrderCode: "A1", OrderType: "QTRK"},
	})
	require.NoError(t, err)
	s.settle()
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Effects)
}

func TestAPickedOrderIsTooLate(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	_, err := s.wms.SetState(warehouse.Move{
		Key: warehouse.Key{WarehouseCode: "WH-HZ01", OrderCode: "A1", OrderType: "QTRK"}, To: warehouse.StateDone,
		Force: true,
	})
	require.NoError(t, err)
	s.void("A1")
	s.until("the verdict", func() bool { return s.verdict("A1") == "来不及" })
	require.Equal(t, 1, s.count(`select count(*) from work_item where kind = 'too_late' and close_time is null`))
}

func TestANumberGivenToALiveBillIsNotCancelled(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A1", "CK001")
	s.run()
	stop := s.wmsAway()
	s.void("A1")
	s.until("the cancellation is open",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'open'`) == 1 })
	_, err := s.kingdee.Delete(t.Context(), "A1")
	if err != nil {
		_, err = s.kingdee.Do(t.Context(), "A1", books.ActionRestore, books.Edit{}, "")
		require.NoError(t, err)
		_, err = s.kingdee.Delete(t.Context(), "A1")
		require.NoError(t, err)
	}
	s.audited("A1", "CK001")
	s.run()
	stop()
	s.until("the cancellation's bill was read again", func() bool {
		return s.count(
			`select count(*) from cancellation_now where unread_since is not null or state = 'withdrawn'`,
		) == 1
	})
	require.Zero(t, s.truth("WH-HZ01", "A1").Requests, "the number belongs to a live bill now")
}

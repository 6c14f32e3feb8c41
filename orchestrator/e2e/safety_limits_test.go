package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// another starts one more orchestrator on the same database.
func (s *stack) another() {
	s.Helper()
	first := s.orchestrator
	s.startOrchestrator()
	s.orchestrator = first
}

// many audits n bills and answers their numbers.
func (s *stack) many(prefix string, n int) []string {
	s.Helper()
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("%s%03d", prefix, i)
		s.audited(numbers[i], "CK001")
	}
	return numbers
}

func TestStopAllIsHeardWithinASecondByEveryOrchestrator(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = withSafetyLimit(1000) })
	s.another()
	first, second := s.many("A", 200), s.many("B", 200)
	s.run()
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{LatencyMS: 300}))
	require.NoError(t, s.kingdee.VoidMany(t.Context(), first))
	s.until("the first are being sent", func() bool { return s.count(`select count(*) from attempt`) > 0 })
	require.NoError(t, s.kingdee.VoidMany(t.Context(), second))
	s.until("the WMS was asked for some",
		func() bool { return s.count(`select count(*) from attempt where result_time is not null`) > 20 })
	require.Equal(t, http.StatusOK, s.post("/v1/schemes:stopAll", `{"reason": "wrong warehouse"}`))
	heard := time.Now()
	s.until("what was in flight has ended", func() bool {
		return s.count(`select count(*) from cancellation_now where lease_until is not null`) == 0
	})
	s.until("all are decided", func() bool {
		return s.count(`select count(*) from cancellation_now where state in ('open', 'done')`) == 400
	})
	s.run()
	require.Positive(t, s.count(`select count(*) from cancellation_now where state = 'open'`),
		"something was left to stop")
	require.Zero(t, s.count(`select count(*) from attempt where intent_time > $1`, heard))
	for order := range s.wms.EachTruth(warehouse.Filter{}) {
		for _, arrival := range order.Arrivals {
			require.False(t, arrival.At.After(heard.Add(time.Second)), order.OrderCode)
		}
	}

	require.Equal(t, http.StatusOK, s.post("/v1/schemes:resumeAll", `{"reason": "checked"}`))
	s.settle()
	require.Equal(t, 400, s.count(`select count(*) from cancellation_now where state = 'done'`))
}

// Where an account is slow, most of what was handed over waits for its turn in wmssvc: that is called back.
func TestStopAllCallsBackWhatWaitsForItsPace(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.wmsRate = "0.5" })
	numbers := s.many("A", 6)
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers))
	s.until("one has reached the WMS", func() bool { return s.arrivals() > 0 })
	s.until("others wait",
		func() bool { return s.count(`select count(*) from cancellation_now where lease_until is not null`) > 1 })
	require.Equal(t, http.StatusOK, s.post("/v1/schemes:stopAll", `{"reason": "wrong warehouse"}`))
	arrived := s.arrivals()
	s.until("all are answered", func() bool {
		return s.count(`select count(*) from cancellation_now where lease_until is not null`) == 0
	})
	require.Equal(t, arrived, s.arrivals())
	require.Positive(t,
		s.count(`select count(*) from attempt where disposition = 'not_sent' and detail like '%said stop%'`))
}

// arrivals is how many requests the WMS has met.
func (s *stack) arrivals() (n int) {
	s.Helper()
	for order := range s.wms.EachTruth(warehouse.Filter{}) {
		if order.WarehouseCode != "VOIDRELAY-CHECK" {
			n += len(order.Arrivals)
		}
	}
	return n
}

// A pause, and going back to dry run, in the middle of a batch: what was in flight is answered, nothing begins any
// more.
func TestPauseAndDryRunInTheMiddleOfABatch(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme, s.wmsRate = withSafetyLimit(1000), "20" })
	numbers := s.many("A", 120)
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers))
	done := func() int { return s.count(`select count(*) from cancellation_now where state = 'done'`) }
	s.until("some are done", func() bool { return done() > 5 })
	s.halt("pause", `{"reason": "stocktaking"}`)
	paused := done()
	require.Less(t, paused, 120, "something was left to stop")
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void:resume", `{"reason": "done"}`))
	s.until("more are done", func() bool { return done() > paused+5 })
	s.halt("setMode", `{"mode": "SCHEME_MODE_DRY_RUN", "reason": "something is wrong"}`)
	require.Less(t, done(), 120, "something was left to stop")
	asked := s.count(`select count(*) from attempt`)
	require.Equal(t, http.StatusOK,
		s.post("/v1/schemes/assembly-void:setMode", `{"mode": "SCHEME_MODE_SEND", "reason": "mended"}`))
	s.settle()
	require.Equal(t, asked, s.count(`select count(*) from attempt`), "what was decided before is not sent")
	require.Equal(t, 120-done(), s.count(`select count(*) from cancellation_now where state = 'dry_run'`))
	require.Equal(t, done(), s.arrivals(), "each was asked for once")
}

// halt stops sending and waits until everything that was leased is answered: no intent is younger than the stop, and
// none is unknown.
func (s *stack) halt(verb, body string) {
	s.Helper()
	require.Equal(s, http.StatusOK, s.post("/v1/schemes/assembly-void:"+verb, body))
	heard := time.Now()
	s.until("what was in flight has ended", func() bool {
		return s.count(`select count(*) from cancellation_now where lease_until is not null`) == 0
	})
	s.run()
	require.Zero(s, s.count(`select count(*) from attempt where intent_time > $1`, heard))
	require.Zero(s, s.count(`select count(*) from attempt where disposition in ('', 'unknown')`))
}

func TestWhatIsRestoredWhilePausedIsNotSentAfterwards(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("A001", "CK001")
	s.audited("A002", "CK001")
	s.run()
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void:pause", `{"reason": "stocktaking"}`))
	s.void("A001")
	s.void("A002")
	s.until("both are owed",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'open'`) == 2 })
	_, err := s.kingdee.Restore(t.Context(), "A001")
	require.NoError(t, err)
	s.until("one is owed no longer",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'withdrawn'`) == 1 })
	require.Zero(t, s.count(`select count(*) from attempt`))
	require.Equal(t, http.StatusOK, s.post("/v1/schemes/assembly-void:resume", `{"reason": "done"}`))
	s.settle()
	require.Empty(t, s.truth("WH-HZ01", "A001").Arrivals)
	require.Len(t, s.truth("WH-HZ01", "A002").Arrivals, 1)
}

func TestASuspectedMappingPausesSendingAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.noOrders = true
	numbers := s.many("A", 6)
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers))
	s.until("sending is paused", func() bool {
		return s.count(`select count(*) from condition where kind = 'mapping_suspected' and end_time is null`) == 1
	})
	require.Equal(t, 1, s.count(`select count(*) from condition where kind = 'mapping_suspected' and detail like `+
		`'%A00% QTRK @ WH-HZ01%'`))
	asked := s.count(`select count(*) from attempt`)
	_, err := s.kingdee.Restore(t.Context(), "A003")
	require.NoError(t, err)
	s.until("it is withdrawn while sending is paused",
		func() bool { return s.count(`select count(*) from cancellation_now where state = 'withdrawn'`) == 1 })
	require.Equal(t, asked, s.count(`select count(*) from attempt`))
	require.Equal(t, http.StatusOK,
		s.post("/v1/schemes/assembly-void:resume", `{"reason": "the orders are made late today"}`))
	s.until("it is asked again", func() bool { return s.count(`select count(*) from attempt`) > asked })
}

func TestARefusedAccountPausesOnceAndRecoversByItself(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	numbers := s.many("A", 10)
	s.run()
	addr := s.wms.Addr()
	require.NoError(t, s.wms.Stop(t.Context()))
	s.startWMSWith(addr, "another secret")
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers))
	s.until("the account is refused", func() bool {
		return s.count(`select count(*) from condition where kind = 'account_refused' and end_time is null`) == 1
	})
	s.run()
	require.Equal(t, 10, s.count(`select count(*) from cancellation_now where state = 'open'`),
		"nobody waits for a person for it")
	var scheme struct {
		Conditions []struct{ Kind, Account string }
	}
	require.Equal(t, http.StatusOK, s.get("/v1/schemes/assembly-void", &scheme))
	require.Len(t, scheme.Conditions, 1)
	require.Equal(t, "account_refused default", scheme.Conditions[0].Kind+" "+scheme.Conditions[0].Account)

	s.wmsAway()()
	_, err := s.pool.Exec(t.Context(), `update condition set probe_time = now() where end_time is null`)
	require.NoError(t, err)
	s.settle()
	require.Equal(t, 10, s.count(`select count(*) from cancellation_now where state = 'done'`))
	require.Zero(t, s.count(`select count(*) from work_item where close_time is null`))
}

func TestOneRefusedOrderStopsOnlyItself(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	numbers := s.many("A", 3)
	s.run()
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: "sub_code", OrderCode: "A001", Times: 20}))
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers))
	s.until("it waits for a person", func() bool {
		return s.count(`select count(*) from work_item where kind = 'wms_auth_order' and bill_no = 'A001' and `+
			`close_time is null`) == 1
	})
	s.settle()
	require.Equal(t, "需人工", s.verdict("A001"))
	require.Equal(t, "已取消", s.verdict("A000"))
	require.Equal(t, "已取消", s.verdict("A002"))
	require.Zero(t, s.count(`select count(*) from condition`))
}

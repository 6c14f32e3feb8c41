package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// conditions are the kinds of the open conditions that REST lists.
func (s *stack) conditions() (kinds []string) {
	s.Helper()
	var answer struct{ Conditions []struct{ Kind string } }
	s.get("/v1/conditions", &answer)
	for _, c := range answer.Conditions {
		kinds = append(kinds, c.Kind)
	}
	return kinds
}

// The failure: a proxy in front of a WMS that was away answered for it for half an hour, every cancellation was given
// to a person, and stayed so when the WMS was back. Here time goes sixty times as fast.
func TestAWMSBehindAProxyThatAnswersForItParksNobodyAndAllSettlesAfterwards(t *testing.T) {
	for _, front := range []string{"bad_gateway", "unavailable", "maintenance", "redirect", "nobody"} {
		t.Run(front, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			const bills = 30
			for i := range bills {
				s.audited(fmt.Sprintf("A%02d", i), "CK001")
			}
			s.run()
			back := func() { require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{})) }
			if front == "nobody" {
				back = s.wmsAway()
			} else {
				require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{Front: front}))
			}
			s.void("A00")
			s.until("the condition, after one order alone", func() bool {
				return len(s.conditions()) == 1 && s.conditions()[0] == "wms_away"
			})
			for i := 1; i < bills; i++ {
				s.void(fmt.Sprintf("A%02d", i))
			}
			s.until("all are open", func() bool {
				return s.count(`select count(*) from cancellation_now where state = 'open'`) == bills
			})
			// The answers to those that were on their way are written.
			s.until("nothing in flight", func() bool {
				return s.count(`select count(*) from attempt where disposition = ''`) == 0
			})
			attempts := s.count(`select count(*) from attempt`)
			const written = `
select count(*) from unsettled_cancellation where update_time > now() - interval '12 seconds'`
			s.rest(15 * time.Second) // more than the cap of unknown outcomes takes here
			require.Equal(t, attempts, s.count(`select count(*) from attempt`), "nobody is tried")
			require.Zero(t, s.count(written), "who waits writes nothing")
			require.Zero(t, s.count(`select count(*) from work_item`))
			require.Equal(t, []string{"wms_away"}, s.conditions())

			back()
			s.until("all done", func() bool {
				return s.count(`select count(*) from cancellation_now where state = 'done'`) == bills
			})
			require.Empty(t, s.conditions())
			require.Zero(t, s.count(`select count(*) from work_item`))
			require.Zero(t, s.count(`select count(*) from cancellation_now where inferred`))
			for i := range bills {
				require.Equal(t, 1, s.truth("WH-HZ01", fmt.Sprintf("A%02d", i)).Effects)
			}
			require.Equal(t, 1, s.count(`select count(*) from condition where kind = 'wms_away'`), "one row")
		})
	}
}

// One order at which the WMS breaks each time, among others that are answered.
func TestOnePoisonOrderBlocksNobodyAndReachesAPerson(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = saying("backoff: 1s", "backoff: 300ms") })
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: wbehaviour.FaultBadGateway, OrderCode: "P1", Times: 50}))
	s.audited("P1", "CK001")
	s.void("P1")
	s.until("its first attempt", func() bool { return s.count(`select count(*) from attempt`) > 0 })
	for i := range 5 {
		no := fmt.Sprintf("A%d", i)
		s.audited(no, "CK002")
		s.void(no)
		s.until(no+" is done", func() bool { return s.verdict(no) == "已取消" })
	}
	s.until("a work item", func() bool {
		return s.count(`select count(*) from work_item where kind = 'outcome_unknown' and bill_no = 'P1'`) == 1
	})
	require.Equal(t, 5, s.count(`select count(*) from attempt a join cancellation using (cancellation_id)
where bill_no = 'P1' and a.disposition = 'unknown'`))
	require.Zero(t, s.count(`select count(*) from condition`), "the harmless call was answered each time")
}

// The failure: the request that met the outage first was the last one that its order had, and a person was asked.
func TestAnOrderOneShortOfItsCapIsNotParkedByTheFailureThatBeginsAnOutage(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = saying("backoff: 1s", "backoff: 300ms") })
	require.NoError(t, s.wms.AddFaults(wbehaviour.Fault{Kind: wbehaviour.FaultBadGateway, OrderCode: "P1", Times: 4}))
	s.audited("P1", "CK001")
	s.void("P1")
	s.until("its fourth attempt", func() bool {
		return s.count(`select count(*) from attempt where disposition = 'unknown'`) == 4
	})
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{Front: "bad_gateway"}))
	s.until("the condition", func() bool { return len(s.conditions()) == 1 && s.conditions()[0] == "wms_away" })
	s.until("the answer is written", func() bool {
		return s.count(`select count(*) from attempt where disposition = 'unknown'`) == 5
	})
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where state = 'open'`))
	require.Zero(t, s.count(`select count(*) from work_item`))
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{}))
	s.until("it is done", func() bool { return s.verdict("P1") == "已取消" })
	require.Zero(t, s.count(`select count(*) from work_item`))
}

// The failure: a proxy answered for the WMS, and the "not found" that came afterwards, for a wrong code, was taken for
// what the lost request had done.
func TestNotFoundAfterAProxysPageIsNoCancelledOrder(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.noOrders = true
	s.audited("A1", "CK001")
	s.run()
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{Front: "bad_gateway"}))
	s.void("A1")
	s.until("the condition", func() bool { return len(s.conditions()) == 1 })
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{}))
	s.until("a person is asked", func() bool {
		return s.count(`select count(*) from work_item where kind = 'order_not_found' and close_time is null`) == 1
	})
	require.Zero(t, s.count(`select count(*) from cancellation_now where state = 'done'`))
}

// The failure: an account that asked to be left alone left an attempt for each waiting order in each round, 5,798 in
// 100 seconds.
func TestAThrottledAccountRestsForAsLongAsTheWMSSaysAndWaitingOrdersLeaveNoAttempts(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) { s.scheme = withSafetyLimit(500) })
	const bills = 90
	numbers := make([]string, bills)
	for i := range bills {
		numbers[i] = fmt.Sprintf("A%03d", i)
		s.audited(numbers[i], "CK001")
	}
	s.run()
	require.NoError(t, s.wms.SetPersonality(wbehaviour.Personality{
		Front: wbehaviour.FrontCallLimit, FrontSeconds: 12,
	}))
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers[:50]))
	s.until("the condition", func() bool { return len(s.conditions()) == 1 && s.conditions()[0] == "throttled" })
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers[50:]))
	s.until("all are done", func() bool {
		return s.count(`select count(*) from cancellation_now where state = 'done'`) == bills
	})
	require.Empty(t, s.conditions())
	require.LessOrEqual(t, s.count(`select count(*) from attempt where disposition in ('throttled', 'not_sent')`), 60,
		"those that were on their way, once")
	require.Equal(t, 1, s.count(`select count(*) from condition`))
}

// The failure: the server behind WMS_URL became a real one under a running wmssvc, and what was learned of that stopped
// nobody.
func TestAWMSThatShowsAnotherNatureStopsTheScheme(t *testing.T) {
	t.Parallel()
	var real atomic.Bool
	s := start(t, func(s *stack) {
		address, err := url.Parse(s.wms.URL())
		require.NoError(s, err)
		front := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: address.Scheme, Host: address.Host}) },
			ModifyResponse: func(r *http.Response) error {
				if real.Load() {
					r.Header.Del("X-Voidrelay-Sandbox")
				}
				return nil
			},
		})
		s.Cleanup(front.Close)
		s.wmsFront, s.wmsRate = front.URL+address.Path, "2"
	})
	numbers := s.many("A", 12)
	s.run()
	s.void(numbers[0])
	s.until("it is cancelled", func() bool { return s.verdict(numbers[0]) == "已取消" })
	real.Store(true)
	require.NoError(t, s.kingdee.VoidMany(t.Context(), numbers[1:]))
	s.until("the scheme stops", func() bool {
		return s.count(`select count(*) from condition where reason = 'ENVIRONMENTS_MIXED' and end_time is null`) == 1
	})
	s.until("what was in flight has ended", func() bool {
		return s.count(`select count(*) from cancellation_now where lease_until is not null`) == 0
	})
	asked := s.arrivals()
	require.Less(t, asked, 6, "what was in flight, and no more")
	require.Positive(t, s.count(`select count(*) from cancellation_now where state = 'open'`))
}

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func (s *stack) do(no string, actions ...books.Action) {
	s.Helper()
	for _, action := range actions {
		_, err := s.kingdee.Do(s.Context(), no, action, books.Edit{}, "")
		require.NoError(s, err, action)
	}
}

// cancellations are a bill's, in the order in which they were written: warehouse, state and reasons of each.
func (s *stack) cancellations(no string) string {
	s.Helper()
	var all string
	require.NoError(s, s.pool.QueryRow(s.Context(), `
select coalesce(string_agg(concat_ws(' ', warehouse_code, order_type, state, array_to_string(triggers, '+')),
       '; ' order by cancellation_id), '')
from cancellation_now where bill_no = $1`, no).Scan(&all))
	return all
}

// One stack, one scheme that acts on un-audits and cancels both orders of an assembly; a bill for each order of events.
func TestLivesThatAnUnAuditEnds(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.scheme = saying("triggers: [voided]\n",
			"triggers: [voided, un_audited]\n    un_audited: {dwell: 6s}\n    number_reuse: same\n",
			"      Dassembly.in:\n        lines: components\n", "      Assembly.out:\n        lines: components\n"+
				"        order_code: bill.number\n        order_type: QTCK\n      Dassembly.in:\n"+
				"        lines: components\n")
	})
	both := bill("MOVED", "CK001")
	both.Lines[0].Components = []books.Component{{Goods: books.Goods{Material: "WL.SP.103", Qty: "2", Stock: "CK003"}}}
	_, err := s.kingdee.Create(t.Context(), both)
	require.NoError(t, err)
	_, err = s.kingdee.Approve(t.Context(), "MOVED")
	require.NoError(t, err)
	for _, no := range []string{"UNAUDITED", "AGAIN", "LATE"} {
		s.audited(no, "CK001")
	}
	_, err = s.kingdee.Create(t.Context(), bill("DRAFT", "CK001"))
	require.NoError(t, err)
	s.run()

	// Audited for WH-HZ01, un-audited, moved to WH-YW01, voided within the dwell: one cancellation an order, two
	// reasons, to where the order stands.
	s.do("MOVED", books.ActionUnaudit)
	s.do("AGAIN", books.ActionUnaudit)
	s.do("UNAUDITED", books.ActionUnaudit)
	s.do("LATE", books.ActionUnaudit)
	s.do("DRAFT", books.ActionVoid)
	s.until("all are owed", func() bool { return s.count(`select count(distinct bill_id) from cancellation_now`) == 4 })
	s.do("AGAIN", books.ActionSubmit, books.ActionAudit)
	_, err = s.kingdee.Edit(t.Context(), "MOVED", books.Edit{Stock: "CK002"})
	require.NoError(t, err)
	s.do("MOVED", books.ActionVoid)
	s.until("the void is heard", func() bool { return strings.Contains(s.cancellations("MOVED"), "un_audited+voided") })
	s.settle()
	require.Equal(t, "WH-HZ01 QTRK done un_audited+voided; WH-JX01 QTCK done un_audited+voided",
		s.cancellations("MOVED"))
	require.Equal(t, 1, s.truth("WH-HZ01", "MOVED").Effects)

	require.Equal(t, "WH-HZ01 QTRK withdrawn un_audited", s.cancellations("AGAIN"))
	require.Zero(t, s.truth("WH-HZ01", "AGAIN").Requests, "it was audited again within the dwell")
	require.Equal(t, "无需取消", s.verdict("AGAIN"))

	require.Equal(t, "WH-HZ01 QTRK done un_audited", s.cancellations("UNAUDITED"))
	require.Equal(t, 1, s.truth("WH-HZ01", "UNAUDITED").Effects)
	require.Zero(t, s.count(`
select count(*) from attempt a join cancellation_now c using (cancellation_id) join bill b using (scheme, bill_id)
where b.bill_no = 'UNAUDITED' and a.intent_time < b.un_audited_since + interval '6 seconds'`),
		"nothing before the dwell is over")
	require.Equal(t, "已取消", s.verdict("UNAUDITED"))

	require.Empty(t, s.cancellations("DRAFT"))
	require.Equal(t, "无需取消", s.verdict("DRAFT"))

	// Audited again after its order was cancelled: its order is made anew, and the scheme says that the WMS takes it.
	s.do("LATE", books.ActionSubmit, books.ActionAudit)
	s.until("it is live again", func() bool {
		return s.count(`select count(*) from bill where bill_no = 'LATE' and class = 'live'`) == 1
	})
	require.Zero(t, s.count(`select count(*) from work_item where kind = 'restored_after_cancel'`))
	s.do("LATE", books.ActionUnaudit, books.ActionVoid)
	s.settle()
	require.Equal(t, "WH-HZ01 QTRK done un_audited; WH-HZ01 QTRK done voided",
		s.cancellations("LATE"), "each life owes its own")
}

// Nobody says that the WMS takes the same number again.
func TestAnUnAuditIsHeldUntilAPersonReleasesIt(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.scheme = saying("triggers: [voided]\n", "triggers: [un_audited]\n    un_audited: {dwell: 1s}\n")
	})
	s.audited("A1", "CK001")
	s.run()
	s.do("A1", books.ActionUnaudit)
	s.until("it is held", func() bool { return s.cancellations("A1") == "WH-HZ01 QTRK held un_audited" })
	require.Equal(t, "需人工", s.verdict("A1"))
	s.run()
	require.Zero(t, s.truth("WH-HZ01", "A1").Requests)
	require.Equal(t, 200, s.post("/v1/cancellations:release",
		`{"filter": {"scheme": "assembly-void", "holdReason": "number_reuse_unsaid"}, "reason": "not audited again"}`))
	s.until("it is cancelled", func() bool { return s.verdict("A1") == "已取消" })
	require.Equal(t, 1, s.truth("WH-HZ01", "A1").Effects)
}

// The sandbox's own field F_PAEZ_PUSHED marks the bills that were pushed to the warehouse.
func TestOnlyBillsThatTheConditionTakesAreCancelled(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.scheme = saying("triggers: [voided]\n", "triggers: [voided]\n    extra_fields: {bill: [F_PAEZ_PUSHED]}\n"+
			"    selector: bill.extra.F_PAEZ_PUSHED == \"true\"\n")
	})
	for no, pushed := range map[string]string{"PUSHED": "true", "NOT": "false", "UNSET": ""} {
		b := bill(no, "CK001")
		if pushed != "" {
			b.Extra = map[string]string{"F_PAEZ_PUSHED": pushed}
		}
		_, err := s.kingdee.Create(t.Context(), b)
		require.NoError(t, err)
		_, err = s.kingdee.Approve(t.Context(), no)
		require.NoError(t, err)
	}
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), []string{"PUSHED", "NOT", "UNSET"}))
	s.until("the pushed one is cancelled", func() bool { return s.verdict("PUSHED") == "已取消" })
	s.settle()
	for _, no := range []string{"NOT", "UNSET"} {
		require.Equal(t, "无需取消", s.verdict(no))
		require.Zero(t, s.truth("WH-HZ01", no).Requests)
	}
	require.Equal(t, 2, s.count(`select count(*) from bill where class = 'not_selected' and class_reason = 'selector'`))
}

func TestAFieldThatThisKingdeeDoesNotHaveStopsTheScheme(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		s.audited("A1", "CK001")
		s.scheme = saying("triggers: [voided]\n",
			"triggers: [voided]\n    extra_fields: {bill: [F_NOPE]}\n    selector: bill.extra.F_NOPE != \"\"\n")
	})
	require.Equal(t, 1,
		s.count(`select count(*) from condition where reason = 'FIELD_UNKNOWN' and detail like '%F_NOPE%'`))
}

// A scheme for organisation 100 is widened to 200, where what happened before is nobody's any longer, and to another
// warehouse, for which bills waited: mapping it plans what waited (rule 17, docs/rules.md), and its work item closes.
func TestWhatIsAddedToASchemeCountsFromThen(t *testing.T) {
	t.Parallel()
	narrow := []string{
		"organisations: []", "organisations: ['100']",
		"      CK002: {account: default, code: WH-YW01, name: 义乌电商仓}", "      # CK002",
	}
	examples := []string{
		"              - {warehouse: CK002, material: CP.LH.001, quantity: \"5\"}\n", "",
		"          - {warehouse_code: WH-YW01, order_code: ZZCX000123, order_type: QTRK}\n", "",
	}
	s := start(t, func(s *stack) { s.scheme = saying(append(narrow, examples...)...) })
	audited := func(no, org, stock string) {
		b := bill(no, stock)
		b.StockOrg = org
		_, err := s.kingdee.Create(t.Context(), b)
		require.NoError(t, err)
		_, err = s.kingdee.Approve(t.Context(), no)
		require.NoError(t, err)
	}
	for _, no := range []string{"200BEFORE", "200AFTER"} {
		audited(no, "200", "CK001")
	}
	audited("100BEFORE", "100", "CK002")
	audited("100AFTER", "100", "CK002")
	audited("100SAME", "100", "CK001")
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), []string{"200BEFORE", "100BEFORE"}))
	s.until("the void is known", func() bool {
		return s.count(`select count(*) from bill where cancel_status = 'B'`) == 2
	})
	require.Equal(t, 1, s.count(`select count(*) from work_item where subject = 'CK002' and close_time is null`))
	// A cutover is 30 s behind Kingdee's clock.
	behind := time.NewTimer(rule.ClockMargin + 2*time.Second)
	select {
	case <-behind.C:
	case <-t.Context().Done():
	}
	s.run()
	s.revise(saying("organisations: []", "organisations: ['100', '200']"))
	require.Equal(t, 2, s.count(
		`select count(*) from scheme_cutover where kind in ('organisation', 'warehouse') and name in ('200', 'CK002')`,
	))
	// Something happens to the bills that were voided before: they are decided again.
	_, err := s.pool.Exec(t.Context(), `update bill set reread_time = now() where cancel_status = 'B'`)
	require.NoError(t, err)
	s.run()
	require.NoError(t, s.kingdee.VoidMany(t.Context(), []string{"200AFTER", "100AFTER", "100SAME"}))
	for _, no := range []string{"200AFTER", "100AFTER", "100SAME", "100BEFORE"} {
		s.until(no+" is cancelled", func() bool { return s.verdict(no) == "已取消" })
	}
	require.Zero(t, s.count(`select count(*) from work_item where subject = 'CK002' and close_time is null`))
	for _, no := range []string{"200BEFORE"} {
		require.Empty(t, s.cancellations(no), no)
		require.Equal(t, 1,
			s.count(`select count(*) from bill where bill_no = $1 and class_reason like 'cutover:%'`, no), no)
	}
	require.Zero(t, s.count(`select count(*) from run join run_reading using (run_id) where state = 'failed'`),
		"every order was accounted for")
	require.Equal(t, 1, s.truth("WH-YW01", "100BEFORE").Requests)
}

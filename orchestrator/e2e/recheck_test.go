package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

// looking makes the shipped scheme act on these triggers, and recheck and reconcile every second.
func looking(triggers string) func(*stack) {
	return func(s *stack) {
		s.scheme = saying("triggers: [voided]\n",
			"triggers: ["+triggers+"]\n    recheck_interval: 1s\n    reconcile_interval: 1s\n    absent_wait: 1s\n")
	}
}

// behave changes how this Kingdee behaves from now on.
func (s *stack) behave(change func(*kbehaviour.Personality)) {
	s.Helper()
	p := s.kingdee.Personality()
	change(&p)
	s.kingdee.SetPersonality(p)
}

// gone waits until the deleted bill of this number is proved gone, by reconcile runs.
func (s *stack) gone(no string) {
	s.Helper()
	s.until(no+" is proved gone", func() bool {
		return s.count(`select count(*) from bill where bill_no = $1 and class = 'deleted'`, no) == 1
	})
}

// suspects is the number of open conditions that say that bills are hidden from us, all or those of an organisation.
func (s *stack) suspects(org string) int {
	s.Helper()
	return s.count(
		`select count(*) from condition where kind = 'permission_suspect' and reason = $1 and end_time is null`, org,
	)
}

// resume is what a person does who has seen to a condition.
func (s *stack) resume() {
	s.Helper()
	require.Equal(s, http.StatusOK, s.post("/v1/schemes/assembly-void:resume", `{"reason": "permissions are right"}`))
}

// A bill is deleted in Kingdee: nothing there tells of it any longer, and its order waits in the warehouse.
func TestADeletedBillsOrderIsCancelledOnceItIsProvedGone(t *testing.T) {
	t.Parallel()
	s := start(t, looking("voided, deleted"))
	for _, no := range []string{"CONTROL", "GONE", "REUSED"} {
		s.audited(no, "CK001")
	}
	s.run()

	s.do("GONE", books.ActionUnaudit, books.ActionDelete)
	s.until("its order is cancelled", func() bool { return s.verdict("GONE") == "已取消" })
	require.Equal(t, "WH-HZ01 QTRK done deleted", s.cancellations("GONE"))
	require.Equal(t, 1, s.truth("WH-HZ01", "GONE").Effects)
	require.Zero(t, s.truth("WH-HZ01", "CONTROL").Requests)
	require.Positive(t,
		s.count(`select bills_gone::int from run join run_comparison using (run_id) where bills_gone > 0 limit 1`),
		"a reconcile run says so")
	var shown struct {
		Runs []struct {
			Comparison struct{ BillsGone string }
		}
	}
	require.Equal(t, http.StatusOK,
		s.get("/v1/schemes/assembly-void/runs?kinds=RUN_KIND_RECONCILE&pageSize=500", &shown))
	found := 0
	for _, reconcile := range shown.Runs {
		if reconcile.Comparison.BillsGone == "1" {
			found++
		}
	}
	require.Equal(t, 1, found, "exactly one of those that are listed")

	// Its number is given to another bill, which is live: the warehouse knows one order of that number.
	s.do("REUSED", books.ActionUnaudit, books.ActionDelete)
	s.audited("REUSED", "CK001")
	s.gone("REUSED")
	s.until("nothing is due of it", func() bool {
		return s.count(
			`select count(*) from cancellation_now where bill_no = 'REUSED' and state in ('planned', 'open')`,
		) == 0
	})
	require.Zero(t, s.truth("WH-HZ01", "REUSED").Requests, "that would cancel the order of the bill that is live")
	s.do("REUSED", books.ActionUnaudit, books.ActionVoid)
	s.until("the void of the later bill is its own", func() bool { return s.truth("WH-HZ01", "REUSED").Effects == 1 })
}

// An administrator takes an organisation away from the user that we log in as: its bills are gone for us, and in truth
// they are live.
func TestBillsOfAnOrganisationThatIsHiddenAreNotTakenForDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, looking("voided, deleted"))
	for no, org := range map[string]string{"OURS": "100", "HIDDEN1": "200", "HIDDEN2": "200"} {
		b := bill(no, "CK001")
		b.StockOrg = org
		_, err := s.kingdee.Create(t.Context(), b)
		require.NoError(t, err)
		_, err = s.kingdee.Approve(t.Context(), no)
		require.NoError(t, err)
	}
	s.run()
	s.behave(func(p *kbehaviour.Personality) { p.HiddenOrgs = []string{"200"} })
	s.until("a person is told", func() bool { return s.suspects("200") == 1 })
	s.void("HIDDEN1")
	s.rest(3 * time.Second)
	require.Zero(t, s.count(`select count(*) from bill where class = 'deleted'`))
	require.Zero(t, s.count(`select count(*) from cancellation_now`))

	s.behave(func(p *kbehaviour.Personality) { p.HiddenOrgs = []string{"100", "200"} })
	s.resume()
	s.until("a person is told that nothing is shown", func() bool { return s.suspects("") == 1 })
	require.Zero(t, s.count(`select count(*) from bill where class = 'deleted'`))

	s.behave(func(p *kbehaviour.Personality) { p.HiddenOrgs = nil })
	s.resume()
	s.until("the void that nobody could see is owed and cancelled",
		func() bool { return s.verdict("HIDDEN1") == "已取消" })
	require.Zero(t, s.suspects("200")+s.suspects(""))
	require.Zero(t, s.truth("WH-HZ01", "HIDDEN2").Requests)
	require.Zero(t, s.truth("WH-HZ01", "OURS").Requests)
}

// reconciles waits until so many more have ended.
func (s *stack) reconciles(more int) {
	s.Helper()
	const ended = `select count(*) from run join run_comparison using (run_id) where kind = 'reconcile'
    and state = 'complete'`
	before := s.count(ended)
	s.until("more reconcile runs", func() bool { return s.count(ended) >= before+more })
}

// Here an un-audit moves no date. The bill was audited long ago, so no run comes by it; only its state tells.
func TestAnUnAuditThatNoDateTellsIsFoundByTheRecheckAndCancelled(t *testing.T) {
	t.Parallel()
	var no, stock string
	s := start(t, func(s *stack) {
		looking("voided, un_audited")(s)
		s.scheme = append(s.scheme, "    un_audited: {dwell: 1s}\n    number_reuse: same\n"...)
		s.behave(func(p *kbehaviour.Personality) { p.UnauditKeepsModifyDate, p.UnauditKeepsApproveDate = true, true })
		require.NoError(s, s.kingdee.Reset(s.Context(), ksample.DefaultSeed))
		no, stock = s.settledLongAgo()
	})
	s.do(no, books.ActionUnaudit)
	s.until("it is cancelled", func() bool { return s.verdict(no) == "已取消" })
	require.Equal(t, 1, s.truth(warehouses[stock], no).Effects)
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where bill_no = $1 and run_id is null`, no),
		"no run found it")
	require.Equal(t, 1, s.count(
		`select count(*) from run join run_comparison using (run_id) where kind = 'recheck' and bills_repaired = 1`,
	), "one round of the recheck did")
}

// A change that is stamped now and committed seconds later, behind the watermark of the runs in between. The scheme
// does not act on deletions: they are known, and that is all.
func TestAVoidThatIsCommittedLateIsCancelledAndADeletionIsOnlyKnown(t *testing.T) {
	t.Parallel()
	s := start(t, looking("voided"))
	for _, no := range []string{"DELAYED", "DELETED", "CONTROL"} {
		s.audited(no, "CK001")
	}
	s.run()
	s.behave(func(p *kbehaviour.Personality) { p.CommitMillis = 4000 })
	s.void("DELAYED")
	s.behave(func(p *kbehaviour.Personality) { p.CommitMillis = 0 })
	s.do("DELETED", books.ActionUnaudit, books.ActionDelete)
	s.until("the late one is cancelled", func() bool { return s.verdict("DELAYED") == "已取消" })
	require.Equal(t, 1, s.truth("WH-HZ01", "DELAYED").Effects)
	s.gone("DELETED")
	require.Equal(t, "无需取消", s.verdict("DELETED"))
	require.Empty(t, s.cancellations("DELETED"))
	require.Zero(t, s.truth("WH-HZ01", "DELETED").Requests)
}

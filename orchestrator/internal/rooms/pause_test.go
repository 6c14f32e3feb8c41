package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// forAll is an act that names no scheme.
func forAll(requestID string) ledger.Act {
	a := act(requestID)
	a.Scheme = ""
	return a
}

func TestPauseAndResumeOfAScheme(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	require.NoError(t, w.acts().Pause(t.Context(), act("p1")))
	require.NoError(t, w.acts().Pause(t.Context(), act("p1")), "the same call again")
	require.Empty(t, w.lease(due))
	view, err := w.store.SchemeView(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Len(t, view.Conditions, 1)
	require.Equal(t, rule.ConditionPaused, view.Conditions[0].Kind)
	require.Equal(t, "方案已由人工暂停发送：li: 试运行结束", view.Conditions[0].Message)
	require.Equal(t, `可以继续时：voidrelay resume "assembly" --reason "……"`, view.Conditions[0].Action)
	require.Equal(t, "running", view.State, "it goes on reading")

	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '23 hours', unread_since = now() - ` +
		`interval '23 hours'`)
	require.NoError(t, w.acts().Resume(t.Context(), act("p2")))
	require.Equal(t, 1,
		w.count(`select count(*) from cancellation_now where unsent_since is null and unread_since is null`),
		"a pause does not count as trying in vain")
	require.Len(t, w.lease(due), 1)
	require.Equal(t, 2,
		w.count(`select count(*) from operator_action where verb in ('pause', 'resume') and actor = 'li'`))
}

func TestStopAllIsOneActWithARecord(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1", "WH2")
	require.Len(t, w.lease(due[:1]), 1)
	since, inFlight, err := w.acts().StopAll(t.Context(), forAll("s1"))
	require.NoError(t, err)
	require.EqualValues(t, 1, inFlight)
	again, inFlight, err := w.acts().StopAll(t.Context(), forAll("s1"))
	require.NoError(t, err)
	require.Equal(t, since, again)
	require.EqualValues(t, 1, inFlight)
	w.rows.Exec(`update condition set since = since - interval '1 hour'`)
	stands, _, err := w.acts().StopAll(t.Context(), forAll("s1b"))
	require.NoError(t, err)
	require.WithinDuration(t, since.Add(-time.Hour), stands,
		time.Second, "who stops again is told since when it stands")
	require.Empty(t, w.lease(due))
	view, err := w.store.SchemeView(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Len(t, view.Conditions, 1)
	require.Equal(t, "已全部停发：li: 试运行结束", view.Conditions[0].Message)
	resumed, err := w.acts().ResumeAll(t.Context(), forAll("s2"))
	require.NoError(t, err)
	require.True(t, resumed)
	require.Len(t, w.lease(due), 1)
	resumed, err = w.acts().ResumeAll(t.Context(), forAll("s3"))
	require.NoError(t, err)
	require.False(t, resumed)
	require.Equal(t, 4, w.count(`select count(*) from operator_action where scheme is null and reason = '试运行结束'`))
}

// minutely is the pace of probes once a minute.
var minutely = ledger.Pace{First: time.Minute, Longest: time.Minute}

func TestARefusedAccountIsOneConditionAndGoesOnByItself(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	refused := ledger.Condition{
		Kind: rule.ConditionAccountRefused, Account: "default", Detail: "sign-check-failure", ProbeAfter: time.Minute,
	}
	var callers errgroup.Group
	for range 4 {
		callers.Go(func() error {
			_, err := w.store.OpenCondition(t.Context(), refused)
			return err
		})
	}
	require.NoError(t, callers.Wait())
	require.Equal(t, 1, w.count(`select count(*) from condition`))
	require.Empty(t, w.lease(due))
	probes := func() []ledger.Condition {
		due, err := w.store.TakeProbes(t.Context(), minutely, rule.ConditionAccountRefused)
		require.NoError(t, err)
		return due
	}
	require.Empty(t, probes(), "not due yet")
	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	found := probes()
	require.Len(t, found, 1, "who resumes need not wait for it")
	require.Equal(t, "default", found[0].Account)
	require.Empty(t, probes(), "one orchestrator takes a probe")

	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '23 hours'`)
	ended, err := w.store.EndCondition(t.Context(), found[0], "the WMS accepts the account again")
	require.NoError(t, err)
	require.True(t, ended)
	require.Equal(t, 1, w.count(`select count(*) from cancellation_now where unsent_since is null`),
		"what waited did not try in vain")
	require.Len(t, w.lease(due), 1)
}

// The failure: a WMS whose clock was an hour off sent people to look for a wrong key.
func TestAnAccountRefusedForItsClockHasItsOwnWords(t *testing.T) {
	w := setupWriter(t)
	_, err := w.store.OpenCondition(t.Context(), ledger.Condition{
		Kind: rule.ConditionAccountClock, Account: "default", Detail: "the WMS's clock is 1h0m0s ahead of ours",
	})
	require.NoError(t, err)
	require.Contains(t, w.text(`select action from reporting.condition where open`), "NTP")
	require.Contains(t, w.text(`select message from reporting.condition where open`), "账号 default")
}

// A kind that the ledger does not have must not be taken for one that is open: nothing would stop.
func TestAConditionThatTheLedgerDoesNotKnowIsAnError(t *testing.T) {
	w := setupWriter(t)
	opened, err := w.store.OpenCondition(t.Context(), ledger.Condition{Kind: "no_such_kind", Account: "default"})
	require.ErrorContains(t, err, "no_such_kind")
	require.False(t, opened)
}

// Flapping is one row: what comes back within ten minutes is the same condition, since when it began first.
func TestAConditionThatReturnsIsTheSameRow(t *testing.T) {
	w := setupWriter(t)
	away := ledger.Condition{Kind: rule.ConditionWMSAway, Account: "default", Detail: "502"}
	toggle := func() {
		_, err := w.store.OpenCondition(t.Context(), away)
		require.NoError(t, err)
		ended, err := w.store.EndCondition(t.Context(), away, "it answers")
		require.NoError(t, err)
		require.True(t, ended)
	}
	toggle()
	w.rows.Exec(`update condition set since = since - interval '5 minutes', end_time = end_time - interval '4 minutes'`)
	toggle()
	toggle()
	require.Equal(t, 1, w.count(`select count(*) from condition
where returns = 2 and since < now() - interval '4 minutes'`))
	w.rows.Exec(`update condition set end_time = end_time - interval '11 minutes'`)
	toggle()
	require.Equal(t, 2, w.count(`select count(*) from condition`))
	ended, err := w.store.EndCondition(t.Context(), away, "again")
	require.NoError(t, err)
	require.False(t, ended)
}

func TestOneRefusedOrderIsGivenToAPersonUnlessItWasTriedSince(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1", "WH2", "WH3"))
	results := make([]ledger.Result, len(leased))
	for i, d := range leased {
		w.result(d, rule.Auth, rule.Next{State: rule.Open})
		results[i] = w.resultOf(d, rule.Auth, rule.Next{})
		results[i].VendorMessage = "权限不足"
	}
	require.Len(t, w.lease(leased[1:2]), 1)
	w.rows.Exec(`update cancellation_now set state = 'withdrawn', outcome = 'no_trigger', outcome_time = now() where `+
		`cancellation_id = $1`, leased[2].ID)
	require.NoError(t, w.store.AskAboutRefused(t.Context(), results))
	require.Equal(t, "needs_attention", w.state(leased[0]))
	require.Equal(t, "open", w.state(leased[1]))
	require.Equal(t, "withdrawn", w.state(leased[2]))
	require.Equal(t, "权限不足",
		w.text(`select detail from work_item where kind = 'wms_auth_order' and close_time is null`))
}

// answers gives each of n new bills this answer, once.
func (w *writer) answers(from, n int, d rule.Disposition) []ledger.Due {
	w.Helper()
	var all []ledger.Due
	for i := from; i < from+n; i++ {
		leased := w.lease(w.owe(int64(i), fmt.Sprintf("A%d", i), "WH1"))
		require.Len(w, leased, 1)
		leased[0].Revision = 1
		w.answer(leased[0], d)
		all = append(all, leased[0])
	}
	return all
}

func (w *writer) answer(d ledger.Due, disposition rule.Disposition) {
	w.Helper()
	r := w.resultOf(d, disposition, rule.Next{State: rule.Open})
	r.Revision, r.Evidence, r.VendorMessage = d.Revision, d.Evidence, "单据不存在"
	require.NoError(w,
		w.store.StoreResults(w.Context(), []ledger.Result{r}, func(_ ledger.Result, err error) { w.Fatal(err) }))
}

func (w *writer) paused() string {
	w.Helper()
	return w.text(`select coalesce(max(kind), '') from condition where end_time is null`)
}

func TestTheFirstAnswersAllBadPauseTheScheme(t *testing.T) {
	w := setupWriter(t)
	first := w.answers(1, 4, rule.NotFound)
	again := first[:1]
	for range 3 {
		// The order may only be on its way: it is asked for again, and that says nothing new of the mapping.
		again = w.lease(again)
		require.Len(t, again, 1)
		w.answer(again[0], rule.NotFound)
	}
	require.Empty(t, w.paused())
	w.answers(5, 1, rule.Rejected)
	require.Equal(t, "mapping_suspected", w.paused())
	detail := w.text(`select detail from condition where kind = 'mapping_suspected'`)
	require.Contains(t, detail, "A1 QTRK @ WH1：单据不存在")
	require.Empty(t, w.lease(first), "nothing is sent")

	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	require.Empty(t, w.paused())
	w.answers(6, 19, rule.NotFound)
	require.Empty(t, w.paused(), "a person has looked: it takes twenty in a row now")
	w.answers(25, 1, rule.NotFound)
	require.Equal(t, "mapping_suspected", w.paused())
}

func TestAGoodAnswerClearsAMappingAndAWeakOneSaysNothing(t *testing.T) {
	w := setupWriter(t)
	w.answers(1, 4, rule.NotFound)
	w.answers(5, 1, rule.Cancelled)
	w.answers(6, 19, rule.NotFound)
	weak := w.lease(w.owe(30, "A30", "WH1"))
	weak[0].Revision, weak[0].Evidence = 1, rule.EvidenceWeak
	w.answer(weak[0], rule.NotFound)
	require.Empty(t, w.paused())
	w.answers(31, 1, rule.TooLate)
	require.Equal(t, 0, w.count(`select bad_in_row from mapping_answers`))
}

// Each revision is judged by its own cancellations: what an earlier mapping got wrong says nothing of the present one.
func TestARevisionIsJudgedByItsOwnCancellations(t *testing.T) {
	w := setupWriter(t)
	w.answers(1, 4, rule.NotFound)
	leased := w.lease(w.owe(5, "A5", "WH1"))
	leased[0].Revision = 2
	w.answer(leased[0], rule.NotFound)
	require.Empty(t, w.paused())
	require.Equal(t, 1, w.count(`select bad_in_row from mapping_answers where revision = 2`))
}

// Two orchestrators store their answers at the same moment: none is lost.
func TestAnswersAreCountedAcrossOrchestrators(t *testing.T) {
	w := setupWriter(t)
	var all []ledger.Due
	for i := range 5 {
		all = append(all, w.lease(w.owe(int64(i+1), fmt.Sprintf("A%d", i), "WH1"))...)
	}
	var group errgroup.Group
	for _, d := range all {
		group.Go(func() error {
			r := w.resultOf(d, rule.NotFound, rule.Next{State: rule.Open})
			r.Revision = 1
			return w.store.StoreResults(t.Context(), []ledger.Result{r}, func(ledger.Result, error) {})
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, "mapping_suspected", w.paused())
	require.Equal(t, 1, w.count(`select count(*) from condition where kind = 'mapping_suspected'`))
}

package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// lived is a bill that is read again and again, as people treat it; minutes after hour 100.
type lived struct {
	*testing.T
	policy rule.Policy
	known  *rule.Known
}

// read decides a read at a minute. What is asked counts as asked.
func (l *lived) read(minute float64, s seen) rule.Decision {
	l.Helper()
	at := h(100).Add(time.Duration(minute * float64(time.Minute)))
	d := rule.Decide(l.policy, l.known, s.bill(), at)
	if d.FirstEnd && s.warehouses[0] != d.After.Snapshot.Lines["products"][0].Warehouse {
		d.MayHaveLived(s.bill())
	}
	after := d.After
	if d.Question != nil {
		after.Doubt.Asked, after.Doubt.Questions = at, d.Question.Number
	}
	l.known = &after
	return d
}

func withUnAudits() rule.Policy {
	p := inbound
	p.Triggers = map[rule.Trigger]rule.Terms{
		rule.TriggerVoided: {}, rule.TriggerUnAudited: {Dwell: 2 * time.Minute},
	}
	return p
}

// Voided, and nothing but the modify date moves: it may have been restored, audited and voided again on the same day,
// where the cancel date has no time of day.
func TestASecondVoidOfTheDayThatMovesNothingButTheModifyDateIsAQuestion(t *testing.T) {
	t.Parallel()
	l := &lived{T: t, policy: inbound}
	l.read(0, live(1, "WH1"))
	first := void("D", 96, "WH1").onlyDate().withModified(100)
	require.Zero(t, l.read(1, first).AskAfter)
	again := first.withModified(100.1)
	d := l.read(6, again)
	require.Nil(t, d.Question)
	require.Equal(t, rule.StoodStill, d.AskAfter, "it may be changed again in a moment")
	require.False(t, d.NewGeneration)
	require.Nil(t, l.read(15, again).Question)
	d = l.read(16, again)
	require.Equal(t, &rule.Question{Number: 1, Since: h(100.1)}, d.Question)
	require.Equal(t, "voided e1 WH1 snapshot/snapshot", told(d), "for the orders of the snapshot")
	d = l.read(17, again)
	require.Nil(t, d.Question)
	require.Zero(t, d.AskAfter, "that was it")
}

// An hour of saved drafts is one question, ten minutes after the last of them; and what is saved after that is asked
// about on another day, and ever more seldom.
func TestADraftThatIsSavedAgainAndAgainIsAskedAboutOnceADay(t *testing.T) {
	t.Parallel()
	l := &lived{T: t, policy: withUnAudits()}
	l.read(0, live(1, "WH1"))
	draft := unAudited("WH1")
	asked := []float64{}
	for minute := 1.0; minute < 60*24*40; minute++ {
		if minute < 60 || int(minute)%(5*60) == 0 {
			draft = draft.withModified(100 + minute/60)
		}
		if l.read(minute, draft).Question != nil {
			asked = append(asked, minute)
		}
	}
	require.Equal(t, []float64{69, 1510, 1510 + 2*24*60, 1510 + 6*24*60, 1510 + 14*24*60, 1510 + 30*24*60}, asked)
}

func TestABillThatIsSeenLiveOrInAnotherGenerationLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]seen{
		"live":                 live(3, "WH1").withModified(101),
		"another approve date": void("D", 96, "WH1").onlyDate().withApproved(3).withModified(101),
		"another cancel date":  void("D", 120, "WH1").onlyDate().withModified(101),
	} {
		l := &lived{T: t, policy: inbound}
		l.read(0, live(1, "WH1"))
		first := void("D", 96, "WH1").onlyDate().withModified(100)
		l.read(1, first.withApproved(1))
		require.Equal(t, rule.StoodStill, l.read(2, first.withApproved(1).withModified(100.1)).AskAfter, name)
		require.Zero(t, l.read(3, last).AskAfter, name)
		require.Nil(t, l.read(30, last).Question, name)
	}
}

// Nobody asks about a draft that was never audited, whoever saves it.
func TestADraftThatWasNeverAuditedIsNoQuestion(t *testing.T) {
	t.Parallel()
	l := &lived{T: t, policy: withUnAudits()}
	l.read(0, draft("WH1").withModified(99))
	require.Zero(t, l.read(1, draft("WH1").withModified(100)).AskAfter)
	require.Nil(t, l.read(30, draft("WH1").withModified(100)).Question)
}

// The un-audit may be no trigger of the scheme, and the bill is voided later: the doubt waits until something calls for
// the orders.
func TestADoubtWaitsForATrigger(t *testing.T) {
	t.Parallel()
	l := &lived{T: t, policy: inbound}
	l.read(0, live(1, "WH1").withModified(99))
	edited := unAudited("WH2").withModified(100)
	require.Zero(t, l.read(1, edited).AskAfter, "nothing calls for its orders")
	d := l.read(60, void("D", 101, "WH3").withModified(101))
	require.Equal(t, rule.StoodStill, d.AskAfter)
	d = l.read(70, void("D", 101, "WH3").withModified(101))
	require.Equal(t, "WH1", d.Orders[0].Warehouse)
	require.Equal(t, []rule.Order{{
		BillKind: "Assembly", Direction: "in", Warehouse: "WH2", Lines: []rule.Line{{Warehouse: "WH2"}},
	}}, d.Question.Orders, "and those of the first read after it was live")
}

// What a bill showed that is gone is all that will ever be known of it.
func TestADoubtAboutABillThatIsGoneIsAskedAbout(t *testing.T) {
	t.Parallel()
	l := &lived{T: t, policy: inbound}
	l.read(0, live(1, "WH1"))
	first := void("D", 96, "WH1").onlyDate().withModified(100)
	l.read(1, first)
	l.read(2, first.withModified(100.1))
	d := rule.DecideGone(l.policy, *l.known, h(101), h(102))
	require.Equal(t, 1, d.Question.Number)
}

func TestAQuestionEndsWithAnyAnswerButThree(t *testing.T) {
	t.Parallel()
	nothing := rule.Next{State: rule.Closed, Outcome: rule.NothingToCancel}
	asked := rule.History{
		Question: true, Evidence: rule.EvidenceSnapshot, CancelledBefore: true, Same: 1, FirstSame: h(1),
	}
	for _, answer := range []rule.Answer{
		{Disposition: rule.AlreadyCancelled}, {Disposition: rule.NotFound}, {Disposition: rule.Rejected},
		{Disposition: rule.Rejected, Recognised: true},
	} {
		require.Equal(t, nothing, rule.DefaultTiming().After(answer, asked, h(1)), "%+v", answer)
	}
	for _, answer := range []rule.Answer{
		{Disposition: rule.Cancelled}, {Disposition: rule.InProgress}, {Disposition: rule.TooLate},
		// No answer of the warehouse at all.
		{Disposition: rule.Unknown}, {Disposition: rule.NotSent}, {Disposition: rule.Throttled},
	} {
		owed := asked
		owed.Question = false
		require.Equal(t, rule.DefaultTiming().After(answer, owed, h(1)),
			rule.DefaultTiming().After(answer, asked, h(1)), "%+v", answer)
	}
}
